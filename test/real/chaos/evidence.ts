/** The evidence that the judge of a chaos round gets. */

import type { Rr } from './journal.ts';
import type { HandEdit } from './plan.ts';
import type { Commit } from './referee.ts';

/** What is known of one round from outside; source-dns itself is not asked. Times are performance.now(). */
export interface Evidence {
  readonly names: { readonly source: string; readonly replicas: string };
  readonly servers: readonly KnownServer[];
  /** The zone when the round began, and what was known of it then. */
  readonly zoneBefore: readonly Rr[];
  readonly known: KnownZone;
  readonly commits: readonly Commit[];
  /** Transactions that the referee could not read. */
  readonly gaps: number;
  /** Edits by hand in this round: each explains one transaction. */
  readonly handEdits: readonly { readonly edit: HandEdit; readonly at: number }[];
  /**
   * When servers were no replicas although the name had left them, or was about to: from the promotion of
   * another server to the statement that makes the server a replica.
   */
  readonly stale: readonly StalePeriod[];
  /** Transactions that only this server had, looked up on the servers before they were rebuilt. */
  readonly errant: readonly { readonly uuid: string; readonly at: number; readonly gtids: string }[];
  /** Every change of the answer of each nameserver; the answer at the beginning is the first. */
  readonly answers: Readonly<
    Record<'ns1' | 'ns2', readonly { readonly at: number; readonly addresses: string }[]>
  >;
  /** Instances of source-dns that ended without an order. */
  readonly crashes: readonly string[];
  readonly end: RoundEnd;
  readonly fences: FencesSeen;
  readonly rows: {
    readonly acknowledged: ReadonlySet<number>;
    readonly present: ReadonlySet<number>;
    readonly promised: boolean;
  };
}

/** What was seen of fences, in the general logs of the servers and at the old source itself. */
export interface FencesSeen {
  /** Whether the instances are configured with `fence:`. */
  readonly wanted: boolean;
  readonly acts: readonly FenceAct[];
  /** Which server people meant to be the source, and since when. Undefined: nobody can say. */
  readonly meant: readonly { readonly uuid: string | undefined; readonly from: number }[];
  /** The old source that had to stop taking writes. Undefined: none had to. */
  readonly old: OldSource | undefined;
}

/** A line of the account that fences. */
export interface FenceAct {
  readonly server: string;
  readonly uuid: string;
  readonly at: number;
  readonly command: string;
  readonly text: string;
}

/** A former source that can be reached, and takes writes at first. */
export interface OldSource {
  readonly server: string;
  /** It could be reached from here on, and the ledger named it as a former source. */
  readonly since: number;
  /** So long it was looked at. */
  readonly boundMs: number;
  readonly until: number;
  /** When it was seen read-only. */
  readonly closedAt: number | undefined;
  /** Since when all its commits wait for replicas that have left it. */
  readonly waitsSince: number | undefined;
  /** The last write that it acknowledged to an application that stays with it. */
  readonly lastWriteAt: number | undefined;
}

export interface KnownServer {
  readonly uuid: string;
  readonly server: string;
  readonly address: string;
}

/** What earlier rounds have shown; the judge adds to it. */
export interface KnownZone {
  readonly tries: Set<string>;
  /**
   * Addresses that some committed state has shown, edits by hand included: a nameserver may answer only
   * these.
   */
  readonly shown: Set<string>;
  highestEpoch: number;
}

export interface StalePeriod {
  readonly uuid: string;
  readonly from: number;
  until?: number;
}

/**
 * The calm of the round: everything is mended, exactly one server is the source, and all others replicate
 * from it.
 */
export interface RoundEnd {
  readonly source: KnownServer;
  readonly boundMs: number;
  /**
   * How long after the beginning of the calm each nameserver answered with the source; undefined: not within
   * the bound.
   */
  readonly answeredMs: Readonly<Record<'ns1' | 'ns2', number | undefined>>;
  /** The same for the ledger without a former source, and the RRset of the replicas with all replicas. */
  readonly settledMs: number | undefined;
  /** The serial of the zone at the beginning and the end of the quiet time. */
  readonly quiet: { readonly ms: number; readonly before: number; readonly after: number };
}

/** A broken promise, and how it shows. */
export interface Violation {
  readonly promise: 'S2' | 'S3' | 'S5' | 'S8' | 'L1' | 'L2' | 'fence' | 'rows' | 'crash' | 'referee';
  readonly what: string;
  readonly serial?: number;
}
