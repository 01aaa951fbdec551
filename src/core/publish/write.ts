/** Puts what is wanted on its way, if the moment allows: one update at a time, and never while another one may still land. Calls back what is wanted no more. */

import type { Situation } from '../decide/situation.ts';
import type { Decision } from '../model/decision.ts';
import type { Effect } from '../model/events.ts';
import type { Attempt, PublicationState } from '../model/publication.ts';
import { type ClusterState, type RunningCommand, without, withPublication } from '../model/state.ts';
import { type Now, plusMs } from '../model/units.ts';
import type { WriteKind } from '../model/vocabulary.ts';
import { send } from './attempt.ts';
import { rewritten, type Write } from './intended.ts';
import { intendedWrite } from './intent.ts';
import { isPaused } from './refusals.ts';
import { areReplicasWrong, wantedReplicas } from './wanted-replicas.ts';

/** A command waits and has not looked around yet: nothing is begun, but what the decision does not want any more is called back. */
export function recallOnly(
  state: ClusterState,
  publication: PublicationState,
  decision: Decision,
  effects: Effect[],
): ClusterState {
  return publication.inFlight?.commandId === undefined
    ? withPublication(state, recalled(publication, decision, undefined, effects))
    : state;
}

/** Writes what the decision asks for, or `explicit`; before anything else than a pending update is wanted, that one is fenced off. */
export function write(
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
  if (publication.inFlight) return withPublication(state, recalled(noted, decision, explicit, effects));
  if (view === undefined || !mayWrite(state, publication)) return current;
  const intended = explicit ?? intendedWrite({ ...situation, publication: noted }, decision);
  const chosen = fenced(situation, intended);
  if (chosen === undefined || isPaused(publication, chosen.what, now)) return current;
  if (now.mono - view.readAt > state.settings.watch.freshForMs)
    return withPublication(state, { ...noted, nextReadAt: now.mono });
  if (chosen.notAfter <= now.mono) return current;
  const sent = send(noted, view, chosen, chosen === intended ? running?.id : undefined, now);
  effects.push(sent.effect);
  return withPublication(state, sent.publication);
}

/** These say where the name points, or that it points nowhere. */
const pointing: ReadonlySet<WriteKind> = new Set(['move', 'form', 'repair', 'withdraw']);

/** Where the evidence changes while an update waits for its turn or for a connection, the decision is taken again: what has not left must not leave. */
function recalled(
  publication: PublicationState,
  decision: Decision,
  explicit: Write | undefined,
  effects: Effect[],
): PublicationState {
  const { inFlight, settings } = publication;
  if (
    inFlight === undefined ||
    inFlight.recalled ||
    !pointing.has(inFlight.what) ||
    isWanted(inFlight, decision, explicit)
  )
    return publication;
  effects.push({ kind: 'recall', nameserver: settings.nameserver, try: inFlight.try });
  return { ...publication, inFlight: { ...inFlight, recalled: true } };
}

function isWanted(attempt: Attempt, decision: Decision, explicit: Write | undefined): boolean {
  if (explicit !== undefined) return explicit.aim === attempt.aim;
  if (attempt.what === 'withdraw') return decision.kind === 'hold';
  return decision.kind === 'point-to' && decision.source === attempt.source;
}

/** One update at a time, and only on a zone that was read after the last one. */
const mayWrite = ({ settings }: ClusterState, publication: PublicationState): boolean =>
  settings.mode === 'active' &&
  !publication.mustRead &&
  publication.readFailure === undefined &&
  publication.awaiting === undefined;

function noteReplicas(situation: Situation, decision: Decision): PublicationState {
  const { publication, now } = situation;
  const isSteady = decision.kind === 'point-to' && decision.reason === 'steady';
  const wrong = isSteady && areReplicasWrong(situation, wantedReplicas(situation, decision.source));
  if (!wrong)
    return without(isSteady ? without(publication, 'replicasYielded') : publication, 'replicasWrongSince');
  return { ...publication, replicasWrongSince: publication.replicasWrongSince ?? now.mono };
}

/**
 * An update whose outcome is unknown may land at any time until it lapses. While something else is wanted, or nothing, it is fenced: a compare-and-set of the
 * ledger alone takes away what it was based on. Before the first publication there is no ledger to fence with: it is waited for.
 */
function fenced(situation: Situation, intended: Write | undefined): Write | undefined {
  const { pending } = situation.publication;
  const astray = pending.filter(
    (attempt) =>
      attempt.what !== 'fence' &&
      !attempt.answered &&
      attempt.aim !== intended?.aim &&
      attempt.lapsesAt > situation.now.mono,
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
