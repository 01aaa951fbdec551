// Compiles the script of the status page for browsers, and puts its style sheet beside it, in one file.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const source = join(import.meta.dirname, 'src', 'page', 'browser');
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));

/** `target`: the folder in which the compiled program has `page/`. Throws if the compiler fails. */
export function buildPage(target) {
  const folder = join(target, 'page', 'browser');
  mkdirSync(folder, { recursive: true });
  const compiler = [
    join(typescript, 'bin', 'tsc'),
    '--project',
    join(source, 'tsconfig.json'),
    '--outDir',
    folder,
  ];
  execFileSync(process.execPath, compiler, { stdio: 'inherit' });
  writeFileSync(join(folder, 'page.css'), withImports('page.css'));
}

/** A style sheet with what it imports in its place: a browser asks for one file. */
const withImports = (name) =>
  readFileSync(join(source, name), 'utf8').replace(/@import "(.+)";/g, (_, imported) =>
    withImports(imported),
  );
