/**
 * Prints a run that broke a promise: the promise, everything that chance decided, and the end of the history.
 */

import type { Act, Script } from '../world/script.ts';
import { type Builds, type Outcome, runWorld } from '../world/world.ts';

export const verdictOf = ({ seed, broken, at, hash }: Outcome): string =>
  `seed ${seed}: ${broken === undefined ? 'every promise was kept' : `${broken}, at ${at} ms`} (history ${hash.slice(0, 12)})`;

/** Runs the world again, with its log. */
export async function report(script: Script, lines: number, builds: Builds): Promise<string> {
  const outcome = await runWorld(script, { builds, keepLog: true });
  const acts = script.acts.map((act) => `  ${JSON.stringify(act)}`);
  const { shape, weather } = script;
  return [
    verdictOf(outcome),
    `shape   ${JSON.stringify(shape)}`,
    `weather ${JSON.stringify(weather)}`,
    'acts',
    ...acts,
    'history',
    ...outcome.log.slice(-lines),
    verdictOf(outcome),
  ].join('\n');
}

/**
 * Leaves out as much as possible, act by act, while the same promise still breaks. Ends after `tries` runs.
 */
export async function shrunk(script: Script, builds: Builds, tries = 200): Promise<Script> {
  const promise = (await runWorld(script, { builds })).broken?.split(' ')[0];
  let smallest = script;
  let left = tries;
  for (let size = Math.ceil(script.acts.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < smallest.acts.length && left > 0; ) {
      const acts: readonly Act[] = smallest.acts.toSpliced(from, size);
      const { broken } = await runWorld({ ...smallest, acts }, { builds });
      left -= 1;
      if (promise !== undefined && broken?.split(' ')[0] === promise) smallest = { ...smallest, acts };
      else from += size;
    }
  }
  return smallest;
}
