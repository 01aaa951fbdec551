/**
 * `npm run fuzz:mysql -- --minutes N [--seed S]`: hostile servers for N minutes. Exit code 1, with the case,
 * at the first failure.
 */
import { parseArgs } from 'node:util';
import { recordOutput } from '../../support/output.ts';
import { runLanes } from './lanes.ts';

const reportMs = 10_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    lanes: { type: 'string', default: '6' },
  },
});
const minutes = Number(values.minutes);
const firstSeed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed);
const lanes = Number(values.lanes);
if (!(minutes > 0) || !Number.isSafeInteger(firstSeed) || !(lanes > 0)) {
  process.stderr.write('usage: npm run fuzz:mysql -- --minutes N [--seed S] [--lanes N]\n');
  process.exit(2);
}

const write = process.stdout.write.bind(process.stdout);
const say = (text: string): void => void write(`${text}\n`);
const output = recordOutput();
const begin = performance.now();
let reportAt = begin + reportMs;
let mostHeap = 0;
/** The memory in use, after a garbage collection where Node allows it. */
const heapMb = (): number => {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / 1_048_576);
};

say(`seed ${firstSeed}, ${minutes} minutes, ${lanes} servers at once; case n is seed + n`);
const { cases, kinds, slowestMs, failed } = await runLanes({
  firstSeed,
  lanes,
  goOn(index) {
    const now = performance.now();
    if (output.said.length > 0) return false;
    if (now >= reportAt) {
      reportAt = now + reportMs;
      mostHeap = Math.max(mostHeap, heapMb());
      say(`${index} cases, heap ${heapMb()} MB`);
    }
    return now - begin < minutes * 60_000;
  },
});
output.stop();
const ends = [...kinds].toSorted((a, b) => b[1] - a[1]).map(([kind, count]) => `${kind} ${count}`);
say(
  `${cases} cases, ${Math.round(slowestMs)} ms the slowest probe, heap ${mostHeap} MB at most; ${ends.join(', ')}`,
);
if (output.said.length > 0) say(`printed, about case ${cases}: ${JSON.stringify(output.said.slice(0, 3))}`);
if (failed !== undefined) {
  const { index, error } = failed;
  say(
    `case ${index}: --lanes 1 --seed ${firstSeed + index} begins with it\n${error instanceof Error ? error.stack : String(error)}`,
  );
}
process.exit(failed !== undefined || output.said.length > 0 ? 1 : 0);
