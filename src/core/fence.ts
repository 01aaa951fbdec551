/**
 * Fences a superseded source that takes writes, and later ends the connections of clients that came back to
 * it: after every turn of the publications. When an attempt is wanted, this server is asked anew, then
 * everything else, and the attempt leaves once the newer answers show the same.
 */

import { fenceVerdict, isBeingFenced, isFormer } from './decide/fence.ts';
import { nextClearing } from './decide/fenced-clients.ts';
import { openedSince } from './decide/opened.ts';
import type { Situation } from './decide/situation.ts';
import { situationOf } from './decide/situation-of.ts';
import { withZone } from './model/changed-publication.ts';
import { type Event, type HistoryEntry, record, type Turn } from './model/events.ts';
import { type FenceResult, type Fencing, isWanted } from './model/fence.ts';
import { fenceBlockedPauseMaxMs, fencePauseMaxMs, fencePauseMs } from './model/limits.ts';
import {
  askedNow,
  type ClusterState,
  isAnswering,
  type ServerMemory,
  withAllAsked,
  withServer,
} from './model/state.ts';
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
      fences.set(server, { ...fencing, verdict: undefined, clearAt: undefined });
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
    const named = known ?? newFencing(situations, member, id, turn.now);
    const isMarked = situations.some(({ ledger }) => ledger?.opened?.includes(id));
    const marked = isMarked ? withMark(state, member, named, turn.now) : { ...named, ...unmarked };
    const opened = openedSince(situations, member, marked);
    const fencing = { ...noteClosed(turn, state, member, marked), opened };
    const ends = state.settings.fence?.kill !== 'none';
    const clearAt = ends ? nextClearing(situations, fencing, turn.now) : undefined;
    const finishes = clearAt !== undefined && turn.now.mono >= clearAt;
    const verdict = fenceVerdict(situations, member, fencing, finishes);
    fences.set(address, { ...fencing, clearAt, verdict });
  }
  return fences;
}

const unmarked = { markedAt: undefined, isMarkOver: false } as const;

/** A ledger says that it was opened. That is over once this process has seen the server closed since. */
function withMark(
  { servers }: ClusterState,
  { address, facts, writable }: ServerView,
  fencing: Fencing,
  { mono }: Now,
): Fencing {
  const markedAt = fencing.markedAt ?? mono;
  const memory = servers.get(address);
  const isClosed = facts !== undefined && !writable && memory !== undefined && isAskedSince(memory, markedAt);
  const isMarkOver = isClosed || (fencing.isMarkOver && fencing.opened === undefined);
  return { ...fencing, markedAt, isMarkOver };
}

/**
 * An attempt without an answer was a success if the server is read-only now. Nobody knows whether it has
 * ended the connections of the clients: the next one does. A server that takes writes again is not fenced any
 * more.
 */
function noteClosed(
  turn: Turn,
  state: ClusterState,
  { address, facts, writable, observedAt }: ServerView,
  fencing: Fencing,
): Fencing {
  const { last, id, fencedAt } = fencing;
  if (writable)
    return isBeingFenced(state, address)
      ? fencing
      : { ...fencing, fencedAt: undefined, clearedAt: undefined };
  if (last?.result.kind !== 'unknown' || fencedAt !== undefined || facts === undefined) return fencing;
  if (observedAt === undefined || observedAt <= last.at.mono) return fencing;
  recordFenced(turn, state, { server: address, uuid: id });
  return { ...fencing, last: { ...last, result: { kind: 'already' } }, fencedAt: last.at };
}

/** One line for all publications. */
function recordFenced(
  turn: Turn,
  { publications }: ClusterState,
  entry: Omit<HistoryEntry & { kind: 'fenced' }, 'at' | 'cluster' | 'nameserver' | 'kind'>,
): void {
  const [first] = publications.keys();
  if (first !== undefined) record(turn, first, { kind: 'fenced', ...entry });
}

function newFencing(
  situations: readonly Situation[],
  member: ServerView,
  id: ServerId,
  { mono }: Now,
): Fencing {
  const earlier = situations
    .filter((situation) => isFormer(situation, member))
    .map(({ publication }) => publication.zone.view?.otherLedgerAt);
  return {
    id,
    formerSince: mono,
    notFormerAt: earlier.every((at) => at !== undefined) ? (Math.min(...earlier) as MonoMs) : undefined,
    opened: undefined,
    ...unmarked,
    verdict: undefined,
    ...unwanted,
    isRunning: false,
    times: 0,
    nextAt: mono,
    last: undefined,
    fencedAt: undefined,
    clearedAt: undefined,
    clearAt: undefined,
  };
}

