/** Sends one update at a time. Recalls or fences off updates that are no longer wanted. */

import type { Situation } from '../decide/situation.ts';
import { changedPublication, withWriting, withZone } from '../model/changed-publication.ts';
import type { Decision } from '../model/decision.ts';
import type { Turn } from '../model/events.ts';
import type { Attempt, PublicationState } from '../model/publication.ts';
import { type ClusterState, withPublication } from '../model/state.ts';
import { plusMs } from '../model/units.ts';
import type { WriteKind } from '../model/vocabulary.ts';
import { send } from './attempt.ts';
import { rewritten, type Write } from './intended.ts';
import { intendedWrite } from './intent.ts';
import { isPaused, withoutLostRaces } from './refusals.ts';
import { drift } from './repair.ts';
import { areReplicasWrong, wantedReplicas } from './wanted-replicas.ts';
import { withoutInspections } from './why-refused.ts';

/** A command waits for its first look: send nothing new, and recall what the decision does not want. */
export function recallOnly(turn: Turn, state: ClusterState, publication: PublicationState): ClusterState {
  if (publication.writing.inFlight?.commandId !== undefined) return state;
  return withPublication(state, recalled(turn, publication, publication.decision));
}

/** What a command adds: its id, and the update itself if the command changes only the ledger. */
interface Order {
  readonly commandId?: string;
  readonly explicit?: Write;
}

/** Writes what the decision or the order wants. First fences off a pending update with another aim. */
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
  if (chosen === undefined)
    return isAsDecided(situation, noted, decision)
      ? withPublication(state, withoutInspections(withoutLostRaces(noted)))
      : current;
  if (isPaused(publication, chosen.what, now)) return current;
  if (now.mono - view.readAt > state.settings.watch.freshForMs)
    return withPublication(state, withZone(noted, { nextReadAt: now.mono }));
  if (chosen.notAfter <= now.mono) return current;
  const order = { ...chosen, commandId: chosen === intended ? commandId : undefined };
  return withPublication(state, send(turn, noted, view, order));
}

/** The zone shows the ledger's source, with all side names: nothing is left to write, by any instance. */
const isAsDecided = (situation: Situation, { replicas }: PublicationState, decision: Decision): boolean =>
  decision.kind === 'point-to' &&
  decision.reason === 'steady' &&
  situation.ledger !== undefined &&
  situation.publication.zone.view?.outside.length === 0 &&
  replicas.wrongSince === undefined &&
  drift(situation, situation.ledger).length === 0;

/** These change where the name points. */
const pointing: ReadonlySet<WriteKind> = new Set(['move', 'form', 'repair', 'withdraw']);

/** The evidence may change while an update waits to be sent: then it must not leave. */
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

/** Only on a zone that was read after the last update. */
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
  return changedPublication(publication, {
    replicas: {
      ...publication.replicas,
      wrongSince: wrong ? (wrongSince ?? now.mono) : undefined,
      yielded: yielded && (wrong || !isSteady),
    },
  });
}

/**
 * An update without an answer may be applied until it lapses. If it is no longer wanted, a change of the
 * ledger alone fences it off: its prerequisite then fails. Before the first publication there is no ledger.
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
    sentence: `An update got no answer (${first.what}). It must not be applied later, so the ledger gets a new try.`,
    ledger: rewritten(situation, ledger),
    wanted: [],
    notAfter: plusMs(now.mono, state.settings.watch.freshForMs),
  };
}
