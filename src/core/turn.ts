/** One publication's turn after every event: decide, remember, and write at most one update. */

import { isInformed, openCommand } from './command/commands.ts';
import { obey } from './command/obey.ts';
import { isAwaited } from './decide/announcement.ts';
import { guard } from './decide/guard.ts';
import { settle } from './decide/settle.ts';
import type { Situation } from './decide/situation.ts';
import { situationOf } from './decide/situation-of.ts';
import { decide } from './decide/table.ts';
import { withWritableServers } from './decide/writable-servers.ts';
import { changedPublication } from './model/changed-publication.ts';
import { type Decision, sameDecision } from './model/decision.ts';
import { record, type Turn } from './model/events.ts';
import { suspectAfterSteadyMs, suspectDuringHoldMs } from './model/limits.ts';
import { suspectFor, suspectUntil } from './model/pace.ts';
import type { PublicationState } from './model/publication.ts';
import { type ClusterState, withPublication } from './model/state.ts';
import type { Now } from './model/units.ts';
import type { Topology } from './observe/topology.ts';
import { recallOnly, write } from './publish/write.ts';

/** Gives one publication its turn. `topology`: by the observations of this state. */
export function takeTurn(
  turn: Turn,
  state: ClusterState,
  publication: PublicationState,
  topology: Topology,
): ClusterState {
  const { now } = turn;
  // The last read is older than an applied update: a decision would repeat the move, and count it twice.
  if (publication.writing.awaiting && publication.zone.failure === undefined) return state;
  const free = situationOf(state, publication, now, { topology });
  const decided = decideFor(free);
  const evident = settle({ ...free, publication: decided.publication }, decided.decision);
  const settled = noteDecision(turn, evident, decided.decision);
  const noted = withPublication(state, settled);
  const suspicious = withSuspicion(noted, publication.decision, settled.decision, now);
  // An announced server shall be seen at once when it becomes writable. Every turn asks for a little more.
  const next = isAwaited(free.ledger, now)
    ? suspectFor(suspicious, state.settings.watch.intervalMs, now)
    : suspicious;
  const running = openCommand(next, publication.settings.nameserver);
  // While a command waits, write nothing else: a one-shot freeze must not follow its own process's move.
  if (running && isInformed(next, settled, running)) return obey(turn, next, settled, running);
  if (running) return recallOnly(turn, next, settled);
  return write(turn, situationOf(next, settled, now, { topology }), settled.decision);
}

interface Decided {
  readonly decision: Decision;
  readonly publication: PublicationState;
}

/** The table, then the guards. Too many moves set `flapping`, which time alone does not end. */
function decideFor(situation: Situation): Decided {
  const { state, now } = situation;
  const { maxMoves, maxMovesWindowMs } = state.settings.watch;
  const { limits } = situation.publication;
  const decision = decide(situation);
  const moves = limits.moves.filter((at) => now.mono - at < maxMovesWindowMs);
  const wantsMove = decision.kind === 'point-to' && decision.source !== situation.published?.address;
  const flapping = limits.flapping || (wantsMove && moves.length >= maxMoves);
  const publication = changedPublication(situation.publication, { limits: { ...limits, moves, flapping } });
  return {
    decision: withWritableServers(situation, guard({ ...situation, publication }, decision)),
    publication,
  };
}

function noteDecision(turn: Turn, publication: PublicationState, decision: Decision): PublicationState {
  const { now } = turn;
  const { decision: before, zone, settings } = publication;
  const ready = publication.ready || (zone.view !== undefined && zone.failure === undefined);
  if (sameDecision(before, decision) && publication.ready === ready)
    return changedPublication(publication, { decision });
  const epoch = zone.view?.ledger.kind === 'ledger' ? zone.view.ledger.ledger.epoch : undefined;
  record(turn, settings.nameserver, { kind: 'decision', decision, epoch });
  const decidedAt = sameDecision(before, decision)
    ? publication.decidedAt
    : { mono: now.mono, wall: now.wall };
  return changedPublication(publication, { decision, decidedAt, ready });
}

/** After a new decision servers are probed more often: for a while if steady, longer during a hold. */
function withSuspicion(state: ClusterState, before: Decision, after: Decision, now: Now): ClusterState {
  if (sameDecision(before, after)) return state;
  const isSteady = after.kind === 'point-to' && after.reason === 'steady';
  // Another publication may still hold.
  const others = [...state.publications.values()].every(({ decision }) => decision.kind === 'point-to');
  if (isSteady && others) return suspectUntil(state, now.mono + suspectAfterSteadyMs, now);
  return suspectFor(state, suspectDuringHoldMs, now);
}
