/** What `step` remembers of one publication: what was read, what is written, what only time shows. */

import type { GtidSet } from '../gtid/gtid-set.ts';
import type { Decision } from './decision.ts';
import type { Move, NameserverTime } from './events.ts';
import type { Ledger } from './ledger.ts';
import type { Coordinates, Failure, ServerFacts } from './observation.ts';
import type { Remembered } from './remembered.ts';
import type { PublicationSettings } from './settings.ts';
import type { Fqdn, Moment, MonoMs, Now, ServerAddress, ServerId } from './units.ts';
import type { WriteKind } from './vocabulary.ts';
import type { Question, Rrset, UpdatePlan, Wanted } from './zone.ts';
import type { Refusals, ZoneView } from './zone-view.ts';

/** How far the last move has come. */
export interface Propagation {
  readonly epoch: number;
  readonly zone: Fqdn;
  readonly present: readonly Rrset[];
  readonly absent: readonly Question[];
  /** When the watch began: the move was known to be applied. */
  readonly since: MonoMs;
  /** So long a cache may keep what was answered before. */
  readonly ttlMs: number;
  readonly nameservers: Spread;
  readonly resolvers?: Spread | undefined;
}

/** How far it has come among some nameservers. */
export interface Spread {
  readonly nameservers: readonly NameserverTime[];
  /** When all of them had answered. */
  readonly completeAt: MonoMs | undefined;
  /** They are being asked. */
  readonly running: boolean;
  /** When they are asked again. */
  readonly nextAt: MonoMs;
  /** Who has not answered by then is late. */
  readonly overdueAt: MonoMs;
}

/** A refused update, and what is known about the reason. */
export interface WhyRefused {
  /** Names the refusal: the same refusal has the same text. */
  readonly about: string;
  readonly plan: UpdatePlan;
  /** As the nameserver said it. */
  readonly said: Failure;
  /** The same in better words, after an inspection. */
  readonly found?: Failure | undefined;
  /** The command that wanted this update. */
  readonly commandId?: string | undefined;
  /** It was refused since the last inspection began. */
  readonly isDue: boolean;
  readonly isRunning: boolean;
  /** No inspection begins sooner. */
  readonly nextAt: MonoMs;
}

/** Of the same kind as its comparison. */
export type Waypoint =
  | { readonly kind: 'gtids'; readonly set: GtidSet }
  | { readonly kind: 'gtids-and-coordinates'; readonly set: GtidSet; readonly at: Coordinates }
  | { readonly kind: 'coordinates'; readonly at: Coordinates }
  /** `wsrep_last_committed`. */
  | { readonly kind: 'write-set'; readonly number: number }
  | { readonly kind: 'shared' };

/** How far a former source has come on its way back into the line. */
export interface Rejoin {
  /** The published source of this record: after a move it begins anew. */
  readonly source?: ServerId | undefined;
  /** When it was first seen attached to the source, in this run. */
  readonly attachedAt?: MonoMs | undefined;
  /** A snapshot of the source from after that, which must be reached here. */
  readonly target?: Waypoint | undefined;
  /** The source's set at the attachment. If sets are incomplete, only newer transactions prove something. */
  readonly baseline?: GtidSet | undefined;
  /** As a former source it was seen to write without GTIDs: its own writes cannot be known. */
  readonly hidden?: boolean;
  /** Its own set when it reached the target: a later snapshot of the source must have it all. */
  readonly executed?: { readonly set: GtidSet; readonly at: MonoMs } | undefined;
  readonly rejoined: boolean;
  /** Transactions of its own that the source lacks; absent: not compared yet. */
  readonly errant?: number | undefined;
  /** When its set was last compared with the source's. */
  readonly comparedAt?: MonoMs | undefined;
}

/** One update that was sent. */
export interface Attempt {
  readonly try: string;
  readonly plan: UpdatePlan;
  readonly what: WriteKind;
  /** The same text for every attempt at the same thing. */
  readonly aim: string;
  /** The source that its ledger names. */
  readonly source: ServerAddress;
  /** The ledger that it replaces. Once the zone has another ledger, this update can no longer be applied. */
  readonly baseText: string;
  /** What it writes, without the ledger. */
  readonly wanted: readonly Wanted[];
  /** After this time its signature is too old for the nameserver. */
  readonly lapsesAt: MonoMs;
  readonly sentence: string;
  readonly move?: Omit<Move, 'appliedAt'> | undefined;
  /** The source's own RRsets as this update leaves them. */
  readonly present: readonly Rrset[];
  readonly absent: readonly Question[];
  /** A prerequisite failed: this update can no longer be applied, but a duplicate may have been. */
  readonly answered?: boolean;
  /** No longer wanted: if it has not left yet, it never will. */
  readonly recalled?: true;
  readonly commandId?: string | undefined;
}

/** How long one kind of update waits after refusals. */
export interface Pause {
  readonly times: number;
  readonly until: MonoMs;
}

