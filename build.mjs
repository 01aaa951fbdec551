// Compiles src/ to an empty dist/, so that no stale file is shipped, and makes the entry point executable. Only the
// library and the pool for clients have type declarations: nobody imports another file of the package. `--noCheck`
// leaves out the check of types, which takes five times as long as the rest.
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildPage } from './build-page.mjs';

const here = import.meta.dirname;
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
// Another user than the builder runs the program.
process.umask(0o022);
const dist = join(here, 'dist');
rmSync(dist, { recursive: true, force: true });
try {
  execFileSync(
    process.execPath,
    [
      join(typescript, 'bin', 'tsc'),
      ...['--project', join(here, 'tsconfig.build.json'), '--declaration'],
      ...process.argv.slice(2),
    ],
    { stdio: 'inherit' },
  );
  buildPage(dist);
} catch (error) {
  process.exit(error.status ?? 1);
}
for (const path of readdirSync(dist, { recursive: true }))
  if (path.endsWith('.d.ts') && !['library', 'client'].includes(dirname(path))) rmSync(join(dist, path));
chmodSync(join(dist, 'main.js'), 0o755);
