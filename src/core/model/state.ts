/** What `step` remembers of one cluster. Plain data, never changed in place. */

import type { AddressTrial } from './address-trial.ts';
import type { Alarm, Command, CommandResult, Remembered } from './events.ts';
import type { Failure, Probe, ServerFacts } from './observation.ts';
import { newPublication, type PublicationState } from './publication.ts';
import type { ClusterSettings, PublicationSettings, ServerSettings } from './settings.ts';
import type { Moment, MonoMs, Now, ServerAddress, ServerId, WallMs } from './units.ts';

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
  readonly mentioned: { readonly firstAt: MonoMs; readonly lastAt: MonoMs } | undefined;
  readonly latest: { readonly probe: Probe; readonly at: MonoMs } | undefined;
  /** The newest observation that it answered itself. */
  readonly facts: ServerFacts | undefined;
  readonly factsAt: MonoMs | undefined;
  readonly unknownSince: MonoMs | undefined;
  /** When the present unbroken run of writable observations began. */
  readonly writableSince: Moment | undefined;
  /** When its promotion was seen: read-only, then writable, in one server process. Absent as soon as it is read-only again, or restarts. */
  readonly promotedAt: MonoMs | undefined;
  /** When the newest probe was sent that found it not writable: before that it was not promoted. */
  readonly shutAskedAt: MonoMs | undefined;
  /** When the first probe was sent, since it was found writable the last time, that did not find it writable. Absent while it is. */
  readonly lostAskedAt: MonoMs | undefined;
  /** When it was seen to close: writable, then not, in one server process. Absent as soon as it is writable again. */
  readonly closedAt: Moment | undefined;
  /** Since when each channel's receiver was seen on, to one source; kept while it looks for that source again. */
  readonly receiving: ReadonlyMap<string, Receiving>;
  readonly probing: MonoMs | undefined;
  readonly nextProbeAt: MonoMs;
  /** What the resolver said last, sorted; what came of trying each of these (server-addresses.ts); and the one that is being tried. */
  readonly proposed: readonly string[] | undefined;
  readonly trials: ReadonlyMap<string, AddressTrial>;
  readonly trying: string | undefined;
  /** Those at which it answered: what clients get. They stay until others are proven. */
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
  /** When it was on for the first time in this process. */
  readonly metAt: MonoMs;
  /** We saw it come on: that it connected is as good as a heartbeat. */
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
  mentioned: undefined,
  latest: undefined,
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

/** The state in which no publication knows this server as one of its line. */
export function withoutInLine(state: ClusterState, id: ServerId): ClusterState {
  const without = (publication: PublicationState): PublicationState => {
    const line = new Set(publication.evidence.line);
    return line.delete(id) ? { ...publication, evidence: { ...publication.evidence, line } } : publication;
  };
  const publications = [...state.publications].map(([name, each]) => [name, without(each)] as const);
  return { ...state, publications: new Map(publications) };
}
