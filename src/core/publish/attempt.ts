/** Updates on their way: sending one, and what is known of it afterwards. An update without an answer may still be applied: until that is settled, it is pending. */

import type { Effect } from '../model/events.ts';
import { queueingTimeouts, visibleWithinMs, writePauseMaxMs, writePauseMs } from '../model/limits.ts';
import type { Failure } from '../model/observation.ts';
import type { Attempt, Pause, PublicationState } from '../model/publication.ts';
import { record } from '../model/record.ts';
import { type ClusterState, without } from '../model/state.ts';
import { isoTime, type MonoMs, type Now, plusMs } from '../model/units.ts';
import type { WriteKind } from '../model/vocabulary.ts';
import type { UpdateOutcome } from '../model/zone.ts';
import type { ZoneView } from '../model/zone-view.ts';
import { isOfSource, isSide } from './desired.ts';
import type { Write } from './intended.ts';
import { planUpdate } from './plan.ts';
import { watchAgain, watchEpoch } from './propagation.ts';
import { withWriteFailure } from './why-refused.ts';

interface Sent {
  readonly publication: PublicationState;
  readonly effect: Effect;
}

/** Puts one update on its way. */
export function send(
  publication: PublicationState,
  view: ZoneView,
  write: Write,
  commandId: string | undefined,
  now: Now,
): Sent {
  const { settings } = publication;
  const own = write.wanted.filter((want) => isOfSource(settings.source, want));
  const plan = planUpdate(settings, view, write.ledger, write.wanted);
  const notAfter = Math.min(write.notAfter, now.mono + queueingTimeouts * settings.timeoutMs) as MonoMs;
  const attempt: Attempt = {
    try: write.ledger.try,
    plan,
    what: write.what,
    aim: write.aim,
    source: write.ledger.source,
    baseText: view.ledgerText,
    wanted: write.wanted,
    // It is signed at `notAfter` at the latest; the nameserver's clock may be behind ours by as much as the fudge.
    lapsesAt: plusMs(notAfter, 2 * settings.fudgeMs),
    sentence: write.sentence,
    ...(write.move
      ? { move: { ...write.move, decidedAt: isoTime(publication.decidedAt.wall), sentAt: isoTime(now.wall) } }
      : {}),
    present: own.flatMap((want) => want.rrset ?? []),
    absent: own.filter((want) => want.rrset === undefined).map(({ name, type }) => ({ name, type })),
    ...(commandId === undefined ? {} : { commandId }),
  };
  return {
    publication: {
      ...publication,
      inFlight: attempt,
      ...(write.leftOut ? { leftOut: write.leftOut } : {}),
      ...(write.what === 'replicas' ? { replicasWrittenAt: now.mono } : {}),
    },
    effect: {
      kind: 'update',
      nameserver: settings.nameserver,
      try: attempt.try,
      plan,
      notAfter,
      deadline: plusMs(notAfter, settings.timeoutMs),
    },
  };
}

