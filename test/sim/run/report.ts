/**
 * Prints a run that broke a promise: the promise, everything that chance decided, and the end of the history.
 */

import { type Chapter, type Script, silenceForMs } from '../world/script.ts';
import { type Builds, type Outcome, runWorld } from '../world/world.ts';

export const verdictOf = ({ seed, broken, at, hash }: Outcome): string =>
  `seed ${seed}: ${broken === undefined ? 'every promise was kept' : `${broken}, at ${at} ms`} (history ${hash.slice(0, 12)})`;

/** Runs the world again, with its log. */
export async function report(script: Script, lines: number, builds: Builds): Promise<string> {
  const outcome = await runWorld(script, { builds, keepLog: true });
  const chapters = script.chapters.flatMap(({ acts, air = {}, ...times }) => [
    `chapter ${JSON.stringify({ ...times, ...air })}`,
    ...acts.map((act) => `  ${JSON.stringify(act)}`),
  ]);
  const { shape, weather } = script;
  return [
    verdictOf(outcome),
    `shape   ${JSON.stringify(shape)}`,
    `weather ${JSON.stringify(weather)}`,
    ...chapters,
    'history',
    ...outcome.log.slice(-lines),
    verdictOf(outcome),
  ].join('\n');
}

/**
 * Leaves out as much as possible, chapter by chapter and act by act, while the same promise still breaks.
 * Ends after `tries` runs.
 */
export async function shrunk(script: Script, builds: Builds, tries = 200): Promise<Script> {
  const { broken, at } = await runWorld(script, { builds });
  const promise = broken?.split(' ')[0];
  let left = tries;
  const breaks = async (chapters: readonly Chapter[]): Promise<boolean> => {
    left -= 1;
    const outcome = await runWorld({ ...script, chapters }, { builds });
    return promise !== undefined && outcome.broken?.split(' ')[0] === promise;
  };
  const isLeft = (): boolean => left > 0;
  let chapters = await leftOut(until(script.chapters, at), breaks, isLeft);
  for (let index = chapters.length - 1; index >= 0; index -= 1) {
    const change = (chapter: Partial<Chapter>): readonly Chapter[] =>
      chapters.with(index, { ...(chapters[index] as Chapter), ...chapter });
    const { acts, settledAt } = chapters[index] as Chapter;
    chapters = change({ acts: await leftOut(acts, (fewer) => breaks(change({ acts: fewer })), isLeft) });
    const short = change({ endAt: settledAt + silenceForMs });
    if (chapters.length > 1 && isLeft() && (await breaks(short))) chapters = short;
  }
  return { ...script, chapters };
}

/** The chapters that begin before this time. */
function until(chapters: readonly Chapter[], at: number): readonly Chapter[] {
  let from = 0;
  return chapters.filter(({ endAt }) => {
    from += endAt;
    return from - endAt <= at;
  });
}

async function leftOut<T>(
  all: readonly T[],
  breaks: (fewer: readonly T[]) => Promise<boolean>,
  isLeft: () => boolean,
): Promise<readonly T[]> {
  let smallest = all;
  for (let size = Math.ceil(all.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < smallest.length && isLeft(); ) {
      const fewer = smallest.toSpliced(from, size);
      if (await breaks(fewer)) smallest = fewer;
      else from += size;
    }
  }
  return smallest;
}