/** Wants the attempt, then makes it. */
function advance(turn: Turn, state: ClusterState, server: ServerAddress, fencing: Fencing): ClusterState {
  const { now, effects } = turn;
  const { settings } = state;
  const { verdict, wantedSince, seenAt, isRunning, nextAt, id, times } = fencing;
  if (isRunning) return state;
  if (!isWanted(verdict) || settings.mode === 'observe' || settings.fence === undefined)
    return wantedSince === undefined ? state : withFencing(state, server, { ...fencing, ...unwanted });
  const memory = state.servers.get(server);
  if (now.mono < nextAt || memory === undefined) return state;
  if (wantedSince === undefined)
    return withServer(
      withFencing(state, server, { ...fencing, wantedSince: now.mono }),
      askedNow(memory, now),
    );
  if (!isAskedSince(memory, wantedSince)) return state;
  // People close the source before they open another server: so the source is looked at after this server.
  if (seenAt === undefined)
    return askRest(withFencing(state, server, { ...fencing, seenAt: now.mono }), memory, now);
  if (!isRestKnown(state, memory, seenAt)) return state;
  const deadline = plusMs(now.mono, settings.fence.timeoutMs);
  const finishes = verdict.kind === 'finish';
  effects.push({ kind: 'fence', server, uuid: id, finishes, places: placesOf(state, memory), deadline });
  // After a long time the pauses begin anew.
  const isLate = now.mono - nextAt > fencePauseMaxMs;
  return withFencing(state, server, { ...fencing, isRunning: true, times: isLate ? 1 : times + 1 });
}

const withFencing = (state: ClusterState, server: ServerAddress, fencing: Fencing): ClusterState => ({
  ...state,
  fences: new Map(state.fences).set(server, fencing),
});

const unwanted = { wantedSince: undefined, seenAt: undefined } as const;

const isAskedSince = ({ latest }: ServerMemory, since: MonoMs): boolean =>
  latest !== undefined && latest.askedAt >= since;

/** All other servers that answer, and every ledger. */
function askRest(state: ClusterState, former: ServerMemory, now: Now): ClusterState {
  const publications = [...state.publications].map(
    ([name, publication]) => [name, withZone(publication, { nextReadAt: now.mono })] as const,
  );
  return { ...withAllAsked(state, now, former), publications: new Map(publications) };
}

/** A server that does not answer any more is no longer waited for: its failed probe ends that. */
const isRestKnown = (state: ClusterState, former: ServerMemory, since: MonoMs): boolean =>
  [...state.servers.values()].every(
    (memory) => memory === former || !isAnswering(memory) || isAskedSince(memory, since),
  ) &&
  [...state.publications.values()].every(({ zone }) => zone.view !== undefined && zone.view.readAt >= since);

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
  const { id: uuid, wantedSince } = fencing;
  const isClosedNow = result.kind === 'fenced' || (result.kind === 'refused' && result.closed === true);
  const isCleared = result.kind === 'fenced' || result.kind === 'finished';
  if (result.kind === 'finished' && result.killed > 0)
    recordFenced(turn, state, { server, uuid, again: true, ...counts(result) });
  else if (isClosedNow && fencing.fencedAt === undefined)
    recordFenced(turn, state, { server, uuid, ...(result.kind === 'fenced' ? counts(result) : {}) });
  // The kept connection may lead to the wrong server.
  if (result.kind === 'not-it') effects.push({ kind: 'renew', server });
  const ended = withFencing(state, server, {
    ...fencing,
    ...unwanted,
    isRunning: false,
    times: isCleared ? 0 : fencing.times,
    nextAt: plusMs(now.mono, pauseAfter(fencing.times, result)),
    last: { result, at },
    fencedAt: isClosedNow ? (fencing.fencedAt ?? at) : fencing.fencedAt,
    clearedAt: isCleared ? wantedSince : fencing.clearedAt,
  });
  const memory = ended.servers.get(server);
  return memory ? withServer(ended, askedNow(memory, now)) : ended;
}

const counts = ({ killed, spared }: { readonly killed: number; readonly spared: number }) => ({
  killed,
  spared,
});

const pauseAfter = (times: number, { kind }: FenceResult): number =>
  Math.min(fencePauseMs * 2 ** (times - 1), kind === 'blocked' ? fenceBlockedPauseMaxMs : fencePauseMaxMs);
