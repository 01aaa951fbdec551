/**
 * `npm run fuzz -- --minutes N [--seed S]` runs hostile cases for that long. The first failing case is
 * printed, with exit code 1.
 */
import { parseArgs } from 'node:util';
import { seeded } from '../../support/seeded.ts';
import { hostileCase } from './hostile-input.ts';

const reportMs = 10_000;
/** A case takes some milliseconds at most, even on a busy machine. */
const longestCaseMs = 2000;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } },
});
const minutes = Number(values.minutes);
const firstSeed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed);
if (!(minutes > 0) || !Number.isSafeInteger(firstSeed)) {
  process.stderr.write('usage: npm run fuzz -- --minutes N [--seed S]\n');
  process.exit(2);
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const begin = performance.now();
let reportAt = begin + reportMs;
let worst = { stepsAByte: 0, ms: 0 };
say(`seed ${firstSeed}, ${minutes} minutes; case n is seed + n`);
for (let index = 0; ; index++) {
  const caseBegin = performance.now();
  try {
    const { stepsAByte } = hostileCase(seeded(firstSeed + index));
    const ms = performance.now() - caseBegin;
    if (ms > longestCaseMs) throw new Error(`took ${ms} ms`);
    worst = { stepsAByte: Math.max(worst.stepsAByte, stepsAByte), ms: Math.max(worst.ms, ms) };
  } catch (error) {
    say(
      `case ${index}: --seed ${firstSeed + index} begins with it\n${error instanceof Error ? error.stack : String(error)}`,
    );
    process.exit(1);
  }
  const now = performance.now();
  const over = now - begin > minutes * 60_000;
  if (now < reportAt && !over) continue;
  reportAt = now + reportMs;
  const heap = Math.round(process.memoryUsage().heapUsed / 1_048_576);
  say(
    `${index + 1} cases, ${worst.stepsAByte.toFixed(1)} reads a byte and ${worst.ms.toFixed(1)} ms at most, heap ${heap} MB`,
  );
  if (over) break;
}
