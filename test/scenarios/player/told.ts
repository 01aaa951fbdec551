/** Reads the transcripts: which files there are, and which decisions and alarms each has. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', 'transcripts');

/** Their paths below test/scenarios/transcripts, e.g. `doubt/hung-source.txt`. */
export const transcripts: readonly string[] = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.txt'))
  .map((path) => path.replaceAll('\\', '/'))
  .toSorted();

const situationFolders = ['addresses', 'doubt', 'fence', 'orchestrator', 'topologies', 'zone'];

/** Whether docs/SITUATIONS.md has a row for each transcript of its folder. */
export const isSituation = (transcript: string): boolean =>
  situationFolders.includes(transcript.split('/')[0] ?? '');

export const pathOf = (transcript: string): string => join(folder, transcript);

export const textOf = (transcript: string): string => readFileSync(pathOf(transcript), 'utf8');

/** One line of output: time, kind, and code (without the `raised` of an alarm). */
const told = /^\d\d:\d\d\.\d{3} (?:watcher-\d )?(decision {2}(?:hold|point-to)|alarm {5}raised) ([a-z-]+)/gm;

/** The codes of the decisions, in order: `hold minority-view`, `point-to steady`. */
export const decisionsIn = (text: string): readonly string[] =>
  [...text.matchAll(told)].flatMap(([, kind = '', code = '']) =>
    kind.startsWith('decision') ? [`${kind.slice(10)} ${code}`] : [],
  );

/** The codes of the alarms that are raised. */
export const alarmsIn = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.matchAll(told)].flatMap(([, kind = '', code = '']) => (kind.startsWith('alarm') ? [code] : [])),
  );
