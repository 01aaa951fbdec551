// Lays out the npm package of the following pool, from what the compiler made: the entry, and all that it imports. It has the version
// of the daemon's package. lay-out.mjs [DIST] [TARGET]; by default from dist/ to package/ beside this file.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const here = import.meta.dirname;
const root = join(here, '..', '..');
const [dist = join(root, 'dist'), target = join(here, 'package')] = process.argv.slice(2);

rmSync(target, { recursive: true, force: true });
for (const entry of ['client/source-dns-mysql2.js', 'client/source-dns-mysql2.d.ts'])
  for (const path of importedFrom(entry)) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(dist, path), join(target, path));
  }
cpSync(join(here, 'README.md'), join(target, 'README.md'));
cpSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
const { version } = readJson(join(root, 'package.json'));
writeFileSync(
  join(target, 'package.json'),
  `${JSON.stringify({ ...readJson(join(here, 'package.json')), version }, null, 2)}\n`,
);

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** The file and all that it imports, as paths in `dist`. A declaration imports declarations. */
function importedFrom(first) {
  const found = new Set([first]);
  const isDeclaration = first.endsWith('.d.ts');
  for (const path of found)
    for (const [, from] of readFileSync(join(dist, path), 'utf8').matchAll(/ from '(\.[^']+)';/g)) {
      const script = normalize(join(dirname(path), from));
      const next = isDeclaration ? script.replace(/\.(?:js|ts)$/, '.d.ts') : script;
      if (!existsSync(join(dist, next)))
        throw new Error(`${path} imports ${from}, which is not in the package`);
      found.add(next);
    }
  return found;
}
