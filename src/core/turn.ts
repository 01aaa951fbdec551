/** One publication's turn after every event: decide, remember, and write at most one thing. The decision is taken again at the moment of the write. */

import { isInformed, openCommand } from './command/commands.ts';
import { obey } from './command/obey.ts';
import { guard } from './decide/guard.ts';
import { settle } from './decide/settle.ts';
import type { Situation } from './decide/situation.ts';
import { situationOf } from './decide/situation-of.ts';
import { decide } from './decide/table.ts';
import { withWritableServers } from './decide/writable-servers.ts';
import { type Decision, sameDecision } from './model/decision.ts';
import type { Effect } from './model/events.ts';
import { suspectAfterSteadyMs, suspectDuringHoldMs } from './model/limits.ts';
import type { PublicationState } from './model/publication.ts';
import { record } from './model/record.ts';
import { type ClusterState, withPublication } from './model/state.ts';
import type { MonoMs, Now } from './model/units.ts';
import type { Topology } from './observe/topology.ts';
import { recallOnly, write } from './publish/write.ts';

export function publish(
  state: ClusterState,
  nameserver: string,
  topology: Topology,
  now: Now,
  effects: Effect[],
): ClusterState {
  const publication = state.publications.get(nameserver) as PublicationState;
  // What was read is older than an update that was applied. To decide on it would be to decide the same move once more, and to count it as flapping.
  if (publication.awaiting && publication.readFailure === undefined) return state;
  const free = situationOf(state, publication, undefined, now, topology);
  const decided = decideFor(free);
  const settled = noteDecision(
    state,
    settle({ ...free, publication: decided.publication }, decided.decision),
    decided.decision,
    now,
    effects,
  );
  const next = withSuspicion(withPublication(state, settled), publication.decision, settled.decision, now);
  const running = openCommand(next, nameserver);
  // Nothing is written without a command while somebody waits to be obeyed: a one-shot freeze must not come after a move of its own process.
  if (running && isInformed(next, settled, running)) return obey(next, settled, running, now, effects);
  if (running) return recallOnly(next, settled, settled.decision, effects);
  return write(
    next,
    situationOf(next, settled, undefined, now, topology),
    settled.decision,
    undefined,
    now,
    effects,
  );
}

interface Decided {
  readonly decision: Decision;
  readonly publication: PublicationState;
}

/** The table, then the guards. Too many moves within the window latch: waiting alone must not release the next one. */
function decideFor(situation: Situation): Decided {
  const { state, now } = situation;
  const { maxMoves, maxMovesWindowMs } = state.settings.watch;
  const decision = decide(situation);
  const moves = situation.publication.moves.filter((at) => now.mono - at < maxMovesWindowMs);
  const wantsMove = decision.kind === 'point-to' && decision.source !== situation.published?.address;
  const publication = {
    ...situation.publication,
    moves,
    flapping: situation.publication.flapping || (wantsMove && moves.length >= maxMoves),
  };
  return {
    decision: withWritableServers(situation, guard({ ...situation, publication }, decision)),
    publication,
  };
}

function noteDecision(
  state: ClusterState,
  publication: PublicationState,
  decision: Decision,
  now: Now,
  effects: Effect[],
): PublicationState {
  const before = publication.decision;
  const ready =
    publication.ready || (publication.view !== undefined && publication.readFailure === undefined);
  if (sameDecision(before, decision) && publication.ready === ready) return { ...publication, decision };
  const ledger = publication.view?.ledger;
  effects.push(
    record(state, publication, now, {
      kind: 'decision',
      decision,
      ...(ledger?.kind === 'ledger' ? { epoch: ledger.ledger.epoch } : {}),
    }),
  );
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
