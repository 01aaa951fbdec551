/**
 * The whole service as a pure function: an event and the time go in, the next state and effects come out. An
 * event that nobody waits for any more changes nothing.
 */

import { raiseAlarms } from './alarm/alarms.ts';
import {
  acceptCommand,
  finishCommands,
  openCommand,
  resultOfFailure,
  resultOfUpdate,
  withResult,
} from './command/commands.ts';
import { fence, fenced } from './fence.ts';
import { withZone } from './model/changed-publication.ts';
import type { Effect, Event, Turn } from './model/events.ts';
import { clockJumpMs, clocksReadMs, lateAnswerMs, suspectAfterSteadyMs } from './model/limits.ts';
import { paceOf, renewed, renewedAtTimes, suspectFor } from './model/pace.ts';
import { newPublication, type PublicationState } from './model/publication.ts';
import type { ClusterSettings } from './model/settings.ts';
import {
  type ClusterState,
  changedServer,
  changedState,
  newServer,
  type ServerMemory,
  withAllAsked,
  withoutInLine,
  withPublication,
  withServer,
} from './model/state.ts';
import { type MonoMs, type Now, plusMs, type ServerAddress } from './model/units.ts';
import { discover } from './observe/discovery.ts';
import { observe } from './observe/observe.ts';
import { withOwnNames } from './observe/own-names.ts';
import { notMisled, takePeer, takeProposal, takeTrial } from './observe/server-addresses.ts';
import { topologyOf } from './observe/topology.ts';
import { updateDone } from './publish/attempt.ts';
import { propagated } from './publish/propagation.ts';
import { isLookedInto, isRefusalOf, refusalInspected } from './publish/why-refused.ts';
import { zoneRead } from './publish/zone-read.ts';
import { mayWait, withSharedTurn, withTurnNoted } from './rest.ts';
import { nextResolve, schedule, scheduleOne, watch } from './schedule.ts';
import { takeTurn } from './turn.ts';

/** Takes one event. Returns the next state, and what to do. */
export function step(
  state: ClusterState,
  event: Event,
  now: Now,
): readonly [ClusterState, readonly Effect[]] {
  const effects: Effect[] = [];
  const turn: Turn = { cluster: state.settings.cluster, now, effects };
  const taken = take(turn, checkClocks(state, now), event);
  const waiting = mayWait(state, taken, event, now) ? taken : withSharedTurn(state, taken, event, now);
  if (waiting === undefined) return [schedule(turn, watch(turn, takeTurns(turn, taken))), effects];
  if (event.kind === 'observed' || event.kind === 'resolved')
    return [scheduleOne(turn, waiting, event.server), effects];
  return [schedule(turn, waiting), effects];
}

/** A full turn: every publication decides, and may write. */
function takeTurns(turn: Turn, state: ClusterState): ClusterState {
  const { now } = turn;
  let next = discover(turn, state);
  // No observation changes below.
  const topology = topologyOf(next, now);
  for (const nameserver of next.publications.keys())
    next = takeTurn(turn, next, next.publications.get(nameserver) as PublicationState, topology);
  next = raiseAlarms(turn, fence(turn, finishCommands(turn, next), topology), topology);
  return withTurnNoted(next, now);
}

/** The two clocks drift apart if the machine slept or a clock was set: older observations do not count. */
function checkClocks(state: ClusterState, now: Now): ClusterState {
  const passedMs = now.mono - state.clocks.mono;
  const drifted = Math.abs(passedMs - (now.wall - state.clocks.wall));
  if (drifted <= clockJumpMs && passedMs < clocksReadMs) return state;
  const clocks = { mono: now.mono, wall: now.wall };
  return changedState(state, drifted > clockJumpMs ? { clocks, staleBefore: now.mono } : { clocks });
}

