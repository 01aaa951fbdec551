/** The events of `step` and its effects. Every request ends in exactly one event, by its deadline. */

import type { Decision } from './decision.ts';
import type { FenceResult } from './fence.ts';
import type { HookRecord } from './hook-record.ts';
import type { Failure, Places, Probe, Unasked } from './observation.ts';
import type { ClusterSettings } from './settings.ts';
import {
  type Fqdn,
  isoTime,
  type MonoMs,
  type Now,
  type ServerAddress,
  type ServerId,
  type WallMs,
} from './units.ts';
import type { AlarmCode } from './vocabulary.ts';
import type { PropagationReport, Question, Rrset, UpdateOutcome, UpdatePlan, ZoneReading } from './zone.ts';

export type Event =
  | { readonly kind: 'tick' }
  /** Ends `probe`. */
  | {
      readonly kind: 'observed';
      readonly server: ServerAddress;
      readonly probe: Probe | Unasked;
      /** So long this process let the probe wait before it began: its time-out began then. */
      readonly waitedMs?: number;
    }
  | { readonly kind: 'connection-lost'; readonly server: ServerAddress }
  /** A glance did not show what the newest probe showed. A reason to probe, never evidence. */
  | { readonly kind: 'glance-differs'; readonly server: ServerAddress }
  /** Ends `resolve`. */
  | {
      readonly kind: 'resolved';
      readonly server: ServerAddress;
      readonly addresses?: readonly string[];
      readonly failure?: Failure;
    }
  /** Ends `try-address`. */
  | { readonly kind: 'address-tried'; readonly server: ServerAddress; readonly probe: Probe | Unasked }
  /** Ends `read-zone`. */
  | { readonly kind: 'zone-read'; readonly nameserver: string; readonly reading: ZoneReading }
  /** Ends `update`. */
  | {
      readonly kind: 'update-done';
      readonly nameserver: string;
      readonly try: string;
      readonly outcome: UpdateOutcome;
    }
  /** Ends `inspect-refusal`: the best known words for why the update was refused. */
  | {
      readonly kind: 'refusal-inspected';
      readonly nameserver: string;
      readonly about: string;
      readonly failure: Failure;
    }
  /** Ends `propagate`. */
  | {
      readonly kind: 'propagated';
      readonly nameserver: string;
      readonly among?: 'nameservers' | 'resolvers';
      readonly epoch: number;
      readonly report: PropagationReport;
    }
  /** Ends `fence`. */
  | { readonly kind: 'fenced'; readonly server: ServerAddress; readonly result: FenceResult }
  | { readonly kind: 'command'; readonly id: string; readonly command: Command }
  | { readonly kind: 'reconfigured'; readonly settings: ClusterSettings };

export type Effect =
  | {
      readonly kind: 'probe';
      readonly server: ServerAddress;
      readonly places?: Places | undefined;
      readonly waitedMs?: number;
      readonly deadline: MonoMs;
    }
  /** Asks which server answers at this address of the server's host, over a separate connection. */
  | {
      readonly kind: 'try-address';
      readonly server: ServerAddress;
      readonly address: string;
      readonly deadline: MonoMs;
    }
  /** The next probe of this server opens a new connection, to the address of the resolver. */
  | { readonly kind: 'renew'; readonly server: ServerAddress }
  | { readonly kind: 'resolve'; readonly server: ServerAddress; readonly deadline: MonoMs }
  /** Glances at these servers from now on, and at no others. Asks for no answer. */
  | { readonly kind: 'watch'; readonly servers: readonly ServerAddress[]; readonly everyMs: number }
  | {
      readonly kind: 'read-zone';
      readonly nameserver: string;
      readonly zone?: Fqdn | undefined;
      readonly questions: readonly Question[];
      /** Names that may lie outside of the zone: they do not fail the reading. */
      readonly sides: readonly Fqdn[];
      /** Its refusals show that its answers are not what it stores: find out each RRset anew. */
      readonly anew?: true | undefined;
      readonly deadline: MonoMs;
    }
  | {
      readonly kind: 'update';
      readonly nameserver: string;
      readonly try: string;
      readonly plan: UpdatePlan;
      /** After this its evidence is stale: not sent. */
      readonly notAfter: MonoMs;
      readonly deadline: MonoMs;
    }
  /** Asks why that plan was refused. Changes nothing in the zone. */
  | {
      readonly kind: 'inspect-refusal';
      readonly nameserver: string;
      readonly about: string;
      readonly plan: UpdatePlan;
      /** What the nameserver said. */
      readonly failure: Failure;
      readonly deadline: MonoMs;
    }
  /** That update is no longer wanted: it must not leave. It still ends in its own event. */
  | { readonly kind: 'recall'; readonly nameserver: string; readonly try: string }
  | {
      readonly kind: 'propagate';
      readonly nameserver: string;
      /** Default: the authoritative nameservers. */
      readonly among?: 'nameservers' | 'resolvers';
      readonly epoch: number;
      readonly zone: Fqdn;
      readonly present: readonly Rrset[];
      readonly absent: readonly Question[];
      readonly deadline: MonoMs;
    }
  /** Makes this superseded source read-only, and ends the connections of its clients. */
  | {
      readonly kind: 'fence';
      readonly server: ServerAddress;
      /** Who must answer there, else nothing is done. */
      readonly uuid: ServerId;
      /** It is read-only by an earlier attempt: only the connections of its clients are to end. */
      readonly finishes: boolean;
      readonly places?: Places | undefined;
      readonly deadline: MonoMs;
    }
  /** Answers a command. */
  | { readonly kind: 'reply'; readonly id: string; readonly answer: Answer }
  /** This discovered server is no longer asked: keep nothing of it. */
  | { readonly kind: 'release'; readonly server: ServerAddress }
  /** For the log and the history; asks for nothing. */
  | { readonly kind: 'record'; readonly entry: HistoryEntry }
  /** Wants a tick by this time. Replaces the wake before. */
  | { readonly kind: 'wake'; readonly at: MonoMs };

