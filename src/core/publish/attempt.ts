/** Sends an update and takes its outcome. An update without an answer is pending: it may still be applied. */

import { withWriting, withZone } from '../model/changed-publication.ts';
import { record, type Turn } from '../model/events.ts';
import { queueingTimeouts, visibleWithinMs, writePauseMaxMs, writePauseMs } from '../model/limits.ts';
import type { Failure } from '../model/observation.ts';
import type { Attempt, Pause, PublicationState, Writing } from '../model/publication.ts';
import { isoTime, type MonoMs, plusMs } from '../model/units.ts';
import type { UpdateOutcome } from '../model/zone.ts';
import type { ZoneView } from '../model/zone-view.ts';
import { isOfSource, isSide } from './desired.ts';
import type { Write } from './intended.ts';
import { planUpdate } from './plan.ts';
import { watchAgain, watchEpoch } from './propagation.ts';
import { withWriteFailure } from './why-refused.ts';

/** Sends the update that `write` describes, on the zone as `view` shows it. */
export function send(
  { now, effects }: Turn,
  publication: PublicationState,
  view: ZoneView,
  write: Write & { readonly commandId: string | undefined },
): PublicationState {
  const { settings } = publication;
  const own = write.wanted.filter((want) => isOfSource(settings.source, want));
  const plan = planUpdate(settings, view, write.ledger, write.wanted);
  const notAfter = Math.min(write.notAfter, now.mono + queueingTimeouts * settings.timeoutMs) as MonoMs;
  const times = { decidedAt: isoTime(publication.decidedAt.wall), sentAt: isoTime(now.wall) };
  const inFlight: Attempt = {
    try: write.ledger.try,
    plan,
    what: write.what,
    aim: write.aim,
    source: write.ledger.source,
    baseText: view.ledgerText,
    wanted: write.wanted,
    // Signed at `notAfter` at the latest. The nameserver's clock may be behind ours by the fudge.
    lapsesAt: plusMs(notAfter, 2 * settings.fudgeMs),
    sentence: write.sentence,
    move: write.move && { ...write.move, ...times },
    present: own.flatMap((want) => want.rrset ?? []),
    absent: own.filter((want) => want.rrset === undefined).map(({ name, type }) => ({ name, type })),
    commandId: write.commandId,
  };
  const deadline = plusMs(notAfter, settings.timeoutMs);
  const { nameserver } = settings;
  effects.push({ kind: 'update', nameserver, try: inFlight.try, plan, notAfter, deadline });
  const writtenAt = write.what === 'replicas' ? now.mono : publication.replicas.writtenAt;
  return {
    ...withWriting(publication, { inFlight, leftOut: write.leftOut ?? publication.writing.leftOut }),
    replicas: { ...publication.replicas, writtenAt },
  };
}

/** Takes the outcome of the update in flight. The outcome of an update that was given up changes nothing. */
export function updateDone(
  turn: Turn,
  publication: PublicationState,
  attemptTry: string,
  outcome: UpdateOutcome,
): PublicationState {
  const { now } = turn;
  const attempt = publication.writing.inFlight;
  if (attempt?.try !== attemptTry) return publication;
  const ended = withZone(withWriting(publication, { inFlight: undefined }), { nextReadAt: now.mono });
  if (outcome.kind === 'applied') {
    const awaiting = { attempt, until: plusMs(now.mono, visibleWithinMs) };
    // This update replaced the ledger, so no other update on the old ledger can be applied.
    return applied(turn, withWriting(ended, { pending: [], nextAt: now.mono, awaiting }), attempt);
  }
  return failed(turn, ended, attempt, outcome);
}

