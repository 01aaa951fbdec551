/** One publication's turn after every event: decide, remember, and write at most one thing. The decision is taken again at the moment of the write. */

import { record, send } from './attempt.ts';
import { commandedBy, isInformed, openCommand, resultOfFailure, withEpoch, withResult } from './commands.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import { sameDecision } from './decision.ts';
import type { CommandResult, Effect } from './events.ts';
import { guard } from './guard.ts';
import type { Write } from './intent.ts';
import { intendedWrite, rewritten } from './intent.ts';
import type { Ledger } from './ledger.ts';
import { suspectAfterSteadyMs, suspectDuringHoldMs } from './limits.ts';
import { differs, planUpdate } from './plan.ts';
import { wantedReplicas } from './replicas.ts';
import { settle } from './settle.ts';
import type { Situation } from './situation.ts';
import { isPublished, situationOf } from './situation.ts';
import type { ClusterState, PublicationState, RunningCommand } from './state.ts';
import { without, withPublication } from './state.ts';
import type { MonoMs, Now } from './units.ts';
import { plusMs } from './units.ts';

export function publish(state: ClusterState, nameserver: string, now: Now, effects: Effect[]): ClusterState {
  const publication = state.publications.get(nameserver) as PublicationState;
  // What was read is older than an update that was applied. To decide on it would be to decide the same move once more, and to count it as flapping.
  if (publication.awaiting && publication.readFailure === undefined) return state;
  const free = situationOf(state, publication, undefined, now);
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
  // Nothing is written of our own accord while somebody waits to be obeyed: a one-shot freeze must not come after a move of its own process.
  if (running) return isInformed(next, settled, running) ? obey(next, settled, running, now, effects) : next;
  return write(next, situationOf(next, settled, undefined, now), settled.decision, undefined, now, effects);
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
  return { decision: guard({ ...situation, publication }, decision), publication };
}

function noteDecision(
  state: ClusterState,
  publication: PublicationState,
  decision: Decision,
  now: Now,
  effects: Effect[],
): PublicationState {
  const before = publication.decision;
  const ready = publication.ready || (publication.view !== undefined && publication.readFailure === undefined);
  if (sameDecision(before, decision) && publication.ready === ready) return { ...publication, decision };
  const ledger = publication.view?.ledger;
  effects.push(
    record(state, publication, now, { kind: 'decision', decision, ...(ledger?.kind === 'ledger' ? { epoch: ledger.ledger.epoch } : {}) }),
  );
  const decidedAt = sameDecision(before, decision) ? publication.decidedAt : { mono: now.mono, wall: now.wall };
  return { ...publication, decision, decidedAt, ready };
}

/** A new decision is watched closely: until it has been steady for a while, or an unchanged hold for a minute. */
function withSuspicion(state: ClusterState, before: Decision, after: Decision, now: Now): ClusterState {
  if (sameDecision(before, after)) return state;
  const closely = after.kind === 'point-to' && after.reason === 'steady' ? suspectAfterSteadyMs : suspectDuringHoldMs;
  return { ...state, suspectUntil: Math.max(state.suspectUntil, now.mono + closely) as MonoMs };
}

/** Writes what the decision asks for; before anything else than a pending update is wanted, that one is fenced off. */
function write(
  state: ClusterState,
  situation: Situation,
  decision: Decision,
  running: RunningCommand | undefined,
  now: Now,
  effects: Effect[],
  explicit?: Write,
): ClusterState {
  const { publication } = situation;
  const noted = noteReplicas(situation, decision);
  const current = withPublication(state, noted);
  const { view } = publication;
  if (view === undefined || !mayWrite(state, publication)) return current;
  const intended = explicit ?? intendedWrite({ ...situation, publication: noted }, decision);
  const chosen = fenced(situation, intended);
  if (chosen === undefined || now.mono < publication.nextWriteAt) return current;
  if (now.mono - view.readAt > state.settings.watch.freshForMs) return withPublication(state, { ...noted, nextReadAt: now.mono });
  if (chosen.notAfter <= now.mono) return current;
  const sent = send(noted, view, chosen, chosen === intended ? running?.id : undefined, now);
  effects.push(sent.effect);
  return withPublication(state, sent.publication);
}

/** One update at a time, and only on a zone that was read after the last one. */
const mayWrite = ({ settings }: ClusterState, publication: PublicationState): boolean =>
  settings.mode === 'active' &&
  !publication.mustRead &&
  publication.readFailure === undefined &&
  publication.awaiting === undefined &&
  publication.inFlight === undefined;

function noteReplicas({ publication, now, ...rest }: Situation, decision: Decision): PublicationState {
  const { view } = publication;
  const isSteady = decision.kind === 'point-to' && decision.reason === 'steady';
  const wrong =
    isSteady && view !== undefined && wantedReplicas({ publication, now, ...rest }, decision.source).some((want) => differs(view, want));
  if (!wrong) return without(publication, 'replicasWrongSince');
  return { ...publication, replicasWrongSince: publication.replicasWrongSince ?? now.mono };
}

/**
 * An update whose outcome is unknown may land at any time until it lapses. While something else is wanted, or nothing, it is fenced: a compare-and-set of the
 * ledger alone takes away what it was based on. Before the first publication there is no ledger to fence with: it is waited for.
 */