/** What was read of the zone, and what is being read. */
export interface ZoneMemory {
  /** The zone as it was read last; never older than an update that is known to be applied. */
  readonly view: ZoneView | undefined;
  /** When a read last showed that another instance had moved the name. */
  readonly movedElsewhereAt: MonoMs | undefined;
  /** Why the last read failed. */
  readonly failure: Failure | undefined;
  readonly reading: boolean;
  /** What the read on its way asks, or the last one asked. */
  readonly questions: readonly Question[] | undefined;
  readonly nextReadAt: MonoMs;
  /** When the last read ended, with or without success. */
  readonly endedAt: MonoMs | undefined;
  /** The move of the highest epoch that was seen: a ledger behind it is `ledger-lost`. */
  readonly remembered: Remembered | undefined;
  /** The last ledger that was read and not behind. */
  readonly lastLedger: Ledger | undefined;
  /** Another instance wrote what this one had written, without a move: this one is no keeper by itself again. */
  readonly gaveWay: boolean;
  readonly lostSince: MonoMs | undefined;
}

/** The updates on their way, and what the nameserver made of the earlier ones. */
export interface Writing {
  readonly inFlight: Attempt | undefined;
  /** Updates without a sure answer: the nameserver may still apply them. */
  readonly pending: readonly Attempt[];
  /** The nameserver acknowledged this update. Until a read shows the update, what is read is old. */
  readonly awaiting: { readonly attempt: Attempt; readonly until: MonoMs } | undefined;
  /** The zone was not as read, or this is not known: read before the next update. */
  readonly mustRead: boolean;
  /** Why the last update failed, until one is applied. */
  readonly failure: Failure | undefined;
  /** Updates that the nameserver refused, the newest at the end. */
  readonly whyRefused: readonly WhyRefused[];
  /** Updates in a row that had no sure answer, or never left. */
  readonly failures: number;
  /** Nothing is written before this time. */
  readonly nextAt: MonoMs;
  /** Kinds of update that the nameserver refused over this ledger. Each kind waits by itself. */
  readonly pauses: ReadonlyMap<WriteKind, Pause>;
  /** The nameserver refused updates over this zone; undefined as soon as it applied one. */
  readonly refusals: Refusals | undefined;
  /** Why the last move left out the replicas' name and the SRV RRset; undefined once one was applied. */
  readonly leftOut: Failure | undefined;
}

/** What only time shows (decide/settle.ts). */
export interface Evidence {
  /** Servers that were seen streaming from the published source, or from one of these. */
  readonly line: ReadonlySet<ServerId>;
  /** Servers that were unknown for `gone_after` while all was steady. */
  readonly gone: ReadonlySet<ServerAddress>;
  readonly steadySince: MonoMs | undefined;
  /** Since when the weak evidence of a cluster of two holds. */
  readonly weakSince: MonoMs | undefined;
  /** Since when every server was seen and none is a source. */
  readonly sourcelessSince: MonoMs | undefined;
  readonly rejoins: ReadonlyMap<ServerAddress, Rejoin>;
  /** Members without a way to the published source while that source is well, and since when. */
  readonly wayless: ReadonlyMap<ServerAddress, MonoMs>;
  /** Facts of servers when they were first seen to follow a former source: later data may be stale. */
  readonly beforeStale: ReadonlyMap<ServerAddress, ServerFacts>;
}

/** What this instance does about the replicas' RRset. */
interface ReplicasMemory {
  readonly wrongSince: MonoMs | undefined;
  readonly writtenAt: MonoMs | undefined;
  /** Another instance took over while this one kept the RRset: not taken back before both agree. */
  readonly yielded: boolean;
}

/** What bounds the number of moves and repairs. */
interface Limits {
  /** When epochs were seen to rise. */
  readonly moves: readonly MonoMs[];
  readonly flapping: boolean;
  readonly repairs: readonly MonoMs[];
}

/** What `step` remembers of one publication, by owner. Plain data, never changed in place. */
export interface PublicationState {
  readonly settings: PublicationSettings;
  readonly decision: Decision;
  readonly decidedAt: Moment;
  /** Decided at least once on a zone that was read. */
  readonly ready: boolean;
  readonly zone: ZoneMemory;
  readonly writing: Writing;
  readonly evidence: Evidence;
  readonly replicas: ReplicasMemory;
  readonly limits: Limits;
  readonly lastMove: Move | undefined;
  readonly propagation: Propagation | undefined;
}

/** A publication after a restart. */
export const newPublication = (
  settings: PublicationSettings,
  remembered: Remembered | undefined,
  now: Now,
): PublicationState => ({
  settings,
  decision: { kind: 'hold', reason: 'ledger-unknown', sentence: 'The zone has not been read yet.' },
  decidedAt: { mono: now.mono, wall: now.wall },
  ready: false,
  zone: {
    view: undefined,
    movedElsewhereAt: undefined,
    failure: undefined,
    reading: false,
    questions: undefined,
    nextReadAt: now.mono,
    endedAt: undefined,
    remembered,
    lastLedger: undefined,
    gaveWay: false,
    lostSince: undefined,
  },
  writing: {
    inFlight: undefined,
    pending: [],
    awaiting: undefined,
    mustRead: false,
    failure: undefined,
    whyRefused: [],
    failures: 0,
    nextAt: now.mono,
    pauses: new Map(),
    refusals: undefined,
    leftOut: undefined,
  },
  evidence: {
    line: new Set(),
    gone: new Set(),
    steadySince: undefined,
    weakSince: undefined,
    sourcelessSince: undefined,
    rejoins: new Map(),
    wayless: new Map(),
    beforeStale: new Map(),
  },
  replicas: { wrongSince: undefined, writtenAt: undefined, yielded: false },
  limits: { moves: [], flapping: false, repairs: [] },
  lastMove: undefined,
  propagation: undefined,
});
