/** Answers of real servers, and answers from manuals: every cell is text or null. */

import { readFileSync } from 'node:fs';
import type { ServerFacts } from '../../src/core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../../src/core/model/units.ts';
import { Kept } from '../../src/mysql/answer/kept.ts';
import type { Answers, FactsReading, ProbeInput, QuerySet } from '../../src/mysql/answer/query-set.ts';

export interface Recording {
  /** `run`: answers of a real server. `read`: written from the manual of a server that we could not run. */
  readonly origin: 'run' | 'read';
  /** The version, or the pages. */
  readonly note: string;
  readonly cases: Readonly<Record<string, Answers>>;
}

export const server = 'db1.example.com:3306' as ServerAddress;

/** One file of test/support/rows. */
export const recording = (name: string): Recording =>
  JSON.parse(readFileSync(new URL(`rows/${name}.json`, import.meta.url), 'utf8')) as Recording;

/** What one flavour reads from the answers, as in a probe of connection 7 after one minute. */
export const readAnswers = (
  set: QuerySet,
  answers: Answers,
  at = 0,
  { notes = new Map(), kept = new Kept() }: Partial<Pick<ProbeInput, 'notes' | 'kept'>> = {},
): FactsReading =>
  set.read({ server, session: 7, uptimeSeconds: 60, answers, at: at as MonoMs, notes, kept });

/** What this reading leaves for the next one. */
export const notesOf = (reading: FactsReading): ProbeInput['notes'] =>
  reading.kind === 'facts' ? reading.notes : new Map();

export function factsOf(set: QuerySet, answers: Answers): ServerFacts {
  const reading = readAnswers(set, answers);
  if (reading.kind === 'failed') throw new Error(reading.failure.message);
  return reading.facts;
}

/** The answers with other cells in the first row of one answer; undefined removes a column. */
export function changed(answers: Answers, statement: string, cells: Record<string, unknown>): Answers {
  const [first, ...others] = answers[statement] ?? [];
  const row = Object.fromEntries(
    Object.entries({ ...first, ...cells }).filter(([, cell]) => cell !== undefined),
  );
  return { ...answers, [statement]: [row, ...others] };
}
