/**
 * What `npm test` runs: a number of seeds and the stories that once broke a promise, and every wrong build.
 */

import type { Build } from '../mutants/build.ts';
import { type Mutant, mutants } from '../mutants/mutants.ts';
import { buildVariants } from '../mutants/patched-build.ts';
import { lifeOf } from '../world/life.ts';
import { scriptOf } from '../world/random-script.ts';
import type { Script } from '../world/script.ts';
import { type Builds, runWorld } from '../world/world.ts';
import { stories } from './regressions.ts';
import { report } from './report.ts';

type Say = (text: string) => void;

/** How many seeds `npm test` runs. */
const healthySeeds = 30;

/** So many incidents of one life, with the calm after each: a server stays away, and comes back. */
const chaptersOfLife = 3;

/** Whether every promise is kept, and the same seed gives the same history. */
export async function checkSeeds(say: Say, builds: Builds): Promise<boolean> {
  const told = stories.filter(({ script }) => script.seed <= (script.shape.fences ? 1 : 2));
  const life = lifeOf(1, true);
  const scripts: Script[] = [
    ...Array.from({ length: healthySeeds }, (_, index) => scriptOf(index + 1)),
    ...told.map(({ script }) => script),
    { ...life, chapters: life.chapters.slice(0, chaptersOfLife) },
  ];
  let moves = 0;
  for (const script of scripts) {
    const outcome = await runWorld(script, { builds });
    moves += outcome.moves;
    if (outcome.broken === undefined) continue;
    say(await report(script, 60, builds));
    return false;
  }
  say(`${healthySeeds} seeds, ${told.length} stories and a life: every promise was kept, ${moves} moves`);
  // A world in which nothing happens proves nothing.
  if (moves <= 2 * healthySeeds) say('but hardly anything happened');
  const same = await isRepeatable(builds);
  say(same ? 'the same seed gives the same history' : 'THE SAME SEED GIVES ANOTHER HISTORY');
  return same && moves > 2 * healthySeeds;
}

async function isRepeatable(builds: Builds): Promise<boolean> {
  const hashOf = async (seed: number): Promise<string> => {
    const script = scriptOf(seed);
    const chapters = script.chapters.map((chapter) => ({ ...chapter, endAt: 15_000 }));
    return (await runWorld({ ...script, chapters }, { builds })).hash;
  };
  const [once, again, other] = [await hashOf(7), await hashOf(7), await hashOf(8)];
  return once === again && once !== other;
}

/**
 * Whether every wrong build (with this text in its name) breaks a promise that it may break, in the world
 * that is known to catch it. With a budget, so many other seeds are tried where it does not.
 */
export async function checkMutants(say: Say, later: Build, named = '', budget = 0): Promise<boolean> {
  const chosen = mutants.filter(({ name }) => name.includes(named));
  const build = buildVariants(chosen);
  const width = Math.max(...chosen.map(({ name }) => name.length));
  let survivors = 0;
  for (const mutant of chosen) {
    const builds = { present: await build(mutant), later };
    const caught =
      (await hunt(mutant, builds, knownWorlds(mutant))) ??
      (budget === 0 ? undefined : await hunt(mutant, builds, otherWorlds(mutant, budget)));
    if (caught === undefined) survivors += 1;
    say(`${mutant.name.padEnd(width)}  ${caught ?? 'SURVIVED'}`);
  }
  say(`${chosen.length - survivors} of ${chosen.length} wrong builds were caught`);
  return survivors === 0;
}

/** The words by which a world is known. */
type NamedWorld = readonly [name: string, script: Script];

const tellings = ({ story }: Mutant): readonly NamedWorld[] =>
  stories
    .filter(({ name }) => story !== undefined && name.startsWith(story))
    .map(({ script }) => [`story ${script.seed}`, script]);

const worldOf = (seed: number): NamedWorld => [`seed ${seed}`, scriptOf(seed)];

/** One world; none where the name of the story is wrong. */
const knownWorlds = (mutant: Mutant): readonly NamedWorld[] =>
  mutant.story === undefined
    ? [worldOf(mutant.seed)]
    : tellings(mutant).filter(([, { seed }]) => seed === mutant.seed);

const otherWorlds = (mutant: Mutant, budget: number): readonly NamedWorld[] => [
  ...tellings(mutant),
  ...Array.from({ length: budget }, (_, index) => worldOf(index + 1)),
];

/**
 * Runs these worlds until this build breaks a promise that it may break. Another broken promise says nothing
 * about this build: the present code may break that one, too.
 */
async function hunt(
  { breaks }: Mutant,
  builds: Builds,
  worlds: readonly NamedWorld[],
): Promise<string | undefined> {
  for (const [name, script] of worlds) {
    const { broken } = await runWorld(script, { builds });
    const [promise] = broken?.split(' ') ?? [];
    if (broken !== undefined && promise !== undefined && breaks.includes(promise))
      return `${name.padEnd(9)}  ${broken.split('\n')[0]}`;
  }
  return undefined;
}
