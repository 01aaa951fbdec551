import type { Failure, ServerFacts, Version } from '../../core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../../core/model/units.ts';
import type { ChannelNotes } from './channel-notes.ts';
import type { Row } from './row.ts';

/** How servers of one flavour are asked, and what their answers mean. A set is data and pure functions: whoever has rows needs no server. */
export interface QuerySet {
  /** For people, e.g. `MySQL 8`. */
  readonly name: string;
  /**
   * Sent once on each new connection. Times must not jump with a zone's daylight saving; a probe never writes; a server that we no longer wait for should drop the
   * query too; and the server should neither close the kept connection between two slow probes nor keep it for ever when our machine is gone.
   */
  readonly setup: (queryTimeoutMs: number) => string;
  /** Sent for every probe, in this order. All are constants: nothing from outside is ever put into one. */
  readonly statements: readonly Statement[];
  /** Turns the answers into facts. Never throws. */
  readonly read: (input: ProbeInput) => FactsReading;
  /** What our account needs. */
  readonly grants: (account: string) => readonly string[];
}

export interface Statement {
  /** What its answer is called. */
  readonly name: string;
  /** The newest first. The next one is tried where the server does not know a word of it; what it knew is remembered for the connection. */
  readonly spellings: readonly [string, ...string[]];
  /** Whether the answers so far make it necessary; absent: always. */
  readonly when?: (answers: Answers) => boolean;
  /** Error numbers that say that there is no such thing: the probe goes on without this answer. */
  readonly absentOn?: readonly number[];
  /** Not to be asked again on this connection, once it was absent. */
  readonly onceAbsent?: 'skip';
}

/** Result rows by the name of their statement. */
export type Answers = Readonly<Record<string, readonly Row[]>>;

/** What one probe got of the server, and what is known of the connection that asked. */
export interface ProbeInput {
  readonly server: ServerAddress;
  /** The number of the connection. */
  readonly session: number;
  /** Asked once a connection, and counted on from then. */
  readonly uptimeSeconds: number;
  readonly answers: Answers;
  /** When the answers came. */
  readonly at: MonoMs;
  /** What the last reading of this connection left. */
  readonly notes: ChannelNotes;
}

export type FactsReading =
  | { readonly kind: 'facts'; readonly facts: ServerFacts; readonly notes: ChannelNotes }
  | { readonly kind: 'failed'; readonly failure: Failure };

export const failedReading = (failure: Failure): FactsReading => ({ kind: 'failed', failure });

/** What is found out of a server when a connection to it begins. */
export interface Traits {
  /** As the server words it. */
  readonly versionText: string;
  /** Absent where it does not begin with three numbers. */
  readonly version?: Version;
  readonly mariadb: boolean;
  /** MariaDB, and its version is not its own. */
  readonly versionByHand: boolean;
  readonly aurora: boolean;
  /** It runs on Amazon RDS. */
  readonly rds: boolean;
  /** It replicates by Galera. */
  readonly wsrep: boolean;
}
