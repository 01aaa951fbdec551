// Compiles src/ to an empty dist/, so that no stale file is shipped, and makes the entry point executable.
import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildPage } from './build-page.mjs';

const here = import.meta.dirname;
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
// Another user than the builder runs the program.
process.umask(0o022);
rmSync(join(here, 'dist'), { recursive: true, force: true });
try {
  execFileSync(
    process.execPath,
    [join(typescript, 'bin', 'tsc'), '--project', join(here, 'tsconfig.build.json')],
    { stdio: 'inherit' },
  );
  buildPage(join(here, 'dist'));
} catch (error) {
  process.exit(error.status ?? 1);
}
chmodSync(join(here, 'dist', 'main.js'), 0o755);
