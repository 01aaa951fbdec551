/**
 * `npm run bench -- [NAME...] [--smoke] [--save]`: runs all benchmarks, or these. `--save` writes the figures to
 * docs/performance/NAME.json. Exit code 1: a benchmark failed; 2: wrong arguments. A slow result is no failure.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchmarks } from './benchmarks.ts';
import type { Figure } from './harness/benchmark.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const { values, positionals } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, save: { type: 'boolean', default: false } },
  allowPositionals: true,
});
process.exitCode = await main();

async function main(): Promise<number> {
  const names = positionals.length > 0 ? positionals : Object.keys(benchmarks);
  const unknown = names.filter((name) => benchmarks[name] === undefined);
  if (unknown.length > 0) {
    process.stderr.write(
      `no benchmark ${unknown.join(', ')}; there are: ${Object.keys(benchmarks).join(', ')}\n`,
    );
    return 2;
  }
  let failed = 0;
  for (const name of names) failed += (await measure(name)) ? 0 : 1;
  return failed > 0 ? 1 : 0;
}

async function measure(name: string): Promise<boolean> {
  const benchmark = await benchmarks[name]?.();
  if (benchmark === undefined) return false;
  say(`\n${benchmark.name}: ${benchmark.title}`);
  try {
    const figures = await benchmark.run({
      scale: values.smoke ? 'smoke' : 'full',
      say: (line) => say(`  ${line}`),
    });
    for (const figure of figures) say(`  ${figureLine(figure)}`);
    if (values.save && !values.smoke) await save(name, figures);
    return true;
  } catch (error) {
    process.stderr.write(`${name} failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    return false;
  }
}

function figureLine({ what, value, unit, target }: Figure): string {
  const shown = `${Number(value.toPrecision(3))} ${unit}`.trim();
  if (target === undefined) return `${what}: ${shown}`;
  const [met, words] =
    'atMost' in target
      ? [value <= target.atMost, `at most ${target.atMost}`]
      : [value >= target.atLeast, `at least ${target.atLeast}`];
  return `${what}: ${shown} (${words}${met ? '' : '; NOT MET'})`;
}

async function save(name: string, figures: readonly Figure[]): Promise<void> {
  const folder = join(process.cwd(), 'docs', 'performance');
  await mkdir(folder, { recursive: true });
  const machine = `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}, Linux ${release()}, Node.js ${process.version}`;
  const result = {
    benchmark: name,
    command: `npm run bench -- ${name}`,
    date: new Date().toISOString(),
    machine,
    figures,
  };
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
}
