/**
 * One publication's turn after every event: decide, remember, and write at most one thing. The decision is taken again at
 * the moment of the write.
 */

import { isInformed, openCommand } from './command/commands.ts';
import { obey } from './command/obey.ts';
import { guard } from './decide/guard.ts';
import { settle } from './decide/settle.ts';
import type { Situation } from './decide/situation.ts';
import { situationOf } from './decide/situation-of.ts';
import { decide } from './decide/table.ts';
import { withWritableServers } from './decide/writable-servers.ts';
import { type Decision, sameDecision } from './model/decision.ts';
import { record, type Turn } from './model/events.ts';
import { suspectAfterSteadyMs, suspectDuringHoldMs } from './model/limits.ts';
import type { PublicationState } from './model/publication.ts';
import { type ClusterState, withPublication } from './model/state.ts';
import type { MonoMs, Now } from './model/units.ts';
import type { Topology } from './observe/topology.ts';
import { recallOnly, write } from './publish/write.ts';

/** Gives one publication its turn. `topology`: as the observations of this state say. */
export function takeTurn(
  turn: Turn,
  state: ClusterState,
  publication: PublicationState,
  topology: Topology,
): ClusterState {
  const { now } = turn;
  // What was read is older than an update that was applied. A decision on it would decide the same move once more, and
  // count it as flapping.
  if (publication.writing.awaiting && publication.zone.failure === undefined) return state;
  const free = situationOf(state, publication, now, { topology });
  const decided = decideFor(free);
  const evident = settle({ ...free, publication: decided.publication }, decided.decision);
  const settled = noteDecision(turn, evident, decided.decision);
  const noted = withPublication(state, settled);
  const next = withSuspicion(noted, publication.decision, settled.decision, now);
  const running = openCommand(next, publication.settings.nameserver);
  // Nothing is written without a command while somebody waits to be obeyed: a one-shot freeze must not come after a move
  // of its own process.
  if (running && isInformed(next, settled, running)) return obey(turn, next, settled, running);
  if (running) return recallOnly(turn, next, settled);
  return write(turn, situationOf(next, settled, now, { topology }), settled.decision);
}

interface Decided {
  readonly decision: Decision;
  readonly publication: PublicationState;
}

/** The table, then the guards. Too many moves within the window latch: waiting alone must not release the next one. */
function decideFor(situation: Situation): Decided {
  const { state, now } = situation;
  const { maxMoves, maxMovesWindowMs } = state.settings.watch;
  const { limits } = situation.publication;
  const decision = decide(situation);
  const moves = limits.moves.filter((at) => now.mono - at < maxMovesWindowMs);
  const wantsMove = decision.kind === 'point-to' && decision.source !== situation.published?.address;
  const flapping = limits.flapping || (wantsMove && moves.length >= maxMoves);
  const publication = { ...situation.publication, limits: { ...limits, moves, flapping } };
  return {
    decision: withWritableServers(situation, guard({ ...situation, publication }, decision)),
    publication,
  };
}

function noteDecision(turn: Turn, publication: PublicationState, decision: Decision): PublicationState {
  const { now } = turn;
  const { decision: before, zone, settings } = publication;
  const ready = publication.ready || (zone.view !== undefined && zone.failure === undefined);
  if (sameDecision(before, decision) && publication.ready === ready) return { ...publication, decision };
  const epoch = zone.view?.ledger.kind === 'ledger' ? zone.view.ledger.ledger.epoch : undefined;
  record(turn, settings.nameserver, { kind: 'decision', decision, epoch });
  const decidedAt = sameDecision(before, decision)
    ? publication.decidedAt
    : { mono: now.mono, wall: now.wall };
  return { ...publication, decision, decidedAt, ready };
}

/** A new decision is watched closely: an unchanged hold for a minute, one that is steady for a while, however long a hold before it was to be watched. */
function withSuspicion(state: ClusterState, before: Decision, after: Decision, now: Now): ClusterState {
  if (sameDecision(before, after)) return state;
  const isSteady = after.kind === 'point-to' && after.reason === 'steady';
  // Of two publications the other one may still hold.
  const others = [...state.publications.values()].every(({ decision }) => decision.kind === 'point-to');
  if (isSteady && others) return { ...state, suspectUntil: (now.mono + suspectAfterSteadyMs) as MonoMs };
  return { ...state, suspectUntil: Math.max(state.suspectUntil, now.mono + suspectDuringHoldMs) as MonoMs };
}
