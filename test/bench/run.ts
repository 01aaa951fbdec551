/**
 * `npm run bench -- [NAME...] [--smoke] [--save]`: runs all benchmarks, or these. `--save` writes the figures to
 * docs/performance/NAME.json. `--tables` runs nothing: it writes the tables of docs/PERFORMANCE.md anew. Exit code 1: a
 * benchmark failed; 2: wrong arguments. A slow result is no failure.
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchmarks } from './benchmarks.ts';
import type { Figure } from './harness/benchmark.ts';
import { isMet, readResults, resultsFolder, shown, targetOf, withTables } from './harness/tables.ts';
import { overview } from './overview.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const { values, positionals } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    tables: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
process.exitCode = await main();

async function main(): Promise<number> {
  if (values.tables) {
    await writeTables();
    return 0;
  }
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

function figureLine(figure: Figure): string {
  const value = `${figure.what}: ${shown(figure).replaceAll('*', '')}`;
  if (figure.target === undefined) return value;
  return `${value} (${targetOf(figure)}${isMet(figure) ? '' : '; NOT MET'})`;
}

async function writeTables(): Promise<void> {
  const file = join(process.cwd(), 'docs', 'PERFORMANCE.md');
  const all = await Promise.all(Object.values(benchmarks).map((load) => load()));
  const contents = { overview, benchmarks: all, results: readResults(process.cwd()) };
  await writeFile(file, withTables(await readFile(file, 'utf8'), contents));
}

async function save(name: string, figures: readonly Figure[]): Promise<void> {
  const folder = join(process.cwd(), resultsFolder);
  await mkdir(folder, { recursive: true });
  const machine = `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}, Linux ${release()}, Node.js ${process.version}`;
  const result = {
    benchmark: name,
    command: `${otherSize()}npm run bench -- ${name}`,
    date: new Date().toISOString(),
    machine,
    figures,
  };
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
  await writeTables();
}

/** A run of another size says so: its figures are worth less, or more. */
function otherSize(): string {
  const names = ['ROUNDS', 'TURNS', 'SOURCE_DNS_CLUSTERS'];
  return names
    .flatMap((name) => (process.env[name] === undefined ? [] : [`${name}=${process.env[name]} `]))
    .join('');
}