function take(turn: Turn, state: ClusterState, event: Event): ClusterState {
  const { now } = turn;
  switch (event.kind) {
    case 'tick':
      return state;
    case 'observed':
      return observed(turn, state, event);
    case 'connection-lost':
      return connectionLost(state, event.server, now);
    case 'glance-differs':
      return glanceDiffers(state, event.server, now);
    case 'resolved':
      return resolved(state, event, now);
    case 'address-tried':
      return withOwnNames(
        turn,
        forServer(state, event.server, (memory) => takeTrial(turn, state, memory, event.probe)),
      );
    case 'zone-read':
      return forPublication(state, event.nameserver, (publication) =>
        publication.zone.reading ? zoneRead(turn, state.settings, publication, event.reading) : publication,
      );
    case 'update-done':
      return updated(turn, state, event);
    case 'refusal-inspected':
      return inspected(state, event);
    case 'propagated':
      return forPublication(state, event.nameserver, (publication) => propagated(turn, publication, event));
    case 'fenced':
      return fenced(turn, state, event);
    case 'command':
      return renewed(suspect(acceptCommand(turn, state, event.id, event.command), now), now);
    case 'reconfigured':
      return reconfigured(state, event.settings, now);
  }
}

const forPublication = (
  state: ClusterState,
  nameserver: string,
  change: (publication: PublicationState) => PublicationState,
): ClusterState => {
  const publication = state.publications.get(nameserver);
  return publication ? withPublication(state, change(publication)) : state;
};

const forServer = (
  state: ClusterState,
  server: ServerAddress,
  change: (memory: ServerMemory) => ServerMemory,
): ClusterState => {
  const memory = state.servers.get(server);
  return memory ? withServer(state, change(memory)) : state;
};

const suspect = (state: ClusterState, now: Now): ClusterState => suspectFor(state, suspectAfterSteadyMs, now);

function observed(
  { now, effects }: Turn,
  state: ClusterState,
  { server, probe: told, waitedMs = 0 }: Event & { kind: 'observed' },
): ClusterState {
  const memory = state.servers.get(server);
  if (memory === undefined) return state;
  const forgotten = { probing: undefined, latest: undefined, nextProbeAt: now.mono };
  // Nothing is known of the server then: earlier answers are older still, and this silence was not observed.
  if (isOfThePast(state, memory, waitedMs, now)) return withServer(state, changedServer(memory, forgotten));
  // An earlier silence was long ago, and may be over: a longer one must be observed anew.
  if (told.kind === 'unasked') {
    const waiting = { ...forgotten, unknownSince: undefined, unasked: told.failure };
    return withServer(state, changedServer(memory, waiting));
  }
  const probe = notMisled(state, memory, told);
  if (probe !== told) effects.push({ kind: 'renew', server });
  const asked = probe === told ? memory : { ...memory, nextResolveAt: now.mono };
  const askedAt = memory.probing === undefined ? now.mono : begunAt(state, memory.probing, waitedMs);
  const { staleBefore } = state;
  const result = observe(asked, probe, now, { askedAt, staleBefore });
  const located = takePeer(state, memory, result.memory, now);
  const known = withServer(
    result.historyVanished ? withoutInLine(state, result.historyVanished) : state,
    located,
  );
  const next = doubtPromotion(known, located, now);
  // A discovered server is never a move target, so probing it is not urgent.
  if (!result.suspicious || memory.settings.discovered) return next;
  return suspect(result.turned ? renewedAtTimes(next, now) : next, now);
}

/** A replica that was made writable and stays a replica was not promoted, even if its source dies later. */
function doubtPromotion(state: ClusterState, memory: ServerMemory, now: Now): ClusterState {
  const { promotedAt, settings } = memory;
  if (promotedAt === undefined || now.mono - promotedAt < state.settings.watch.settleMs) return state;
  if (!memory.facts?.channels.some((channel) => channel.receiver === 'on')) return state;
  const { servers, followersOf } = topologyOf(state, now);
  const isReplicaOf = (source: ServerAddress | undefined) =>
    source !== undefined &&
    source !== settings.address &&
    !followersOf(settings.address).some((follower) => follower.address === source);
  const view = servers.find((server) => server.address === settings.address);
  const isReplica =
    view?.upstreams.some(
      ({ state: is, outsider, member }) => is !== 'connecting' && !outsider && isReplicaOf(member),
    ) ?? false;
  return isReplica ? withServer(state, { ...memory, promotedAt: undefined }) : state;
}

/** The probe began before the clocks jumped, or this process stood still meanwhile: the answer is old. */
function isOfThePast(
  state: ClusterState,
  { probing }: ServerMemory,
  waitedMs: number,
  { mono }: Now,
): boolean {
  if (probing === undefined) return false;
  return mono > probing + waitedMs + lateAnswerMs || begunAt(state, probing, waitedMs) < state.staleBefore;
}

