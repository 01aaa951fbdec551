/**
 * Fences a superseded source that takes writes: after every turn of the publications. From the moment when
 * that is wanted, everything is asked anew, and the fence leaves once the newer answers show the same.
 */

import { fenceVerdict, isBeingFenced } from './decide/fence.ts';
import { situationOf } from './decide/situation-of.ts';
import { withZone } from './model/changed-publication.ts';
import { type Event, record, type Turn } from './model/events.ts';
import type { FenceResult, Fencing } from './model/fence.ts';
import { fenceBlockedPauseMaxMs, fencePauseMaxMs, fencePauseMs } from './model/limits.ts';
import { type ClusterState, isAnswering, withAllAsked, withServer } from './model/state.ts';
import { type MonoMs, type Now, plusMs, type ServerAddress, type ServerId } from './model/units.ts';
import { placesOf } from './observe/server-addresses.ts';
import type { ServerView, Topology } from './observe/topology.ts';

/** Gives every superseded source its turn. `topology`: by the observations of this state. */
export function fence(turn: Turn, state: ClusterState, topology: Topology): ClusterState {
  const { settings, fences: before } = state;
  if (settings.fence === undefined && before.size === 0) return state;
  const fences =
    settings.fence === undefined ? new Map<ServerAddress, Fencing>() : judged(turn, state, topology);
  // What has left ends first, even if its reason is gone.
  for (const [server, fencing] of before)
    if (isBeingFenced(state, server) && fences.get(server)?.id !== fencing.id)
      fences.set(server, { ...fencing, verdict: undefined });
  let next: ClusterState = { ...state, fences };
  for (const [server, fencing] of fences) next = advance(turn, next, server, fencing);
  return next;
}

/** The superseded sources, each with its verdict. */
function judged(turn: Turn, state: ClusterState, topology: Topology): Map<ServerAddress, Fencing> {
  const situations = [...state.publications.values()].map((publication) =>
    situationOf(state, publication, turn.now, { topology }),
  );
  const former = new Set(situations.flatMap(({ ledger }) => ledger?.was.map(({ uuid }) => uuid) ?? []));
  const isUnread = situations.some(({ ledger }) => ledger === undefined);
  const fences = new Map<ServerAddress, Fencing>();
  for (const member of situations[0]?.members ?? []) {
    const { address, id } = member;
    const before = state.fences.get(address);
    const known = before?.id === id ? before : undefined;
    // What cannot be read now may name it still.
    if (id === undefined || !(former.has(id) || (isUnread && known))) continue;
    const fencing = noteClosed(turn, state, member, known ?? newFencing(id, turn.now));
    const { formerSince, finishUntil } = fencing;
    const finishes = finishUntil !== undefined && turn.now.mono < finishUntil;
    const verdict = fenceVerdict(situations, member, formerSince, finishes);
    fences.set(address, { ...fencing, verdict });
  }
  return fences;
}

/**
 * An attempt without an answer was a success if the server is read-only now. Nobody knows whether it has
 * ended the connections of the clients: the next one does.
 */
function noteClosed(
  turn: Turn,
  { publications }: ClusterState,
  { address, facts, writable, observedAt }: ServerView,
  fencing: Fencing,
): Fencing {
  const { last, id, finishUntil } = fencing;
  if (writable) return { ...fencing, finishUntil: undefined };
  if (last?.result.kind !== 'unknown' || facts === undefined) return fencing;
  if (observedAt === undefined || observedAt <= last.at.mono) return fencing;
  const noted: Fencing = { ...fencing, last: { ...last, result: { kind: 'already' } } };
  if (finishUntil !== undefined) return noted;
  const [first] = publications.keys();
  if (first !== undefined) record(turn, first, { kind: 'fenced', server: address, uuid: id });
  return { ...noted, fencedAt: last.at, finishUntil: plusMs(turn.now.mono, fencePauseMaxMs) };
}

const newFencing = (id: ServerId, now: Now): Fencing => ({
  id,
  formerSince: now.mono,
  verdict: undefined,
  wantedSince: undefined,
  isRunning: false,
  times: 0,
  nextAt: now.mono,
  last: undefined,
  finishUntil: undefined,
  fencedAt: undefined,
});