/** The update failed, or its outcome is unknown. Read again if it may be applied; wait if it was refused. */
function failed(
  turn: Turn,
  ended: PublicationState,
  attempt: Attempt,
  outcome: Exclude<UpdateOutcome, { kind: 'applied' }>,
): PublicationState {
  const { now } = turn;
  const { pauses, failures, pending } = ended.writing;
  const code = outcome.kind === 'refused' ? outcome.code : undefined;
  const lostRace = code === 'prerequisite-failed';
  // It waited too long in the queue, or was recalled: decide again.
  const expired =
    code !== undefined && (outcome.failure.code === 'expired' || outcome.failure.code === 'recalled');
  // The failed prerequisite may answer a duplicate of a datagram that was applied: a read shows that.
  const mayBeThere = code === undefined || lostRace;
  const isRefused = code !== undefined && code !== 'not-sent';
  const times = (isRefused ? (pauses.get(attempt.what)?.times ?? 0) : failures) + 1;
  const isHarmless = lostRace || (expired && times === 1);
  const until = plusMs(now.mono, isHarmless && times === 1 ? 0 : pauseAfter(times));
  const told = isHarmless ? ended : withWriteFailure(ended, attempt, outcome, now);
  const failure = isHarmless ? outcome.failure : (told.writing.failure ?? outcome.failure);
  const { nameserver } = ended.settings;
  record(turn, nameserver, { kind: 'update-failed', what: attempt.what, outcome: outcome.kind, failure });
  return withWriting(told, {
    mustRead: mayBeThere,
    ...(isRefused
      ? refusedAgain(ended, attempt, outcome.failure, { times, until })
      : { failures: times, nextAt: until }),
    pending: mayBeThere ? [...pending.slice(-31), { ...attempt, answered: lostRace }] : pending,
  });
}

const pauseAfter = (times: number): number => Math.min(writePauseMs * 2 ** (times - 1), writePauseMaxMs);

/** Counts the refusals over one ledger. While the ledger is the same, no other instance wrote in between. */
function refusedAgain(
  { settings, writing: { refusals, pauses } }: PublicationState,
  { baseText, wanted, what }: Attempt,
  failure: Failure,
  pause: Pause,
): Pick<Writing, 'refusals' | 'pauses'> {
  const hasSides = wanted.some((want) => isSide(settings.source, want));
  const { withSides, withoutSides } =
    refusals?.baseText === baseText ? refusals : { withSides: 0, withoutSides: 0 };
  const counted = {
    withSides: withSides + (hasSides ? 1 : 0),
    withoutSides: withoutSides + (hasSides ? 0 : 1),
  };
  // A move is sent again at once, without its side names.
  const waits = what !== 'move' || !hasSides;
  return {
    refusals: { baseText, what, failure, ...counted },
    pauses: waits ? new Map(pauses).set(what, pause) : pauses,
  };
}

/** Notes an update that is in the zone, by its answer or because a read showed its `try`. */
export function applied(turn: Turn, before: PublicationState, attempt: Attempt): PublicationState {
  const { now } = turn;
  const { settings, zone, limits, writing } = before;
  const isComplete = attempt.wanted.some((want) => isSide(settings.source, want));
  const leftOut = isComplete ? undefined : writing.leftOut;
  const repairs = attempt.what === 'repair' ? [...limits.repairs.slice(-99), now.mono] : limits.repairs;
  const through = withWriting(before, { failure: undefined, refusals: undefined, failures: 0, leftOut });
  const publication: PublicationState = { ...through, limits: { ...limits, repairs } };
  const { nameserver } = settings;
  const { present, absent, what, sentence } = attempt;
  if (attempt.move === undefined) {
    const epoch = zone.view?.ledger.kind === 'ledger' ? zone.view.ledger.ledger.epoch : 0;
    record(turn, nameserver, { kind: 'written', what, sentence, epoch });
    return watchAgain(publication, { present, absent }, now);
  }
  const move = { ...attempt.move, appliedAt: isoTime(now.wall) };
  const { epoch, to, from } = move;
  record(turn, nameserver, { kind: 'move', ...move });
  const moved: PublicationState = {
    ...withZone(publication, { remembered: { nameserver, epoch, source: to.server, uuid: to.uuid } }),
    lastMove: move,
    limits: { ...publication.limits, moves: [...limits.moves.slice(-99), now.mono] },
  };
  return watchEpoch(moved, { epoch, present, absent, isFirst: from === undefined }, now);
}