/** `notAfter`: the client waits no longer, so the command must not begin later. */
export type Command = Wish & { readonly notAfter?: WallMs };

type Wish =
  | {
      readonly kind: 'follow';
      readonly server: ServerAddress;
      /** Also if it cannot be asked, or if its data are in doubt. */
      readonly force: boolean;
      /**
       * With force: also if it was just seen read-only or replicating. Without force: a failover tool opens
       * it in a moment, so only its read-only switches are passed over (soon-open.ts).
       */
      readonly althoughReadOnly?: true | undefined;
      /** Answer with the update plan, and send nothing. */
      readonly dryRun: boolean;
      readonly reason?: string;
      readonly by: string;
    }
  | { readonly kind: 'freeze'; readonly reason: string; readonly dryRun?: true; readonly by: string }
  | { readonly kind: 'thaw'; readonly dryRun?: true; readonly by: string }
  /** The server will not come back: removes it from the quorum set and the ledger's former sources. */
  | { readonly kind: 'forget'; readonly server: ServerAddress; readonly by: string }
  /** A failover tool will make this server writable: the name moves as soon as it is. */
  | {
      readonly kind: 'announce';
      readonly server: ServerAddress;
      readonly reason?: string;
      readonly by: string;
    };

/** One result for each publication. */
export interface Answer {
  readonly results: readonly CommandResult[];
}

export interface CommandResult {
  readonly nameserver: string;
  /** `done`: or nothing to do. `held`: unsafe. `lost-race`: another instance was first. */
  readonly kind: 'done' | 'held' | 'lost-race' | 'unreachable' | 'failed';
  /** The decision's reason, or the failure's code. */
  readonly code: string;
  readonly sentence: string;
  readonly hint?: string | undefined;
  /** The plan of a dry run. */
  readonly plan?: UpdatePlan | undefined;
}

/** One line of the history: wall-clock times as ISO 8601. */
export type HistoryEntry = { readonly at: string; readonly cluster: string; readonly nameserver: string } & (
  | { readonly kind: 'decision'; readonly decision: Decision; readonly epoch?: number | undefined }
  | ({ readonly kind: 'move' } & Move)
  | {
      readonly kind: 'propagated';
      readonly epoch: number;
      /** Absent: authoritative nameservers. */
      readonly among?: 'resolvers' | undefined;
      readonly nameservers: readonly NameserverTime[];
      readonly complete: boolean;
    }
  /** Another instance moved the name. */
  | {
      readonly kind: 'moved-elsewhere';
      readonly epoch: number;
      readonly source: ServerAddress;
      readonly uuid: ServerId;
      readonly by: string;
      readonly why: string;
    }
  /** A write without a move. */
  | { readonly kind: 'written'; readonly what: string; readonly sentence: string; readonly epoch: number }
  | {
      readonly kind: 'update-failed';
      readonly what: string;
      readonly outcome: 'refused' | 'unknown';
      readonly failure: Failure;
    }
  | { readonly kind: 'alarm'; readonly alarm: Alarm; readonly raised: boolean }
  /**
   * A superseded source was made read-only; `again`: it was, and only connections of clients were ended.
   * `killed`: these connections. `spared`: those that were left. Both absent: nobody knows.
   */
  | {
      readonly kind: 'fenced';
      readonly server: ServerAddress;
      readonly uuid: ServerId;
      readonly again?: true | undefined;
      readonly killed?: number | undefined;
      readonly spared?: number | undefined;
    }
  /** A hook of the configuration was called because of a move or an alarm. */
  | ({ readonly kind: 'hook' } & HookRecord)
);

export interface NameserverTime {
  readonly nameserver: string;
  /** When it answered the new RRset; absent: it has not yet. */
  readonly at?: string | undefined;
  readonly serial?: number | undefined;
  /** Why it has not. */
  readonly failure?: Failure | undefined;
}

/** One move of the name and its times. */
export interface Move {
  readonly epoch: number;
  readonly from?: { readonly server: ServerAddress; readonly uuid: ServerId } | undefined;
  readonly to: { readonly server: ServerAddress; readonly uuid: ServerId };
  readonly reason: string;
  readonly sentence: string;
  readonly name: Fqdn;
  readonly seenAt: string;
  readonly decidedAt: string;
  readonly sentAt: string;
  readonly appliedAt: string;
}

export interface Alarm {
  readonly code: AlarmCode;
  /** The server or nameserver that it is about. */
  readonly subject: string;
  readonly sentence: string;
  /** What to do next. */
  readonly hint?: string | undefined;
  readonly count?: number | undefined;
}

/** The constants of one call of `step`, and the list that effects are added to. */
export interface Turn {
  readonly cluster: string;
  readonly now: Now;
  readonly effects: Effect[];
}

type Entry = HistoryEntry extends infer T
  ? T extends HistoryEntry
    ? Omit<T, 'at' | 'cluster' | 'nameserver'>
    : never
  : never;

/** Adds a line for the history and the log. */
export function record({ cluster, now, effects }: Turn, nameserver: string, entry: Entry): void {
  const line = { at: isoTime(now.wall), cluster, nameserver, ...entry } as HistoryEntry;
  effects.push({ kind: 'record', entry: line });
}
