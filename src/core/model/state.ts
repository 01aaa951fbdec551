/** What `step` remembers of one cluster. Plain data, never changed in place. */

import type { AddressTrial } from './address-trial.ts';
import { changedCopy } from './changed-copy.ts';
import type { Alarm, Command, CommandResult } from './events.ts';
import type { Fencing } from './fence.ts';
import type { Failure, Probe, ServerFacts } from './observation.ts';
import { newPublication, type PublicationState } from './publication.ts';
import type { Remembered } from './remembered.ts';
import type { ClusterSettings, PublicationSettings, ServerSettings } from './settings.ts';
import type { Moment, MonoMs, Now, ServerAddress, ServerId, WallMs } from './units.ts';

export interface ClusterState {
  readonly settings: ClusterSettings;
  /** The configured ones in their order, then those that were discovered. */
  readonly servers: ReadonlyMap<ServerAddress, ServerMemory>;
  readonly discovery: DiscoveryMemory;
  readonly publications: ReadonlyMap<string, PublicationState>;
  /** The superseded sources, if the settings say that servers are fenced. */
  readonly fences: ReadonlyMap<ServerAddress, Fencing>;
  /** The first one is in progress. */
  readonly commands: readonly RunningCommand[];
  /** There is a suspicion until then: the servers are asked more often. */
  readonly suspectUntil: MonoMs;
  readonly haste: Haste;
  /** What the prober was told last; undefined: it must be told. */
  readonly watched: Watched | undefined;
  /** Observations before this do not count: the clocks jumped. */
  readonly staleBefore: MonoMs;
  /** When the last turn was. */
  readonly turnAt: MonoMs;
  /** A turn that events share is due then. Undefined: none is owed. */
  readonly turnDueAt: MonoMs | undefined;
  /** Until then an event without news needs no turn. Not in the future: the cluster is not at rest. */
  readonly restUntil: MonoMs;
  /** When the next tick is wanted: nothing is due before. */
  readonly wakeAt: MonoMs;
  readonly clocks: { readonly mono: MonoMs; readonly wall: WallMs };
  readonly alarms: readonly Alarm[];
}

export interface Haste {
  /** How much of the haste is spent, as of `at`: suspicion spends it, quiet time slowly gives it back. */
  readonly spentMs: number;
  readonly at: MonoMs;
  /** When the haste was whole again at once. */
  readonly renewedAt: MonoMs;
}

export interface Watched {
  readonly servers: readonly ServerAddress[];
  readonly everyMs: number;
}

/** What is remembered of addresses that are not asked. */
interface DiscoveryMemory {
  /** Other addresses of known servers, until they are looked at again. */
  readonly aliases: ReadonlyMap<ServerAddress, MonoMs>;
  /** Addresses for which there is no room. */
  readonly unasked: readonly ServerAddress[];
}

export interface ServerMemory {
  readonly settings: ServerSettings;
  /** Of a discovered server: when it was found, and when a configured server last named it. */
  readonly mentioned: { readonly firstAt: MonoMs; readonly lastAt: MonoMs } | undefined;
  /** `askedAt`: when it was sent at the earliest. */
  readonly latest: { readonly probe: Probe; readonly at: MonoMs; readonly askedAt: MonoMs } | undefined;
  /** Why the newest probe did not ask. Undefined: it asked. */
  readonly unasked: Failure | undefined;
  /** The newest facts that it answered. */
  readonly facts: ServerFacts | undefined;
  readonly factsAt: MonoMs | undefined;
  readonly unknownSince: MonoMs | undefined;
  /** When the present unbroken run of writable observations began. */
  readonly writableSince: Moment | undefined;
  /** Read-only, then writable, in one process. Undefined once it is read-only again, or restarts. */
  readonly promotedAt: MonoMs | undefined;
  /** When the newest probe was sent that did not find it writable. */
  readonly shutAskedAt: MonoMs | undefined;
  /** When the first probe was sent that did not find it writable any more. Undefined while it is writable. */
  readonly lostAskedAt: MonoMs | undefined;
  /** Writable, then not, in one process. Undefined once it is writable again. */
  readonly closedAt: Moment | undefined;
  /** Since when each receiver was seen on, to one source; kept while it looks for that source again. */
  readonly receiving: ReadonlyMap<string, Receiving>;
  readonly probing: MonoMs | undefined;
  readonly nextProbeAt: MonoMs;
  /** The resolver's last answer, sorted; the trials of its addresses; the present trial. */
  readonly proposed: readonly string[] | undefined;
  readonly trials: ReadonlyMap<string, AddressTrial>;
  readonly trying: string | undefined;
  /** Where it answered: what clients get. They stay until others are proven. */
  readonly addresses: readonly string[] | undefined;
  readonly resolveFailure: Failure | undefined;
  readonly resolving: boolean;
  readonly nextResolveAt: MonoMs;
}

export interface Receiving {
  readonly source: string;
  /** False: it is looking for that source again. */
  readonly on: boolean;
  readonly since: MonoMs;
  /** When it was first on in this process. */
  readonly metAt: MonoMs;
  /** We saw it connect: that is as good as a heartbeat. */
  readonly witnessed: boolean;
}

