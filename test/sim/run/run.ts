/**
 * The command line of the simulator, `npm run sim -- OPTIONS`:
 * * `--seed N`: plays that world, with its faults and its history. Where a promise breaks, the acts that are
 *   not needed are left out first (`--whole`: not).
 * * `--story TEXT [--seed N]`: plays the story with a name that begins so.
 * * `--minutes N [--from SEED]`, `--seeds N [--from SEED] [--jobs N]`: plays one world after the other, and
 *   names each that breaks a promise. With `--story TEXT`: that story with one seed after the other.
 * * `--fences`: old sources are fenced in every world, not only in some.
 * * `--lives`: every world lives for an hour or more, with many incidents and long calm between them. Counts
 *   what happened.
 * * `--check seeds`, `--check mutants [--named TEXT]`: what `npm test` runs. With `--budget SEEDS` a wrong build
 *   that survives the world that is known to catch it is hunted in so many other worlds.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { thisBuild } from '../mutants/build.ts';
import { laterVersion } from '../mutants/later-version.ts';
import { buildVariants } from '../mutants/patched-build.ts';
import { lifeOf } from '../world/life.ts';
import { scriptOf } from '../world/random-script.ts';
import type { Script } from '../world/script.ts';
import { runWorld } from '../world/world.ts';
import { checkMutants, checkSeeds } from './check.ts';
import { stories } from './regressions.ts';
import { report, shrunk, verdictOf } from './report.ts';

const usage = `npm run sim -- OPTIONS
  --seed N [--whole]             play that world; --whole: do not leave acts out
  --story TEXT [--seed N]        play the story with a name that begins so
  --minutes N [--from SEED]      play one world after the other
  --seeds N [--from SEED] [--jobs N] [--story TEXT]
  --fences                       old sources are fenced in every world
  --lives                        every world lives for an hour or more
  --check seeds | mutants [--named TEXT] [--budget SEEDS]
`;

/** The options, or the usage in place of a stack trace. */
function readOptions<Values>(read: () => { readonly values: Values }): Values {
  try {
    return read().values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
}

const values = readOptions(() =>
  parseArgs({
    options: {
      help: { type: 'boolean', short: 'h' },
      seed: { type: 'string' },
      minutes: { type: 'string' },
      seeds: { type: 'string' },
      jobs: { type: 'string' },
      from: { type: 'string' },
      whole: { type: 'boolean' },
      fences: { type: 'boolean' },
      lives: { type: 'boolean' },
      check: { type: 'string' },
      named: { type: 'string' },
      story: { type: 'string' },
      budget: { type: 'string' },
    },
  }),
);
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const builds = { present: thisBuild, later: await buildVariants([laterVersion])(laterVersion) };
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Reads a whole number from an argument. */
function numberOf(text: string | undefined, otherwise: number): number {
  const number = Number(text ?? otherwise);
  if (Number.isFinite(number) && number >= 0) return number;
  say(`${text} is no number of seeds or minutes`);
  process.exit(2);
}

function told(name: string, seed: number): Script {
  const story = stories.find((each) => each.name.startsWith(name) && each.script.seed === seed);
  if (story !== undefined) return story.script;
  say(
    `no story begins with "${name}" and has seed ${seed}; there are: ${[...new Set(stories.map((each) => each.name))].join('; ')}`,
  );
  process.exit(2);
}

function worldOf(seed: number): Script {
  if (values.story !== undefined) return told(values.story, seed);
  return values.lives ? lifeOf(seed, values.fences) : scriptOf(seed, values.fences);
}

async function one(script: Script): Promise<void> {
  const { broken } = await runWorld(script, { builds });
  const shown = broken === undefined || values.whole ? script : await shrunk(script, builds);
  say(await report(shown, Number.POSITIVE_INFINITY, builds));
  process.exitCode = broken === undefined ? 0 : 1;
}

async function many(
  from: number,
  { seeds = Number.POSITIVE_INFINITY, minutes = Number.POSITIVE_INFINITY },
): Promise<void> {
  const until = performance.now() + minutes * 60_000;
  let [seed, moves, updates, fences, broken, simulatedMs, calmMs] = [from, 0, 0, 0, 0, 0, 0];
  const tally = new Map<string, number>();
  for (; seed < from + seeds && performance.now() < until; seed += 1) {
    const script = worldOf(seed);
    const outcome = await runWorld(script, { builds });
    moves += outcome.moves;
    updates += outcome.updates;
    fences += outcome.fences;
    simulatedMs += outcome.at;
    calmMs += calmOf(script, outcome.at);
    for (const [what, times] of outcome.tally) tally.set(what, (tally.get(what) ?? 0) + times);
    if (outcome.broken === undefined) continue;
    broken += 1;
    say(verdictOf(outcome));
  }
  const [hours, calm] = [simulatedMs, calmMs].map((ms) => (ms / 3_600_000).toFixed(1));
  say(
    `seeds ${from} to ${seed - 1}: ${hours} simulated hours (${calm} of calm), ${moves} moves, ${updates} updates sent, ${fences} fences, ${broken} with a broken promise`,
  );
  if (values.lives)
    for (const [what, times] of [...tally].toSorted(([a], [b]) => (a < b ? -1 : 1)))
      say(`  ${times} ${what}`);
  process.exitCode = broken === 0 ? 0 : 1;
}

/** For how long all was settled, in milliseconds until this time. */
function calmOf({ chapters }: Script, until: number): number {
  let [from, calmMs] = [0, 0];
  for (const { settledAt, endAt } of chapters) {
    calmMs += Math.max(0, Math.min(until, from + endAt) - (from + settledAt));
    from += endAt;
  }
  return calmMs;
}

/** Runs so many processes, each with its part of the seeds. */
async function shared(seeds: number, from: number, jobs: number): Promise<void> {
  const each = Math.ceil(seeds / jobs);
  const parts = Array.from(
    { length: jobs },
    (_, index) => [Math.min(each, seeds - index * each), from + index * each] as const,
  );
  const codes = await Promise.all(
    parts
      .filter(([count]) => count > 0)
      .map(async ([count, first]) => {
        const part = [
          '--seeds',
          String(count),
          '--from',
          String(first),
          ...(values.fences ? ['--fences'] : []),
          ...(values.lives ? ['--lives'] : []),
          ...(values.story === undefined ? [] : ['--story', values.story]),
        ];
        const [code] = await once(
          spawn(process.execPath, [...process.execArgv, process.argv[1] as string, ...part], {
            stdio: 'inherit',
          }),
          'exit',
        );
        return code;
      }),
  );
  process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
}

if (values.check === 'seeds') process.exitCode = (await checkSeeds(say, builds)) ? 0 : 1;
else if (values.check === 'mutants')
  process.exitCode = (await checkMutants(
    say,
    builds.later,
    values.named,
    values.budget === undefined ? undefined : numberOf(values.budget, 1),
  ))
    ? 0
    : 1;
else if (values.seeds !== undefined && values.jobs !== undefined)
  await shared(numberOf(values.seeds, 1), numberOf(values.from, 1), numberOf(values.jobs, 1));
else if (values.seeds !== undefined)
  await many(numberOf(values.from, 1), { seeds: numberOf(values.seeds, 1) });
else if (values.minutes !== undefined)
  await many(numberOf(values.from, 1), { minutes: numberOf(values.minutes, 1) });
else await one(worldOf(numberOf(values.seed, 1)));
