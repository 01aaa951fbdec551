// `npm run fuzz -- --minutes N [--seed S]`: compiles the fuzz of src/dns, and runs it with a small heap: what keeps what it was sent ends so.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const here = import.meta.dirname;
// Inside node_modules, so that the packages are found from there.
const out = join(here, 'node_modules', '.cache', 'source-dns-fuzz');
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'package.json'), '{ "type": "module" }\n');
try {
  const project = join(here, 'test', 'dns', 'fuzz', 'tsconfig.json');
  execFileSync(process.execPath, [join(typescript, 'bin', 'tsc'), '--project', project], { stdio: 'inherit' });
} catch (error) {
  process.exit(error.status ?? 1);
}
const run = join(out, 'test', 'dns', 'fuzz', 'run.js');
const result = spawnSync(process.execPath, ['--max-old-space-size=64', run, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(result.status ?? 1);