/** When the server was asked. `probing`: the deadline of a probe that begins at once. */
const begunAt = ({ settings }: ClusterState, probing: MonoMs, waitedMs: number): MonoMs =>
  plusMs(probing, waitedMs - settings.watch.probeTimeoutMs);

/** The kept connection broke, perhaps by a crash: probe at once, unless it breaks again and again. */
function connectionLost(state: ClusterState, server: ServerAddress, now: Now): ClusterState {
  const memory = state.servers.get(server);
  if (memory === undefined || memory.settings.discovered) return state;
  const suspicious = suspect(state, now);
  const again = (memory.latest?.at ?? now.mono) + paceOf(suspicious, now).reconnectMs;
  const nextProbeAt = Math.min(memory.nextProbeAt, Math.max(now.mono, again)) as MonoMs;
  return withServer(suspicious, { ...memory, nextProbeAt });
}

/**
 * A glance is no evidence: it is a reason to ask. All servers that answer are asked: else a server that was
 * opened seems to stand beside a source that was closed just before.
 */
function glanceDiffers(state: ClusterState, server: ServerAddress, now: Now): ClusterState {
  return state.servers.has(server) ? suspect(withAllAsked(state, now), now) : state;
}

function resolved(state: ClusterState, event: Event & { kind: 'resolved' }, now: Now): ClusterState {
  const { server, addresses, failure } = event;
  const found = addresses !== undefined && addresses.length > 0;
  return forServer(state, server, (memory) =>
    takeProposal(
      state,
      { ...memory, resolving: false, nextResolveAt: nextResolve(now, found) },
      addresses,
      failure,
    ),
  );
}

function updated(turn: Turn, state: ClusterState, event: Event & { kind: 'update-done' }): ClusterState {
  const { nameserver, try: token, outcome } = event;
  const attempt = state.publications.get(nameserver)?.writing.inFlight;
  const next = forPublication(state, nameserver, (publication) =>
    updateDone(turn, publication, token, outcome),
  );
  if (attempt?.try !== token) return next;
  const moved = attempt.move && outcome.kind === 'applied' ? renewed(next, turn.now) : next;
  const running = openCommand(moved, nameserver);
  if (running === undefined || attempt.commandId !== running.id) return moved;
  const publication = moved.publications.get(nameserver) as PublicationState;
  // The inspection belongs in the answer to the command.
  if (isLookedInto(publication, running.id, turn.now)) return moved;
  const result = resultOfUpdate(attempt, outcome, publication.writing.failure);
  return result ? withResult(moved, nameserver, result) : moved;
}

function inspected(state: ClusterState, event: Event & { kind: 'refusal-inspected' }): ClusterState {
  const { nameserver, failure } = event;
  const next = forPublication(state, nameserver, (publication) => refusalInspected(publication, event));
  const running = openCommand(next, nameserver);
  const publication = next.publications.get(nameserver);
  const isOfCommand =
    running !== undefined && publication !== undefined && isRefusalOf(publication, event.about, running.id);
  return isOfCommand ? withResult(next, nameserver, resultOfFailure(failure)) : next;
}

/** Keeps what is known of all that stays. A publication with a new name or zone begins anew. */
function reconfigured(state: ClusterState, settings: ClusterSettings, now: Now): ClusterState {
  const servers = settings.servers.map((server) => {
    const known = state.servers.get(server.address);
    return [
      server.address,
      known ? { ...known, mentioned: undefined, settings: server } : newServer(server, now.mono),
    ] as const;
  });
  const configured = new Set(settings.servers.map(({ address }) => address));
  const discovered = [...state.servers].filter(
    ([address, memory]) => memory.settings.discovered && !configured.has(address),
  );
  const publications = settings.publications.map((publication) => {
    const known = state.publications.get(publication.nameserver);
    const same =
      known?.settings.source.name === publication.source.name && known.settings.zone === publication.zone;
    return [
      publication.nameserver,
      known && same
        ? { ...withZone(known, { gaveWay: false }), settings: publication }
        : newPublication(publication, undefined, now),
    ] as const;
  });
  const next = {
    ...state,
    settings,
    // Perhaps there is a new prober.
    watched: undefined,
    servers: new Map([...servers, ...discovered]),
    publications: new Map(publications),
  };
  return renewed(suspect(next, now), now);
}
