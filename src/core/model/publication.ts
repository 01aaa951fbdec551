/** What is remembered of a publication's last move (state.ts): how far it has come; and of its last refused update. */

import type { GtidSet } from '../gtid/gtid-set.ts';
import type { Decision } from './decision.ts';
import type { Move, NameserverTime, Remembered } from './events.ts';
import type { Ledger } from './ledger.ts';
import type { Coordinates, Failure, ServerFacts } from './observation.ts';
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
  readonly nameservers: Spread;
  readonly resolvers?: Spread;
}

/** How far it has come among some nameservers. */
export interface Spread {
  readonly nameservers: readonly NameserverTime[];
  readonly complete: boolean;
  /** They are being asked. */
  readonly running: boolean;
  /** When they are asked again. */
  readonly nextAt: MonoMs;
  /** Who has not answered by then is late. */
  readonly overdueAt: MonoMs;
}

/** An update that the nameserver refused, and what is known of why. */
export interface WhyRefused {
  /** What was refused, and how: the same refusal has the same text. */
  readonly about: string;
  readonly plan: UpdatePlan;
  /** As the nameserver said it. */
  readonly said: Failure;
  /** The same in better words, after an inspection. */
  readonly found?: Failure;
  /** The command that wanted this update. */
  readonly commandId?: string;
  /** It was refused since the last inspection began. */
  readonly isDue: boolean;
  readonly isRunning: boolean;
  /** No inspection begins sooner. */
  readonly nextAt: MonoMs;
}

/** Of the same kind as the comparison that it was taken for. */
export type Waypoint =
  | { readonly kind: 'gtids'; readonly set: GtidSet }
  | { readonly kind: 'gtids-and-coordinates'; readonly set: GtidSet; readonly at: Coordinates }
  | { readonly kind: 'coordinates'; readonly at: Coordinates }
  /** `wsrep_last_committed`. */
  | { readonly kind: 'write-set'; readonly number: number }
  | { readonly kind: 'shared' };

/** How far a former source has come on its way back into the line. */
export interface Rejoin {
  /** The published source that all of this is about: after a move it begins anew. */
  readonly source?: ServerId;
  /** When it was first seen attached to the published source, in this run. */
  readonly attachedAt?: MonoMs;
  /** Where the source was after that: must be reached here. */
  readonly target?: Waypoint;
  /** The source's executed set when it was first seen attached: where sets leave transactions out, only what is newer proves something. */
  readonly baseline?: GtidSet;
  /** It was seen, since it is the source no more, where what it writes has no GTID: what it wrote by itself cannot be known. */
  readonly hidden?: true;
  /** Its own executed set when it had done so: a later snapshot of the source must have it all. */
  readonly executed?: { readonly set: GtidSet; readonly at: MonoMs };
  readonly rejoined: boolean;
  /** Transactions of its own that the source lacks; absent: not compared yet. */
  readonly errant?: number;
  /** When its set was last compared with the source's. */
  readonly comparedAt?: MonoMs;
}

/** One update that was sent. */
export interface Attempt {
  readonly try: string;
  readonly plan: UpdatePlan;
  readonly what: WriteKind;
  /** The same for every attempt at the same thing. */
  readonly aim: string;
  /** Whom its ledger names as the source. */
  readonly source: ServerAddress;
  /** The ledger that it replaces: as soon as the zone has another, it can no longer be applied. */
  readonly baseText: string;
  /** What it writes, but for the ledger. */
  readonly wanted: readonly Wanted[];
  /** After this its signature is too old for the nameserver. */
  readonly lapsesAt: MonoMs;
  readonly sentence: string;
  readonly move?: Omit<Move, 'appliedAt'>;
  /** The source's own RRsets as it leaves them. */
  readonly present: readonly Rrset[];
  readonly absent: readonly Question[];
  /** Answered with a failed prerequisite: it cannot be applied any more, but a duplicate of it may have been. */
  readonly answered?: boolean;
  /** Something else is wanted by now: if it has not left yet, it never will. */
  readonly recalled?: true;
  readonly commandId?: string;
}

export interface Pause {
  readonly times: number;
  readonly until: MonoMs;
}