export interface RunningCommand {
  readonly id: string;
  readonly command: Command;
  /** Undefined while it waits in the queue. */
  readonly since: MonoMs | undefined;
  readonly until: MonoMs | undefined;
  /** By nameserver. */
  readonly progress: ReadonlyMap<string, CommandProgress>;
}

export interface CommandProgress {
  /** The epoch when the command was first looked at. */
  readonly epoch?: number;
  readonly result?: CommandResult;
}

/** All haste is there. */
export const newHaste = ({ mono }: Now): Haste => ({ spentMs: 0, at: mono, renewedAt: mono });

/** A cluster after a restart. */
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
    fences: new Map(),
    commands: [],
    suspectUntil: now.mono,
    haste: newHaste(now),
    watched: undefined,
    staleBefore: now.mono,
    turnAt: now.mono,
    turnDueAt: undefined,
    restUntil: now.mono,
    wakeAt: now.mono,
    clocks: { mono: now.mono, wall: now.wall },
    alarms: [],
  };
}

export const newServer = (settings: ServerSettings, at: MonoMs): ServerMemory => ({
  settings,
  mentioned: undefined,
  latest: undefined,
  unasked: undefined,
  facts: undefined,
  factsAt: undefined,
  unknownSince: undefined,
  writableSince: undefined,
  promotedAt: undefined,
  shutAskedAt: undefined,
  lostAskedAt: undefined,
  closedAt: undefined,
  receiving: new Map(),
  probing: undefined,
  nextProbeAt: at,
  proposed: undefined,
  trials: new Map(),
  trying: undefined,
  addresses: undefined,
  resolveFailure: undefined,
  resolving: false,
  nextResolveAt: at,
});

/** The state with this changed. */
export const changedState = changedCopy<ClusterState>((state) => ({
  settings: state.settings,
  servers: state.servers,
  discovery: state.discovery,
  publications: state.publications,
  fences: state.fences,
  commands: state.commands,
  suspectUntil: state.suspectUntil,
  haste: state.haste,
  watched: state.watched,
  staleBefore: state.staleBefore,
  turnAt: state.turnAt,
  turnDueAt: state.turnDueAt,
  restUntil: state.restUntil,
  wakeAt: state.wakeAt,
  clocks: state.clocks,
  alarms: state.alarms,
}));

/** The memory with this changed. */
export const changedServer = changedCopy<ServerMemory>((memory) => ({
  settings: memory.settings,
  mentioned: memory.mentioned,
  latest: memory.latest,
  unasked: memory.unasked,
  facts: memory.facts,
  factsAt: memory.factsAt,
  unknownSince: memory.unknownSince,
  writableSince: memory.writableSince,
  promotedAt: memory.promotedAt,
  shutAskedAt: memory.shutAskedAt,
  lostAskedAt: memory.lostAskedAt,
  closedAt: memory.closedAt,
  receiving: memory.receiving,
  probing: memory.probing,
  nextProbeAt: memory.nextProbeAt,
  proposed: memory.proposed,
  trials: memory.trials,
  trying: memory.trying,
  addresses: memory.addresses,
  resolveFailure: memory.resolveFailure,
  resolving: memory.resolving,
  nextResolveAt: memory.nextResolveAt,
}));

/** The state with one server's memory replaced. */
export const withServer = (state: ClusterState, memory: ServerMemory): ClusterState =>
  changedState(state, { servers: new Map(state.servers).set(memory.settings.address, memory) });

/** It answered its last probe. Nothing waits for a discovered server. */
export const isAnswering = ({ latest, settings }: ServerMemory): boolean =>
  latest?.probe.kind === 'reachable' && settings.discovered === undefined;

/** Whether a cluster has begun: each server was asked, each zone was read, and nothing is on its way. */
export const isUp = ({ servers, publications }: ClusterState): boolean =>
  [...servers.values()].every(({ latest, settings }) => latest !== undefined || settings.discovered) &&
  [...publications.values()].every(
    ({ ready, writing }) => ready && writing.inFlight === undefined && writing.awaiting === undefined,
  );

/** All servers that answer are asked now, so that their answers are of one time; `but` this one. */
export const withAllAsked = (state: ClusterState, now: Now, but?: ServerMemory): ClusterState => ({
  ...state,
  servers: new Map(
    [...state.servers].map(([address, memory]) => [
      address,
      memory !== but && isAnswering(memory) ? askedNow(memory, now) : memory,
    ]),
  ),
});

export const askedNow = (memory: ServerMemory, { mono }: Now): ServerMemory => ({
  ...memory,
  nextProbeAt: mono,
});

/** The state with one publication replaced. */
export const withPublication = (state: ClusterState, publication: PublicationState): ClusterState =>
  changedState(state, {
    publications: new Map(state.publications).set(publication.settings.nameserver, publication),
  });

/** The state in which no publication knows this server as one of its line. */
export function withoutInLine(state: ClusterState, id: ServerId): ClusterState {
  const without = (publication: PublicationState): PublicationState => {
    const line = new Set(publication.evidence.line);
    return line.delete(id) ? { ...publication, evidence: { ...publication.evidence, line } } : publication;
  };
  const publications = [...state.publications].map(([name, each]) => [name, without(each)] as const);
  return { ...state, publications: new Map(publications) };
}
