/** Puts what is wanted on its way, if the moment allows: one update at a time, and never while another one may still land. Calls back what is wanted no more. */

import type { Situation } from '../decide/situation.ts';
import type { Decision } from '../model/decision.ts';
import type { Turn } from '../model/events.ts';
import { type Attempt, type PublicationState, withWriting, withZone } from '../model/publication.ts';
import { type ClusterState, withPublication } from '../model/state.ts';
import { plusMs } from '../model/units.ts';
import type { WriteKind } from '../model/vocabulary.ts';
import { send } from './attempt.ts';
import { rewritten, type Write } from './intended.ts';
import { intendedWrite } from './intent.ts';
import { isPaused } from './refusals.ts';
import { areReplicasWrong, wantedReplicas } from './wanted-replicas.ts';

/** A command waits and has not looked around yet: nothing is begun, and what the decision does not want is recalled. */
export function recallOnly(turn: Turn, state: ClusterState, publication: PublicationState): ClusterState {
  if (publication.writing.inFlight?.commandId !== undefined) return state;
  return withPublication(state, recalled(turn, publication, publication.decision));
}

/** What a command adds: its id, and, where the command changes the ledger alone, the update itself. */
interface Order {
  readonly commandId?: string;
  readonly explicit?: Write;
}

/** Writes what the decision, or the order, asks for. An unsettled update with another aim is fenced off first. */
export function write(
  turn: Turn,
  situation: Situation,
  decision: Decision,
  { commandId, explicit }: Order = {},
): ClusterState {
  const { state, publication } = situation;
  const { now } = turn;
  const noted = noteReplicas(situation, decision);
  const { view } = publication.zone;
  if (publication.writing.inFlight) return withPublication(state, recalled(turn, noted, decision, explicit));
  const current = withPublication(state, noted);
  if (view === undefined || !mayWrite(state, publication)) return current;
  const intended = explicit ?? intendedWrite({ ...situation, publication: noted }, decision);
  const chosen = fenced(situation, intended);
  if (chosen === undefined || isPaused(publication, chosen.what, now)) return current;
  if (now.mono - view.readAt > state.settings.watch.freshForMs)
    return withPublication(state, withZone(noted, { nextReadAt: now.mono }));
  if (chosen.notAfter <= now.mono) return current;
  const order = { ...chosen, commandId: chosen === intended ? commandId : undefined };
  return withPublication(state, send(turn, noted, view, order));
}

/** These say where the name points, or that it points nowhere. */
const pointing: ReadonlySet<WriteKind> = new Set(['move', 'form', 'repair', 'withdraw']);

/**
 * The evidence may change while an update waits for its turn or for a connection. What has not left must not leave
 * then: the decision is taken again.
 */
function recalled(
  { effects }: Turn,
  publication: PublicationState,
  decision: Decision,
  explicit?: Write,
): PublicationState {
  const { inFlight } = publication.writing;
  if (inFlight === undefined || inFlight.recalled || !pointing.has(inFlight.what)) return publication;
  if (isWanted(inFlight, decision, explicit)) return publication;
  effects.push({ kind: 'recall', nameserver: publication.settings.nameserver, try: inFlight.try });
  return withWriting(publication, { inFlight: { ...inFlight, recalled: true } });
}

function isWanted(attempt: Attempt, decision: Decision, explicit: Write | undefined): boolean {
  if (explicit !== undefined) return explicit.aim === attempt.aim;
  if (attempt.what === 'withdraw') return decision.kind === 'hold';
  return decision.kind === 'point-to' && decision.source === attempt.source;
}

/** One update at a time, and only on a zone that was read after the last one. */
const mayWrite = ({ settings }: ClusterState, publication: PublicationState): boolean =>
  settings.mode === 'active' &&
  !publication.writing.mustRead &&
  publication.zone.failure === undefined &&
  publication.writing.awaiting === undefined;

function noteReplicas(situation: Situation, decision: Decision): PublicationState {
  const { publication, now } = situation;
  const { wrongSince, yielded } = publication.replicas;
  const isSteady = decision.kind === 'point-to' && decision.reason === 'steady';
  const wrong = isSteady && areReplicasWrong(situation, wantedReplicas(situation, decision.source));
  return {
    ...publication,
    replicas: {
      ...publication.replicas,
      wrongSince: wrong ? (wrongSince ?? now.mono) : undefined,
      yielded: yielded && (wrong || !isSteady),
    },
  };
}

/**
 * An update whose outcome is unknown may land at any time until it lapses. While something else is wanted, or nothing, it is fenced: a compare-and-set of the
 * ledger alone takes away what it was based on. Before the first publication there is no ledger to fence with: it is waited for.
 */
function fenced(situation: Situation, intended: Write | undefined): Write | undefined {
  const { pending } = situation.publication.writing;
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