/** Wants the fence, then performs it. */
function advance(turn: Turn, state: ClusterState, server: ServerAddress, fencing: Fencing): ClusterState {
  const { now, effects } = turn;
  const { settings } = state;
  const { verdict, wantedSince, isRunning, nextAt, id, times } = fencing;
  if (isRunning) return state;
  if (verdict?.kind !== 'fence' || settings.mode === 'observe' || settings.fence === undefined)
    return wantedSince === undefined
      ? state
      : withFencing(state, server, { ...fencing, wantedSince: undefined });
  if (now.mono < nextAt) return state;
  if (wantedSince === undefined)
    return askAll(withFencing(state, server, { ...fencing, wantedSince: now.mono }), now);
  const memory = state.servers.get(server);
  if (memory === undefined || !isAnswered(state, wantedSince)) return state;
  const deadline = plusMs(now.mono, settings.fence.timeoutMs);
  const finishes = fencing.finishUntil !== undefined;
  effects.push({ kind: 'fence', server, uuid: id, finishes, places: placesOf(state, memory), deadline });
  // After a long time the pauses begin anew.
  const isLate = now.mono - nextAt > fencePauseMaxMs;
  return withFencing(state, server, {
    ...fencing,
    wantedSince: undefined,
    isRunning: true,
    times: isLate ? 1 : times + 1,
  });
}

const withFencing = (state: ClusterState, server: ServerAddress, fencing: Fencing): ClusterState => ({
  ...state,
  fences: new Map(state.fences).set(server, fencing),
});

/** All servers that answer, and every ledger. */
function askAll(state: ClusterState, now: Now): ClusterState {
  const publications = [...state.publications].map(
    ([name, publication]) => [name, withZone(publication, { nextReadAt: now.mono })] as const,
  );
  return { ...withAllAsked(state, now), publications: new Map(publications) };
}

/** A server that does not answer any more is no longer waited for: its failed probe ends that. */
function isAnswered(state: ClusterState, since: MonoMs): boolean {
  const servers = [...state.servers.values()].filter(isAnswering);
  return (
    servers.every(({ latest }) => latest !== undefined && latest.askedAt >= since) &&
    [...state.publications.values()].every(({ zone }) => zone.view !== undefined && zone.view.readAt >= since)
  );
}

/** Takes the end of an attempt. Whether the server is closed, the next observation tells. */
export function fenced(
  turn: Turn,
  state: ClusterState,
  { server, result }: Event & { kind: 'fenced' },
): ClusterState {
  const { now, effects } = turn;
  const fencing = state.fences.get(server);
  if (!fencing?.isRunning) return state;
  const at = { mono: now.mono, wall: now.wall };
  const isDone = result.kind === 'fenced';
  const isRest = fencing.finishUntil !== undefined;
  const [first] = state.publications.keys();
  if (isDone && first !== undefined && !(isRest && result.killed === 0))
    record(turn, first, { kind: 'fenced', server, uuid: fencing.id, ...counts(result) });
  // The kept connection may lead to the wrong server.
  if (result.kind === 'not-it') effects.push({ kind: 'renew', server });
  const ended = withFencing(state, server, {
    ...fencing,
    isRunning: false,
    nextAt: plusMs(now.mono, pauseAfter(fencing.times, result)),
    last: { result, at },
    finishUntil: result.kind === 'unknown' ? fencing.finishUntil : undefined,
    fencedAt: isDone && !isRest ? at : fencing.fencedAt,
  });
  const memory = ended.servers.get(server);
  return memory ? withServer(ended, { ...memory, nextProbeAt: now.mono }) : ended;
}

const counts = ({ killed, spared }: { readonly killed: number; readonly spared: number }) => ({
  killed,
  spared,
});

const pauseAfter = (times: number, { kind }: FenceResult): number =>
  Math.min(fencePauseMs * 2 ** (times - 1), kind === 'blocked' ? fenceBlockedPauseMaxMs : fencePauseMaxMs);