export interface PublicationState {
  readonly settings: PublicationSettings;
  /** The zone as it was read last; never an older one than an update that is known to be applied. */
  readonly view?: ZoneView;
  /** When it was read last that another instance had moved the name. */
  readonly movedElsewhereAt?: MonoMs;
  readonly readFailure?: Failure;
  readonly reading: boolean;
  /** What is asked by the read that is on its way, or was by the last one. */
  readonly questions?: readonly Question[];
  readonly nextReadAt: MonoMs;
  /** When the last read ended, well or not. */
  readonly readEndedAt?: MonoMs;
  /** The move of the highest epoch that was seen: a ledger behind it is `ledger-lost`. */
  readonly remembered?: Remembered;
  /** The last ledger that was read and not behind. */
  readonly lastLedger?: Ledger;
  readonly lostSince?: MonoMs;
  readonly inFlight?: Attempt;
  /** Updates without an answer that proves anything: they may still be applied. */
  readonly pending: readonly Attempt[];
  /** An update was acknowledged; until a read shows it, what is read is old. */
  readonly awaiting?: { readonly attempt: Attempt; readonly until: MonoMs };
  /** The last update did not find the zone as it was read, or nobody knows: read again before the next one. */
  readonly mustRead: boolean;
  /** Why the last update failed, until one is applied. */
  readonly writeFailure?: Failure;
  /** Updates that the nameserver refused, the last one at the end. */
  readonly whyRefused: readonly WhyRefused[];
  /** Updates without a sure answer, or that never left, in a row; and until when nothing is written because of them. */
  readonly writeFailures: number;
  readonly nextWriteAt: MonoMs;
  /** Kinds of update that the nameserver refused over this ledger: each waits by itself, and keeps no other one waiting. */
  readonly pauses: ReadonlyMap<WriteKind, Pause>;
  /** The nameserver refused updates over this zone; absent as soon as one was applied. */
  readonly refusals?: Refusals;
  /** Why the last move went without the replicas' name and the SRV RRset; absent as soon as an update with one of them was applied. */
  readonly leftOut?: Failure;
  readonly decision: Decision;
  readonly decidedAt: Moment;
  /** Decided at least once on a zone that was read. */
  readonly ready: boolean;
  /** Servers that were seen streaming from the published source, or from one of these. */
  readonly line: ReadonlySet<ServerId>;
  /** Servers that were unknown for `gone_after` while all was steady. */
  readonly gone: ReadonlySet<ServerAddress>;
  readonly steadySince?: MonoMs | undefined;
  /** Since when the weak evidence of a cluster of two holds. */
  readonly weakSince?: MonoMs | undefined;
  /** Since when every server was seen and none is a source. */
  readonly sourcelessSince?: MonoMs | undefined;
  readonly rejoins: ReadonlyMap<ServerAddress, Rejoin>;
  /** Members that have no way to the published source while it is well, and since when. */
  readonly wayless: ReadonlyMap<ServerAddress, MonoMs>;
  /** What a server that replicates from a former source was like when it was first seen to: what it gets from there since may be stale writes, which nobody lacks. */
  readonly beforeStale: ReadonlyMap<ServerAddress, ServerFacts>;
  /** When epochs were seen to rise. */
  readonly moves: readonly MonoMs[];
  readonly flapping: boolean;
  readonly repairs: readonly MonoMs[];
  readonly replicasWrongSince?: MonoMs;
  readonly replicasWrittenAt?: MonoMs;
  /** Another instance took them over while this one was there and kept them: it is not taken back before the two agree again. */
  readonly replicasYielded?: true;
  readonly lastMove?: Move;
  readonly propagation?: Propagation;
}

export const newPublication = (
  settings: PublicationSettings,
  remembered: Remembered | undefined,
  now: Now,
): PublicationState => ({
  settings,
  ...(remembered === undefined ? {} : { remembered }),
  reading: false,
  nextReadAt: now.mono,
  pending: [],
  mustRead: false,
  whyRefused: [],
  writeFailures: 0,
  nextWriteAt: now.mono,
  pauses: new Map(),
  decision: { kind: 'hold', reason: 'ledger-unknown', sentence: 'The zone has not been read yet.' },
  decidedAt: { mono: now.mono, wall: now.wall },
  ready: false,
  line: new Set(),
  gone: new Set(),
  rejoins: new Map(),
  wayless: new Map(),
  beforeStale: new Map(),
  moves: [],
  flapping: false,
  repairs: [],
});
