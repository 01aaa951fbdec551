/**
 * What `npm test` runs: a number of seeds and the stories that once broke a promise, or every wrong build.
 */

import type { Build } from '../mutants/build.ts';
import { type Mutant, mutants } from '../mutants/mutants.ts';
import { buildVariants } from '../mutants/patched-build.ts';
import { scriptOf } from '../world/random-script.ts';
import type { Script } from '../world/script.ts';
import { type Builds, runWorld } from '../world/world.ts';
import { stories } from './regressions.ts';
import { report } from './report.ts';

type Say = (text: string) => void;

/** How many seeds `npm test` runs. */
const healthySeeds = 30;
/** How many seeds may be tried when the known seed of a wrong build does not catch it any more. */
const mutantBudget = 120;

/** Whether every promise is kept, and the same seed gives the same history. */
export async function checkSeeds(say: Say, builds: Builds): Promise<boolean> {
  const told = stories.filter(({ script }) => script.seed <= 2);
  const scripts: Script[] = [
    ...Array.from({ length: healthySeeds }, (_, index) => scriptOf(index + 1)),
    ...told.map(({ script }) => script),
  ];
  let moves = 0;
  for (const script of scripts) {
    const outcome = await runWorld(script, { builds });
    moves += outcome.moves;
    if (outcome.broken === undefined) continue;
    say(await report(script, 60, builds));
    return false;
  }
  say(`${healthySeeds} seeds and ${told.length} stories: every promise was kept, ${moves} moves`);
  // A world in which nothing happens proves nothing.
  if (moves <= 2 * healthySeeds) say('but hardly anything happened');
  const same = await isRepeatable(builds);
  say(same ? 'the same seed gives the same history' : 'THE SAME SEED GIVES ANOTHER HISTORY');
  return same && moves > 2 * healthySeeds;
}

async function isRepeatable(builds: Builds): Promise<boolean> {
  const hashOf = async (seed: number) =>
    (await runWorld({ ...scriptOf(seed), endAt: 15_000 }, { builds })).hash;
  const [once, again, other] = [await hashOf(7), await hashOf(7), await hashOf(8)];
  return once === again && once !== other;
}

/**
 * Whether every wrong build (with this text in its name) is caught, and breaks a promise that it may break.
 * Prints the seed that caught each.
 */
export async function checkMutants(
  say: Say,
  later: Build,
  named = '',
  budget = mutantBudget,
): Promise<boolean> {
  const chosen = mutants.filter(({ name }) => name.includes(named));
  const build = buildVariants(chosen);
  const width = Math.max(...chosen.map(({ name }) => name.length));
  let survivors = 0;
  for (const mutant of chosen) {
    const { by, broken } = await hunt(mutant, { present: await build(mutant), later }, budget);
    if (broken === undefined) survivors += 1;
    say(`${mutant.name.padEnd(width)}  ${by.padEnd(9)}  ${broken ?? 'SURVIVED'}`);
  }
  say(`${chosen.length - survivors} of ${chosen.length} wrong builds were caught`);
  return survivors === 0;
}

/**
 * Runs worlds until this build breaks a promise that it may break, and first the worlds that caught it
 * before. Another broken promise says nothing about this build: the present code may break that one, too.
 */
async function hunt(
  mutant: Mutant,
  builds: Builds,
  budget: number,
): Promise<{ readonly by: string; readonly broken?: string }> {
  const told = stories
    .filter(({ name }) => mutant.story !== undefined && name.startsWith(mutant.story))
    .map(({ script }) => script);
  const seeds = [mutant.seed, ...Array.from({ length: budget }, (_, index) => index + 1)];
  for (const [index, script] of [...told, ...seeds.map(scriptOf)].entries()) {
    const { broken } = await runWorld(script, { builds });
    const [promise] = broken?.split(' ') ?? [];
    if (broken !== undefined && promise !== undefined && mutant.breaks.includes(promise))
      return {
        by: `${index < told.length ? 'story' : 'seed'} ${script.seed}`,
        broken: broken.split('\n')[0] as string,
      };
  }
  return { by: `${seeds.length} seeds` };
}