function fenced(situation: Situation, intended: Write | undefined): Write | undefined {
  const { pending } = situation.publication;
  const astray = pending.filter(
    (attempt) => attempt.what !== 'fence' && attempt.aim !== intended?.aim && attempt.lapsesAt > situation.now.mono,
  );
  const [first] = astray;
  if (first === undefined) return intended;
  const { ledger, now, state } = situation;
  if (ledger === undefined) return undefined;
  return {
    what: 'fence',
    aim: 'fence',
    sentence: `An update without an answer (${first.what}) must not be applied later: the ledger has a new try.`,
    ledger: rewritten(situation, ledger),
    wanted: [],
    notAfter: plusMs(now.mono, state.settings.watch.freshForMs),
  };
}

type Result = Omit<CommandResult, 'nameserver'>;

/** Does what the command in progress says, or says why not. */
function obey(state: ClusterState, publication: PublicationState, running: RunningCommand, now: Now, effects: Effect[]): ClusterState {
  const { nameserver } = publication.settings;
  const noted = withEpoch(state, nameserver, publication.remembered?.epoch ?? 0);
  if (publication.readFailure) return withResult(noted, nameserver, resultOfFailure(publication.readFailure));
  const situation = situationOf(noted, publication, commandedBy(running), now);
  if (running.command.kind !== 'follow') return rewrite(noted, situation, running, now, effects);
  const known = noted.commands[0]?.progress.get(nameserver)?.epoch;
  const decision = guard(situation, decide(situation));
  const answer = answerWithoutWrite(situation, decision, running, known);
  if (answer) return withResult(noted, nameserver, answer);
  // A command may move what moved too often, and its time is now.
  const unlatched = { ...publication, flapping: false, moves: [], decidedAt: { mono: now.mono, wall: now.wall } };
  return write(noted, { ...situation, publication: unlatched }, decision, running, now, effects);
}

/** The result of a follow that needs no write, or must not write. */
function answerWithoutWrite(
  situation: Situation,
  decision: Decision,
  running: RunningCommand,
  known: number | undefined,
): Result | undefined {
  const { publication, ledger, state, members, published } = situation;
  const { command } = running;
  if (command.kind !== 'follow') return undefined;
  if (ledger && published?.address === command.server && ledger.source === command.server) {
    return { kind: 'done', code: 'steady', sentence: `${command.server} is published already, since epoch ${ledger.epoch}.` };
  }
  if (decision.kind === 'hold') return { kind: 'held', code: decision.reason, sentence: decision.sentence };
  if (ledger && known !== undefined && ledger.epoch > known) {
    return {
      kind: 'lost-race',
      code: 'lost-race',
      sentence: `Instance ${ledger.by} moved the name to ${ledger.source} meanwhile (epoch ${ledger.epoch}).`,
    };
  }
  if (command.dryRun && publication.view) {
    const target = members.find((member) => member.address === command.server);
    const intended = target && !isPublished(situation, target) ? intendedWrite(situation, decision) : undefined;
    if (intended)
      return {
        kind: 'done',
        code: 'dry-run',
        sentence: decision.sentence,
        plan: planUpdate(publication.settings, publication.view, intended.ledger, intended.wanted),
      };
  }
  return state.settings.mode === 'observe' ? observing(state) : undefined;
}

const observing = (state: ClusterState): Result => ({
  kind: 'failed',
  code: 'observe-mode',
  sentence: `Cluster ${state.settings.cluster} is in mode: observe, which writes nothing. Set mode: active.`,
});

/** Freeze and thaw: a change of the ledger alone. */
function rewrite(state: ClusterState, situation: Situation, running: RunningCommand, now: Now, effects: Effect[]): ClusterState {
  const { ledger, publication } = situation;
  const { command } = running;
  const { nameserver, source } = publication.settings;
  if (command.kind === 'follow') return state;
  if (ledger === undefined || ledger.cluster !== state.settings.cluster) {
    const sentence = `${source.name} has no ledger of cluster ${state.settings.cluster} to ${command.kind}: ${publication.decision.sentence}`;
    return withResult(state, nameserver, { kind: 'failed', code: 'no-ledger', sentence });
  }
  const thawed = command.kind === 'thaw' ? withPublication(state, { ...publication, flapping: false, moves: [] }) : state;
  if ((command.kind === 'thaw') === (ledger.frozen === undefined)) {
    const released = publication.flapping ? 'It was not frozen; its moves are counted anew.' : 'It was not frozen.';
    const sentence = command.kind === 'thaw' ? released : `It is frozen already, by ${ledger.frozen?.by}: ${ledger.frozen?.reason}`;
    return withResult(thawed, nameserver, { kind: 'done', code: command.kind, sentence });
  }
  if (state.settings.mode === 'observe') return withResult(state, nameserver, observing(state));
  const { frozen: _thawed, ...rest } = ledger;
  const next: Ledger = command.kind === 'thaw' ? rest : { ...ledger, frozen: { by: command.by, reason: command.reason } };
  const wanted: Write = {
    what: command.kind,
    aim: `${command.kind} ${running.id}`,
    sentence: command.kind === 'thaw' ? `Thawed by ${command.by}.` : `Frozen by ${command.by}: ${command.reason}`,
    ledger: rewritten(situation, next),
    wanted: [],
    notAfter: plusMs(now.mono, state.settings.watch.freshForMs),
  };
  const current = thawed.publications.get(nameserver) as PublicationState;
  return write(thawed, { ...situation, publication: current }, current.decision, running, now, effects, wanted);
}