/** Takes the outcome of the update in flight. Another one's (an answer that was given up) changes nothing. */
export function updateDone(
  state: ClusterState,
  publication: PublicationState,
  attemptTry: string,
  outcome: UpdateOutcome,
  now: Now,
  effects: Effect[],
): PublicationState {
  const attempt = publication.inFlight;
  if (attempt?.try !== attemptTry) return publication;
  const landed = { ...without(publication, 'inFlight'), nextReadAt: now.mono };
  if (outcome.kind === 'applied') {
    const awaiting = { attempt, until: plusMs(now.mono, visibleWithinMs) };
    // What it was based on is gone, so nothing else that was based on it can be applied any more.
    return applied(state, { ...landed, pending: [], nextWriteAt: now.mono, awaiting }, attempt, now, effects);
  }
  const lostRace = outcome.kind === 'refused' && outcome.code === 'prerequisite-failed';
  // It waited too long in the queue, or something else was wanted before it left: decided again, on what is known now.
  const expired =
    outcome.kind === 'refused' && (outcome.failure.code === 'expired' || outcome.failure.code === 'recalled');
  // The failed prerequisite may be the answer to a duplicate of a datagram that was applied: a read will tell.
  const mayBeThere = outcome.kind === 'unknown' || lostRace;
  const isRefused = outcome.kind === 'refused' && outcome.code !== 'not-sent';
  const times = isRefused ? timesRefused(publication, attempt.what) + 1 : publication.writeFailures + 1;
  const isHarmless = lostRace || (expired && times === 1);
  const until = plusMs(now.mono, isHarmless && times === 1 ? 0 : pauseAfter(times));
  const failed = isHarmless ? landed : withWriteFailure(landed, attempt, outcome, now);
  const failure = isHarmless ? outcome.failure : (failed.writeFailure ?? outcome.failure);
  effects.push(
    record(state, publication, now, {
      kind: 'update-failed',
      what: attempt.what,
      outcome: outcome.kind,
      failure,
    }),
  );
  return {
    ...failed,
    mustRead: outcome.kind === 'unknown' || lostRace,
    ...(isRefused
      ? refusedAgain(publication, attempt, outcome.failure, { times, until })
      : { writeFailures: times, nextWriteAt: until }),
    pending: mayBeThere
      ? [...publication.pending.slice(-31), { ...attempt, answered: lostRace }]
      : publication.pending,
  };
}

const timesRefused = ({ pauses }: PublicationState, what: WriteKind): number => pauses.get(what)?.times ?? 0;

const pauseAfter = (times: number): number => Math.min(writePauseMs * 2 ** (times - 1), writePauseMaxMs);

/** Every update changes the ledger: while it reads the same, no other instance was faster. */
function refusedAgain(
  { settings, refusals, pauses }: PublicationState,
  { baseText, wanted, what }: Attempt,
  failure: Failure,
  pause: Pause,
): Pick<PublicationState, 'refusals' | 'pauses'> {
  const hasSides = wanted.some((want) => isSide(settings.source, want));
  const { withSides, withoutSides } =
    refusals?.baseText === baseText ? refusals : { withSides: 0, withoutSides: 0 };
  const counted = {
    withSides: withSides + (hasSides ? 1 : 0),
    withoutSides: withoutSides + (hasSides ? 0 : 1),
  };
  // A move goes again at once, without its side names.
  const waits = what !== 'move' || !hasSides;
  return {
    refusals: { baseText, what, failure, ...counted },
    pauses: waits ? new Map(pauses).set(what, pause) : pauses,
  };
}

/** Books an update that is in the zone: by its answer, or because a read showed its `try`. */
export function applied(
  state: ClusterState,
  before: PublicationState,
  attempt: Attempt,
  now: Now,
  effects: Effect[],
): PublicationState {
  const { view, settings } = before;
  const isComplete = attempt.wanted.some((want) => isSide(settings.source, want));
  const through = { ...without(without(before, 'writeFailure'), 'refusals'), writeFailures: 0 };
  const repairs = attempt.what === 'repair' ? [...before.repairs.slice(-99), now.mono] : before.repairs;
  const publication: PublicationState = { ...(isComplete ? without(through, 'leftOut') : through), repairs };
  if (attempt.move === undefined) {
    const epoch = view?.ledger.kind === 'ledger' ? view.ledger.ledger.epoch : 0;
    effects.push(
      record(state, publication, now, {
        kind: 'written',
        what: attempt.what,
        sentence: attempt.sentence,
        epoch,
      }),
    );
    return watchAgain(publication, { present: attempt.present, absent: attempt.absent }, now);
  }
  const move = { ...attempt.move, appliedAt: isoTime(now.wall) };
  effects.push(record(state, publication, now, { kind: 'move', ...move }));
  const moved: PublicationState = {
    ...publication,
    lastMove: move,
    remembered: {
      nameserver: settings.nameserver,
      epoch: move.epoch,
      source: move.to.server,
      uuid: move.to.uuid,
    },
    moves: [...publication.moves.slice(-99), now.mono],
  };
  return watchEpoch(
    moved,
    move.epoch,
    { present: attempt.present, absent: attempt.absent },
    move.from === undefined,
    now,
  );
}
