/** How to ask servers of one flavour, and what their answers mean: data and pure functions. */

import type { Failure, ServerFacts, Version } from '../../core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../../core/model/units.ts';
import type { ChannelNotes } from './channel-notes.ts';
import type { Kept } from './kept.ts';
import type { Row } from './row.ts';

export interface QuerySet {
  /** For people: `MySQL 8`. */
  readonly name: string;
  /**
   * Sent once on each new connection:
   * - times do not jump with daylight saving;
   * - a probe never writes;
   * - the server drops a query that we no longer wait for;
   * - the server keeps the connection between two slow probes, but not for ever when our machine is gone.
   */
  readonly setup: (queryTimeoutMs: number) => string;
  /** Sent for every probe, in this order. All are constants: no outside text ever goes into a statement. */
  readonly statements: readonly Statement[];
  /**
   * A light SELECT without tables: who is there, and may it be written to? Each of its columns is a column of
   * the first row of the statement `server`, so that the two can be compared.
   */
  readonly glance: string;
  /** Never throws. */
  readonly read: (input: ProbeInput) => FactsReading;
  readonly grants: (account: string) => readonly string[];
}

export interface Statement {
  readonly name: string;
  /** The newest first; the next one where the server does not know a word. The connection remembers it. */
  readonly spellings: readonly [string, ...string[]];
  /** Whether the earlier answers make it necessary; absent: always. */
  readonly when?: (answers: Answers) => boolean;
  /** Error numbers that mean "there is no such thing": the probe continues without this answer. */
  readonly absentOn?: readonly number[];
  /** Do not ask again on this connection after the answer was absent. */
  readonly onceAbsent?: 'skip';
  /** The server reads it once for each connection: it must have no backslash. */
  readonly prepared?: true;
}

/** What came of one statement: its rows (none after a SET), or an error of the server or the connection. */
export type Answer =
  | { readonly kind: 'rows'; readonly rows: readonly Row[] }
  | { readonly kind: 'error'; readonly error: unknown };

/** The number of the server's error; undefined where there is none. */
export const errnoOf = (answer: Answer | undefined): unknown =>
  answer?.kind === 'error' ? (answer.error as { errno?: unknown } | null | undefined)?.errno : undefined;

/** Rows by statement name. */
export type Answers = Readonly<Record<string, readonly Row[]>>;

export interface ProbeInput {
  readonly server: ServerAddress;
  readonly session: number;
  /** Asked once for each connection, then counted by us. */
  readonly uptimeSeconds: number;
  readonly answers: Answers;
  readonly at: MonoMs;
  /** What the last reading of this connection left. */
  readonly notes: ChannelNotes;
  /** What need not be read again. */
  readonly kept: Kept;
}

export type FactsReading =
  | { readonly kind: 'facts'; readonly facts: ServerFacts; readonly notes: ChannelNotes }
  | { readonly kind: 'failed'; readonly failure: Failure };

export const failedReading = (failure: Failure): FactsReading => ({ kind: 'failed', failure });

export interface Traits {
  /** As the server words it. */
  readonly versionText: string;
  /** Absent where the text does not begin with three numbers. */
  readonly version?: Version;
  readonly mariadb: boolean;
  /** A MariaDB that hides its version. */
  readonly versionByHand: boolean;
  readonly aurora: boolean;
  readonly rds: boolean;
  readonly wsrep: boolean;
}
