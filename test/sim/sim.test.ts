/**
 * The core in its small world: some seeds of the real one, the same seed twice, and every mutant.
 *
 * One seed, with its faults and a readable log:   SIM_SEED=42 npm run sim
 * Many seeds, to hunt (minutes of real time):     SIM_MINUTES=5 SIM_FROM=1000 npm run sim
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initialState } from '../../src/core/state.ts';
import { step } from '../../src/core/step.ts';
import { mutants } from './mutants.ts';
import type { Verdict } from './mutate.ts';
import { copyCore, hunt, loadMutant, removeMutants } from './mutate.ts';
import { stories } from './regressions.ts';
import type { Script } from './script.ts';
import { scriptOf } from './script.ts';
import type { Outcome } from './world.ts';
import { runWorld } from './world.ts';

const core = { initialState, step };
const { SIM_SEED, SIM_MINUTES, SIM_FROM } = process.env;
const wanted = SIM_SEED !== undefined ? 'seed' : SIM_MINUTES !== undefined ? 'minutes' : 'test';

/** What was not asked for is not there, rather than skipped. */
const suite = (name: string, when: typeof wanted, body: () => void): void => {
  if (when === wanted) describe(name, body);
};
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** How many seeds `npm test` runs, and how many a mutant may take when the seed that it is known for does not catch it any more. */
const healthySeeds = 30;
const mutantBudget = 120;

/** What a failing run prints: the promise, everything that chance resolved, and the end of the history. */
function report(script: Script, lines: number): string {
  const { broken, at, log } = runWorld(script, core, { keepLog: true });
  const verdict = `seed ${script.seed}: ${broken === undefined ? 'no promise broke' : `${broken}, at ${at} ms`}`;
  return [verdict, JSON.stringify(script, null, 1), ...log.slice(-lines), verdict].join('\n');
}

const run = (seed: number): Outcome => runWorld(scriptOf(seed), core);

function mustHold(script: Script): Outcome {
  const outcome = runWorld(script, core);
  if (outcome.broken !== undefined) throw new Error(report(script, 60));
  return outcome;
}

suite('one seed', 'seed', () => {
  it(`seed ${SIM_SEED}`, () => {
    say(report(scriptOf(Number(SIM_SEED)), 1_000_000));
    expect(run(Number(SIM_SEED)).broken).toBeUndefined();
  });
});

suite('many seeds', 'minutes', () => {
  it(`for ${SIM_MINUTES} minutes`, { timeout: Number(SIM_MINUTES) * 60_000 + 60_000 }, () => {
    const until = performance.now() + Number(SIM_MINUTES) * 60_000;
    const broken: string[] = [];
    let seed = Number(SIM_FROM ?? 1);
    for (; performance.now() < until; seed += 1) {
      const outcome = run(seed);
      if (outcome.broken) broken.push(`seed ${seed}: ${outcome.broken}`);
    }
    say(`seeds ${SIM_FROM ?? 1} to ${seed - 1}`);
    expect(broken).toEqual([]);
  });
});

suite('the simulated world', 'test', () => {
  it(`keeps every promise for ${healthySeeds} seeds`, { timeout: 120_000 }, () => {
    let moves = 0;
    for (let seed = 1; seed <= healthySeeds; seed += 1) moves += mustHold(scriptOf(seed)).moves;
    // A world in which nothing happens proves nothing.
    expect(moves).toBeGreaterThan(2 * healthySeeds);
  });

  it.each(stories.filter(({ script }) => script.seed <= 2))('$name ($script.seed)', ({ script }) => {
    mustHold(script);
  });

  it('is the same for the same seed, and another for another', () => {
    const hashOf = (seed: number) => runWorld({ ...scriptOf(seed), endAt: 15_000 }, core).hash;
    expect(hashOf(7)).toBe(hashOf(7));
    expect(hashOf(8)).not.toBe(hashOf(7));
  });
});

suite('every wrong core is caught', 'test', () => {
  const verdicts: Verdict[] = [];
  beforeAll(copyCore);
  afterAll(() => {
    removeMutants();
    const width = Math.max(...mutants.map(({ name }) => name.length));
    for (const { mutant, by, broken } of verdicts) say(`${mutant.padEnd(width)}  ${by.padEnd(9)}  ${broken ?? 'SURVIVED'}`);
  });

  it.each(mutants.map((mutant, index) => ({ ...mutant, index })))('$name', { timeout: 120_000 }, async (mutant) => {
    const verdict = hunt(mutant, await loadMutant(mutant, mutant.index), mutantBudget);
    verdicts.push(verdict);
    expect(verdict.broken, `survived ${verdict.by}`).toBeDefined();
    expect(mutant.breaks.split(', ')).toContain(verdict.broken?.split(' ')[0]);
  });
});
