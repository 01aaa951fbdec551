/** Asks for the probes, look-ups and reads that are due, and for the next wake. */

import { withZone } from './model/changed-publication.ts';
import type { Turn } from './model/events.ts';
import { isWanted } from './model/fence.ts';
import {
  doubtedAfter,
  queueingTimeouts,
  resolveAgainMs,
  resolveEveryMs,
  resolveTimeoutMs,
  silentPauseMs,
} from './model/limits.ts';
import { paceOf, restMs, sharedTurnMs } from './model/pace.ts';
import type { PublicationState } from './model/publication.ts';
import {
  type ClusterState,
  changedServer,
  changedState,
  type ServerMemory,
  type Watched,
} from './model/state.ts';
import { type MonoMs, type Now, plusMs, type ServerAddress } from './model/units.ts';
import { discoveredPauseMs } from './observe/discovery.ts';
import { toGlanceAt } from './observe/glances.ts';
import { isLookedUp, nextTrial, placesOf, tryIfDue } from './observe/server-addresses.ts';
import { isSide, managedQuestions } from './publish/desired.ts';
import { nextSlices, propagateIfDue } from './publish/propagation.ts';
import { inspectIfDue, nextInspection } from './publish/why-refused.ts';

export function schedule(turn: Turn, state: ClusterState): ClusterState {
  const until = dueUntil(state, turn.now);
  const servers = changed(state.servers, first(state), (memory) =>
    tryIfDue(turn, state, resolveIfDue(turn, probeIfDue(turn, state, memory, until))),
  );
  const publications = changed(state.publications, state.publications.keys(), (publication) =>
    askIfDue(turn, publication),
  );
  const next = changedState(state, { servers, publications });
  return wakeAt(turn, next, firstDue(next, turn.now));
}

/**
 * The same after an event that waits: nothing but this server has changed. Most often nothing is due, and the
 * next tick stays where it is.
 */
export function scheduleOne(turn: Turn, state: ClusterState, server: ServerAddress): ClusterState {
  const memory = state.servers.get(server);
  const next = Math.min(
    memory === undefined ? turn.now.mono : dueAt(memory),
    state.turnDueAt ?? never,
  ) as MonoMs;
  if (Math.min(next, state.wakeAt) <= turn.now.mono) return schedule(turn, state);
  return next < state.wakeAt ? wakeAt(turn, state, next) : state;
}

function wakeAt({ effects }: Turn, state: ClusterState, at: MonoMs): ClusterState {
  effects.push({ kind: 'wake', at });
  return changedState(state, { wakeAt: at });
}

/** Says which servers to glance at, if that has changed. */
export function watch({ now, effects }: Turn, state: ClusterState): ClusterState {
  const watched = { servers: toGlanceAt(state, now), everyMs: paceOf(state, now).glanceMs };
  if (sameWatch(state.watched, watched)) return state;
  effects.push({ kind: 'watch', ...watched });
  return changedState(state, { watched });
}

const sameWatch = (before: Watched | undefined, after: Watched): boolean =>
  before?.everyMs === after.everyMs &&
  before.servers.length === after.servers.length &&
  before.servers.every((server, index) => server === after.servers[index]);

/** All servers, those that the name may move to first: their answers decide. */
const first = ({ watched, servers }: ClusterState): Iterable<ServerAddress> =>
  new Set([...(watched?.servers ?? []), ...servers.keys()]);

/**
 * Until when a server counts as due. At rest, all that are due within half an interval are asked with the
 * first one: to wake up costs more than a question. Where answers share a turn, they should come together.
 */
function dueUntil(state: ClusterState, now: Now): MonoMs {
  const { mono } = now;
  const isDue = ({ probing, nextProbeAt }: ServerMemory) => probing === undefined && nextProbeAt <= mono;
  const isTogether = mono < state.restUntil || sharedTurnMs(now) > 0;
  if (!isTogether || ![...state.servers.values()].some(isDue)) return mono;
  const earlyMs =
    mono < state.restUntil ? state.settings.watch.intervalMs / 2 : paceOf(state, now).probeMs / 4;
  return plusMs(mono, earlyMs);
}

/** Copies the map only if a value changes: in most steps nothing is due. */
function changed<K, V>(
  all: ReadonlyMap<K, V>,
  keys: Iterable<K>,
  change: (value: V) => V,
): ReadonlyMap<K, V> {
  let next: Map<K, V> | undefined;
  for (const key of keys) {
    const before = all.get(key) as V;
    const after = change(before);
    if (after !== before) next = (next ?? new Map(all)).set(key, after);
  }
  return next ?? all;
}

