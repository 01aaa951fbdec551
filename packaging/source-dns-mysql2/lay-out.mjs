// Lays out the npm package of the following pool in package/, from what the compiler made: the entry, and all that it
// imports. `npm pack ./packaging/source-dns-mysql2/package` packs it.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const here = import.meta.dirname;
const target = join(here, 'package');

const root = join(here, '..', '..');
const dist = join(root, 'dist');

rmSync(target, { recursive: true, force: true });
for (const entry of ['client/source-dns-mysql2.js', 'client/source-dns-mysql2.d.ts'])
  for (const path of importedFrom(entry)) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(dist, path), join(target, path));
  }
for (const name of ['package.json', 'README.md']) cpSync(join(here, name), join(target, name));
cpSync(join(root, 'LICENSE'), join(target, 'LICENSE'));

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
