/**
 * `npm run sim -- --seed N`: that world, with its faults and its history; where a promise breaks, first made as short as it goes (`--whole`: not).
 * `npm run sim -- --minutes N [--from SEED]`: one world after the other.
 * `npm run sim -- --check seeds`, `--check mutants [--named TEXT] [--budget SEEDS]`: what `npm test` runs.
 */

import { parseArgs } from 'node:util';
import { thisBuild } from './build.ts';
import { checkMutants, checkSeeds } from './check.ts';
import { report, shrunk, verdictOf } from './report.ts';
import { scriptOf } from './script.ts';
import { runWorld } from './world.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string' },
    from: { type: 'string' },
    whole: { type: 'boolean' },
    check: { type: 'string' },
    named: { type: 'string' },
    budget: { type: 'string' },
  },
});
const builds = [thisBuild] as const;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Of a whole number that was asked for. */
function numberOf(text: string | undefined, otherwise: number): number {
  const number = Number(text ?? otherwise);
  if (Number.isFinite(number) && number >= 0) return number;
  say(`${text} is no number of seeds or minutes`);
  process.exit(2);
}

async function one(seed: number): Promise<void> {
  const script = scriptOf(seed);
  const { broken } = await runWorld(script, { builds });
  const shown = broken === undefined || values.whole ? script : await shrunk(script, builds);
  say(await report(shown, Number.POSITIVE_INFINITY, builds));
  process.exitCode = broken === undefined ? 0 : 1;
}

async function many(minutes: number, from: number): Promise<void> {
  const until = performance.now() + minutes * 60_000;
  let [seed, moves, updates, broken, simulatedMs] = [from, 0, 0, 0, 0];
  for (; performance.now() < until; seed += 1) {
    const outcome = await runWorld(scriptOf(seed), { builds });
    moves += outcome.moves;
    updates += outcome.updates;
    simulatedMs += outcome.at;
    if (outcome.broken === undefined) continue;
    broken += 1;
    say(verdictOf(outcome));
  }
  const hours = (simulatedMs / 3_600_000).toFixed(1);
  say(`seeds ${from} to ${seed - 1}: ${hours} simulated hours, ${moves} moves, ${updates} updates sent, ${broken} with a broken promise`);
  process.exitCode = broken === 0 ? 0 : 1;
}

if (values.check === 'seeds') process.exitCode = (await checkSeeds(say)) ? 0 : 1;
else if (values.check === 'mutants')
  process.exitCode = (await checkMutants(say, values.named, values.budget === undefined ? undefined : numberOf(values.budget, 1))) ? 0 : 1;
else if (values.minutes !== undefined) await many(numberOf(values.minutes, 1), numberOf(values.from, 1));
else await one(numberOf(values.seed, 1));