const askIfDue = (turn: Turn, publication: PublicationState): PublicationState =>
  inspectIfDue(turn, propagateIfDue(turn, readIfDue(turn, publication)));

function pauseMs(state: ClusterState, memory: ServerMemory, now: Now): number {
  if (memory.settings.discovered) return discoveredPauseMs(state, memory);
  const { probeMs } = paceOf(state, now);
  const answers = memory.latest === undefined || memory.latest.probe.kind === 'reachable';
  return answers ? probeMs : Math.min(Math.max(probeMs, silentPauseMs), state.settings.watch.intervalMs);
}

function probeIfDue(
  { now, effects }: Turn,
  state: ClusterState,
  memory: ServerMemory,
  until: MonoMs,
): ServerMemory {
  const lastAt = memory.latest?.at;
  // A suspicion may shorten the planned pause, never lengthen it. At rest nothing does.
  const due =
    lastAt === undefined || now.mono < state.restUntil
      ? memory.nextProbeAt
      : Math.min(memory.nextProbeAt, lastAt + pauseMs(state, memory, now));
  if (memory.probing !== undefined || until < due)
    return memory.nextProbeAt === due ? memory : changedServer(memory, { nextProbeAt: due as MonoMs });
  const deadline = plusMs(now.mono, state.settings.watch.probeTimeoutMs);
  const places = isLookedUp(memory) ? placesOf(state, memory) : undefined;
  effects.push({ kind: 'probe', server: memory.settings.address, places, deadline });
  return changedServer(memory, {
    probing: deadline,
    nextProbeAt: plusMs(now.mono, pauseMs(state, memory, now)),
  });
}

function resolveIfDue({ now, effects }: Turn, memory: ServerMemory): ServerMemory {
  if (!isLookedUp(memory) || memory.resolving || now.mono < memory.nextResolveAt) return memory;
  effects.push({
    kind: 'resolve',
    server: memory.settings.address,
    deadline: plusMs(now.mono, resolveTimeoutMs),
  });
  return changedServer(memory, { resolving: true });
}

export const nextResolve = (now: Now, found: boolean): MonoMs =>
  plusMs(now.mono, found ? resolveEveryMs : resolveAgainMs);

function readIfDue({ now, effects }: Turn, publication: PublicationState): PublicationState {
  const { settings, writing } = publication;
  const { reading, nextReadAt, lastLedger } = publication.zone;
  if (reading || now.mono < nextReadAt) return publication;
  const { nameserver, zone, source, timeoutMs } = settings;
  const questions = managedQuestions(settings, lastLedger?.replicas?.name);
  const sides = [
    ...new Set(questions.filter((question) => isSide(source, question)).map(({ name }) => name)),
  ];
  const { withSides, withoutSides } = writing.refusals ?? { withSides: 0, withoutSides: 0 };
  const anew = withSides + withoutSides >= doubtedAfter ? true : undefined;
  const deadline = plusMs(now.mono, queueingTimeouts * timeoutMs);
  effects.push({ kind: 'read-zone', nameserver, zone, questions, sides, anew, deadline });
  return withZone(publication, { reading: true, questions });
}

/** When this server is due without an answer. */
function dueAt(memory: ServerMemory): MonoMs {
  const probeAt = memory.probing === undefined ? memory.nextProbeAt : never;
  const resolveAt = !memory.resolving && isLookedUp(memory) ? memory.nextResolveAt : never;
  return Math.min(probeAt, resolveAt, nextTrial(memory)?.at ?? never) as MonoMs;
}

const never = Number.POSITIVE_INFINITY;

/** The earliest moment at which something is due without an answer. */
function firstDue(state: ClusterState, now: Now): MonoMs {
  const times: number[] = [plusMs(now.mono, restMs(state.settings, now)), state.turnDueAt ?? never];
  for (const memory of state.servers.values()) times.push(dueAt(memory));
  for (const publication of state.publications.values()) {
    if (!publication.zone.reading) times.push(publication.zone.nextReadAt);
    times.push(...nextSlices(publication), nextInspection(publication) ?? never);
    const waiting = [
      publication.writing.nextAt,
      ...[...publication.writing.pauses.values()].map(({ until }) => until),
    ];
    times.push(...waiting.filter((at) => at > now.mono));
  }
  for (const { verdict, isRunning, nextAt, clearAt } of state.fences.values()) {
    const begins = isWanted(verdict) && !isRunning;
    times.push(...[begins ? nextAt : never, clearAt ?? never].filter((at) => at > now.mono));
  }
  const until = state.commands[0]?.until;
  if (until !== undefined) times.push(until);
  return Math.max(now.mono, Math.min(...times)) as MonoMs;
}
