/**
 * When a turn can wait. A cluster at rest gets a turn when its published source answers. Between two turns,
 * an answer without news is only remembered (docs/decisions/030). In a process with too much to do, answers
 * that come together share a turn, whatever they say (docs/decisions/054).
 */

import type { Event } from './model/events.ts';
import { restIntervals } from './model/limits.ts';
import { restMs, sharedTurnMs } from './model/pace.ts';
import type { PublicationState } from './model/publication.ts';
import { type ClusterState, changedState, type ServerMemory } from './model/state.ts';
import { type MonoMs, type Now, plusMs, type ServerAddress } from './model/units.ts';
import { sameRole } from './observe/role.ts';
import { isHeard } from './observe/topology.ts';
import { showsTheSame } from './publish/zone-read.ts';

/** The state after a turn. */
export function withTurnNoted(state: ClusterState, now: Now): ClusterState {
  const { mono } = now;
  const isCalm = mono >= state.suspectUntil && state.commands.length === 0;
  const isAtRest = isCalm && !isAnyOpen(state) && [...state.publications.values()].every(hasNothingToDo);
  const restUntil = plusMs(mono, restIntervals * restMs(state.settings, now));
  return changedState(state, {
    turnAt: mono,
    turnDueAt: undefined,
    restUntil: isAtRest ? (Math.min(restUntil, ...clearings(state)) as MonoMs) : mono,
  });
}

/** When the connections of clients are to end at servers that are fenced: that needs a turn. */
const clearings = ({ fences }: ClusterState): readonly number[] =>
  [...fences.values()].flatMap(({ clearAt }) => clearAt ?? []);

/** A superseded source takes writes or has clients that are to leave, and servers are fenced. */
const isAnyOpen = ({ fences }: ClusterState): boolean =>
  [...fences.values()].some(({ verdict, isRunning }) => verdict !== undefined || isRunning);

/** It is steady, and no update is on its way, refused or wanted. */
const hasNothingToDo = ({ decision, ready, zone, writing }: PublicationState): boolean =>
  decision.kind === 'point-to' &&
  decision.reason === 'steady' &&
  ready &&
  zone.failure === undefined &&
  writing.inFlight === undefined &&
  writing.awaiting === undefined &&
  writing.failure === undefined &&
  writing.pending.length === 0 &&
  writing.pauses.size === 0 &&
  !writing.mustRead;

/** Whether this event needs no turn. `after`: the state that remembers it. */
export function mayWait(before: ClusterState, after: ClusterState, event: Event, { mono }: Now): boolean {
  if (after.staleBefore !== before.staleBefore) return false;
  if (before.turnDueAt !== undefined && mono >= before.turnDueAt) return false;
  if (isStillUnasked(before, after, event)) return true;
  if (mono >= before.restUntil) return false;
  switch (event.kind) {
    case 'tick':
      return true;
    case 'observed':
      return !isNews(before, after, event.server);
    case 'resolved':
      return isResolvedAlike(before.servers.get(event.server), after.servers.get(event.server));
    case 'zone-read':
      return isZoneAlike(before.publications.get(event.nameserver), after.publications.get(event.nameserver));
    default:
      return false;
  }
}

/**
 * This event shares a turn with those that follow soon. Undefined: it gets its own turn. For a command a
 * person or a failover tool waits: nothing is put off.
 */
export function withSharedTurn(
  before: ClusterState,
  after: ClusterState,
  event: Event,
  now: Now,
): ClusterState | undefined {
  const waitsMs = sharedTurnMs(now);
  if (waitsMs === 0 || !isOfServers(event) || after.commands.length > 0) return undefined;
  if (after.staleBefore !== before.staleBefore) return undefined;
  if (event.kind === 'observed' && isUnseenAt(before, event.server)) return undefined;
  const dueAt = before.turnDueAt ?? plusMs(now.mono, waitsMs);
  return now.mono < dueAt ? changedState(after, { turnDueAt: dueAt }) : undefined;
}

const isOfServers = ({ kind }: Event): boolean =>
  kind === 'tick' || kind === 'observed' || kind === 'resolved';

function isUnseenAt(state: ClusterState, server: ServerAddress): boolean {
  const memory = state.servers.get(server);
  return memory?.latest !== undefined && isUnseen(state, memory);
}

/** Our connection to a server of which nothing is known waits still, as hundreds of others do at a start. */
function isStillUnasked(before: ClusterState, after: ClusterState, event: Event): boolean {
  if (event.kind !== 'observed' || event.probe.kind !== 'unasked') return false;
  const [was, is] = [before.servers.get(event.server), after.servers.get(event.server)];
  const isUnknown = was?.latest === undefined && was?.unknownSince === undefined;
  return isUnknown && was?.unasked !== undefined && was.unasked.code === is?.unasked?.code;
}

/** While nothing is on its way, a read changes nothing else. */
const isZoneAlike = (was: PublicationState | undefined, is: PublicationState | undefined): boolean =>
  was?.zone.view !== undefined &&
  is?.zone.view !== undefined &&
  hasNothingToDo(is) &&
  showsTheSame(was.zone.view, is.zone.view);

/** The host name has the addresses that it had. */
const isResolvedAlike = (was: ServerMemory | undefined, is: ServerMemory | undefined): boolean =>
  was === undefined || is === undefined
    ? was === is
    : was.resolveFailure === is.resolveFailure && isAlike(was, is);

function isNews(before: ClusterState, after: ClusterState, server: ServerAddress): boolean {
  const [was, is] = [before.servers.get(server), after.servers.get(server)];
  if (was === undefined || is === undefined) return was !== is;
  return (
    after.suspectUntil !== before.suspectUntil ||
    after.publications !== before.publications ||
    isPublishedSource(before, server) ||
    isUnseen(before, was) ||
    !isAlike(was, is)
  );
}

/** After this answer it is known what the source has that the earlier answers of the others lack. */
const isPublishedSource = ({ publications }: ClusterState, server: ServerAddress): boolean =>
  [...publications.values()].some(
    ({ decision }) => decision.kind === 'point-to' && decision.source === server,
  );

/** No turn has seen its last answer. Each answer must be seen before the next one replaces it. */
const isUnseen = ({ turnAt }: ClusterState, { latest }: ServerMemory): boolean =>
  latest === undefined || latest.at >= turnAt;

/** What a turn looks at, and what differs only if something has changed. */
const kept = [
  'settings',
  'unknownSince',
  'writableSince',
  'promotedAt',
  'lostAskedAt',
  'closedAt',
  'receiving',
  'proposed',
  'trials',
  'addresses',
] as const satisfies readonly (keyof ServerMemory)[];

function isAlike(was: ServerMemory, is: ServerMemory): boolean {
  if (was.latest?.probe.kind !== is.latest?.probe.kind) return false;
  if (kept.some((key) => was[key] !== is[key])) return false;
  if (was.facts === undefined || is.facts === undefined) return was.facts === is.facts;
  const { channels } = was.facts;
  return (
    sameRole(was.facts, is.facts) &&
    is.facts.channels.every((channel, index) => {
      const earlier = channels[index];
      return earlier !== undefined && isHeard(is, channel) === isHeard(was, earlier);
    })
  );
}
