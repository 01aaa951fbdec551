/** What `step` remembers of one cluster. Plain data, never changed in place. */

import type { Rejoin } from '../observe/waypoint.ts';
import type { AddressTrial } from './address-trial.ts';
import type { Decision } from './decision.ts';
import type { Alarm, Command, CommandResult, Move, Remembered } from './events.ts';
import type { Ledger } from './ledger.ts';
import type { Failure, Probe, ServerFacts } from './observation.ts';
import type { Propagation, WhyRefused } from './publication.ts';
import type { ClusterSettings, PublicationSettings, ServerSettings } from './settings.ts';
import type { MonoMs, Now, ServerAddress, ServerId, WallMs } from './units.ts';
import type { WriteKind } from './vocabulary.ts';
import type { Question, Rrset, UpdatePlan, Wanted } from './zone.ts';
import type { Refusals, ZoneView } from './zone-view.ts';

export interface ClusterState {
  readonly settings: ClusterSettings;
  /** The configured ones in their order, then those that were discovered. */
  readonly servers: ReadonlyMap<ServerAddress, ServerMemory>;
  readonly discovery: DiscoveryMemory;
  readonly publications: ReadonlyMap<string, PublicationState>;
  /** The first one is in progress. */
  readonly commands: readonly RunningCommand[];
  /** The servers are asked at `suspect_interval` until then. */
  readonly suspectUntil: MonoMs;
  /** Observations before this do not count: the clocks jumped. */
  readonly staleBefore: MonoMs;
  readonly clocks: { readonly mono: MonoMs; readonly wall: WallMs };
  readonly alarms: readonly Alarm[];
}

export interface Moment {
  readonly mono: MonoMs;
  readonly wall: WallMs;
}

/** What is remembered of addresses that are not asked. */
interface DiscoveryMemory {
  /** Further addresses of servers that are known already, until they are looked at again. */
  readonly aliases: ReadonlyMap<ServerAddress, MonoMs>;
  /** Those for which there is no room. */
  readonly unasked: readonly ServerAddress[];
}

export interface ServerMemory {
  readonly settings: ServerSettings;
  /** Of a discovered one: when it was, and when a configured one last spoke of it. */
  readonly mentioned?: { readonly firstAt: MonoMs; readonly lastAt: MonoMs };
  readonly latest?: { readonly probe: Probe; readonly at: MonoMs };
  /** The newest observation that it answered itself. */
  readonly facts?: ServerFacts;
  readonly factsAt?: MonoMs;
  readonly unknownSince?: MonoMs;
  /** When the present unbroken run of writable observations began. */
  readonly writableSince?: Moment;
  /** When its promotion was seen: read-only, then writable, in one server process. Absent as soon as it is read-only again, or restarts. */
  readonly promotedAt?: MonoMs;
  /** When the newest probe was sent that found it not writable: before that it was not promoted. */
  readonly shutAskedAt?: MonoMs;
  /** When the first probe was sent, since it was found writable the last time, that did not find it writable. Absent while it is. */
  readonly lostAskedAt?: MonoMs;
  /** When it was seen to close: writable, then not, in one server process. Absent as soon as it is writable again. */
  readonly closedAt?: Moment;
  /** Since when each channel's receiver was seen on, to one source; kept while it looks for that source again. */
  readonly receiving: ReadonlyMap<string, Receiving>;
  readonly probing?: MonoMs;
  readonly nextProbeAt: MonoMs;
  /** What the resolver said last, sorted; what came of trying each of these (server-addresses.ts); and the one that is being tried. */
  readonly proposed?: readonly string[];
  readonly trials: ReadonlyMap<string, AddressTrial>;
  readonly trying?: string;
  /** Those at which it answered: what clients get. They stay until others are proven. */
  readonly addresses?: readonly string[];
  readonly resolveFailure?: Failure;
  readonly resolving: boolean;
  readonly nextResolveAt: MonoMs;
}

export interface Receiving {
  readonly source: string;
  /** False: it is looking for that source again. */
  readonly on: boolean;
  readonly since: MonoMs;
  /** When it was on for the first time in this process. */
  readonly metAt: MonoMs;
  /** We saw it come on: that it connected is as good as a heartbeat. */
  readonly witnessed: boolean;
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

export interface RunningCommand {
  readonly id: string;
  readonly command: Command;
  /** Undefined while it waits in the queue. */
  readonly since?: MonoMs;
  readonly until?: MonoMs;
  /** By nameserver. */
  readonly progress: ReadonlyMap<string, CommandProgress>;
}

export interface CommandProgress {
  /** The epoch when the command was first looked at. */
  readonly epoch?: number;
  readonly result?: CommandResult;
}

/** A cluster of which nothing is known yet. */
export function initialState(
  settings: ClusterSettings,
  remembered: readonly Remembered[],
  now: Now,
): ClusterState {
  const lastOf = ({ nameserver }: PublicationSettings) =>
    remembered.find((entry) => entry.nameserver === nameserver);
  return {
    settings,
    servers: new Map(settings.servers.map((server) => [server.address, newServer(server, now.mono)])),
    discovery: { aliases: new Map(), unasked: [] },
    publications: new Map(
      settings.publications.map((publication) => [
        publication.nameserver,
        newPublication(publication, lastOf(publication), now),
      ]),
    ),
    commands: [],
    suspectUntil: now.mono,
    staleBefore: now.mono,
    clocks: { mono: now.mono, wall: now.wall },
    alarms: [],
  };
}

export const newServer = (settings: ServerSettings, at: MonoMs): ServerMemory => ({
  settings,
  receiving: new Map(),
  trials: new Map(),
  nextProbeAt: at,
  resolving: false,
  nextResolveAt: at,
});

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

/** The state with one server's memory replaced. */
export const withServer = (state: ClusterState, memory: ServerMemory): ClusterState => ({
  ...state,
  servers: new Map(state.servers).set(memory.settings.address, memory),
});

/** The state with one publication replaced. */
export const withPublication = (state: ClusterState, publication: PublicationState): ClusterState => ({
  ...state,
  publications: new Map(state.publications).set(publication.settings.nameserver, publication),
});

/** An object without the value of one optional key. */
export function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  // Most often it is not there, and copying is what a step spends its time on.
  if (value[key] === undefined) return value;
  // The key stays, so that all copies have one shape: an object that loses a key is ten times as slow to copy from then on.
  const copy: { -readonly [P in keyof T]?: T[P] | undefined } = { ...value };
  copy[key] = undefined;
  return copy as Omit<T, K>;
}
