// Compiles a program of the tests and runs it: `node test/run-program.mjs FOLDER [NODE-OPTION...] -- [ARGUMENT...]`, with FOLDER below test/.
// The folder has a tsconfig.json, and a run.ts to begin with. What is run by vitest instead is slower, and takes no arguments.
// Types are not checked: that takes five times as long as the rest.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildPage } from '../build-page.mjs';

const root = join(import.meta.dirname, '..');
const [folder, ...rest] = process.argv.slice(2);
const divide = rest.indexOf('--');
const [nodeOptions, programArguments] = [rest.slice(0, divide), rest.slice(divide + 1)];
// Inside node_modules, so that the packages are found from there; of its own, so that several run beside each other.
const out = join(
  root,
  'node_modules',
  '.cache',
  'source-dns',
  `${folder.replaceAll('/', '-')}-${process.pid}`,
);
process.on('exit', () => rmSync(out, { recursive: true, force: true }));
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'package.json'), '{ "type": "module" }\n');
// The lab reads it beside its own code.
symlinkSync(join(root, 'bind-config'), join(out, 'bind-config'));
// The false MySQL server answers with these.
mkdirSync(join(out, 'test', 'support'), { recursive: true });
symlinkSync(join(root, 'test', 'support', 'rows'), join(out, 'test', 'support', 'rows'));
try {
  const compiler = [
    join(typescript, 'bin', 'tsc'),
    '--project',
    join(root, 'test', folder, 'tsconfig.json'),
    '--outDir',
    out,
    '--noCheck',
  ];
  execFileSync(process.execPath, compiler, { stdio: 'inherit' });
  buildPage(join(out, 'src'));
} catch (error) {
  process.exit(error.status ?? 1);
}
const program = spawn(
  process.execPath,
  [...nodeOptions, join(out, 'test', folder, 'run.js'), ...programArguments],
  { stdio: 'inherit' },
);
// The program decides what a signal means: the terminal sends it to both.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => program.kill(signal));
program.on('exit', (code) => process.exit(code ?? 1));
