/** Updates on their way: sending one, and what is known of it afterwards. An update without an answer may still be applied: until that is settled, it is pending. */

import type { Effect, HistoryEntry } from './events.ts';
import type { Write } from './intent.ts';
import { propagationLimitMs, visibleWithinMs, writePauseMaxMs, writePauseMs } from './limits.ts';
import { planUpdate } from './plan.ts';
import type { Attempt, ClusterState, PublicationState, ZoneView } from './state.ts';
import { without } from './state.ts';
import type { MonoMs, Now } from './units.ts';
import { isoTime, plusMs } from './units.ts';
import type { UpdateOutcome } from './zone.ts';

export interface Sent {
  readonly publication: PublicationState;
  readonly effect: Effect;
}

/** Puts one update on its way. */
export function send(publication: PublicationState, view: ZoneView, write: Write, commandId: string | undefined, now: Now): Sent {
  const { settings } = publication;
  const plan = planUpdate(settings, view, write.ledger, write.wanted);
  const notAfter = Math.min(write.notAfter, now.mono + settings.timeoutMs) as MonoMs;
  const attempt: Attempt = {
    try: write.ledger.try,
    what: write.what,
    aim: write.aim,
    baseText: view.ledgerText,
    // It is signed at `notAfter` at the latest; the nameserver's clock may be behind ours by as much as the fudge.
    lapsesAt: plusMs(notAfter, 2 * settings.fudgeMs),
    sentence: write.sentence,
    ...(write.move ? { move: { ...write.move, decidedAt: isoTime(publication.decidedAt.wall), sentAt: isoTime(now.wall) } } : {}),
    present: plan.changes.flatMap((change) => (change.kind === 'add-rrset' ? [change.rrset] : [])),
    absent: write.wanted.filter((want) => want.rrset === undefined).map(({ name, type }) => ({ name, type })),
    ...(commandId === undefined ? {} : { commandId }),
  };
  return {
    publication: {
      ...publication,
      inFlight: attempt,
      ...(write.what === 'repair' ? { repairs: [...publication.repairs.slice(-99), now.mono] } : {}),
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
    return applied(
      state,
      { ...without(landed, 'writeFailure'), pending: [], writeFailures: 0, nextWriteAt: now.mono, awaiting },
      attempt,
      now,
      effects,
    );
  }
  const entry = { kind: 'update-failed', what: attempt.what, outcome: outcome.kind, failure: outcome.failure } as const;
  effects.push(record(state, publication, now, entry));
  const lostRace = outcome.kind === 'refused' && outcome.code === 'prerequisite-failed';
  const writeFailures = publication.writeFailures + 1;
  const pause = lostRace && writeFailures === 1 ? 0 : Math.min(writePauseMs * 2 ** (writeFailures - 1), writePauseMaxMs);
  return {
    ...landed,
    mustRead: outcome.kind === 'unknown' || lostRace,
    writeFailures,
    nextWriteAt: plusMs(now.mono, pause),
    ...(lostRace ? {} : { writeFailure: outcome.failure }),
    pending: outcome.kind === 'unknown' ? [...publication.pending.slice(-31), attempt] : publication.pending,
  };
}

/** Books an update that is in the zone: by its answer, or because a read showed its `try`. */
export function applied(
  state: ClusterState,
  publication: PublicationState,
  attempt: Attempt,
  now: Now,
  effects: Effect[],
): PublicationState {
  const { view, settings } = publication;
  if (attempt.move === undefined) {
    const epoch = view?.ledger.kind === 'ledger' ? view.ledger.ledger.epoch : 0;
    effects.push(record(state, publication, now, { kind: 'written', what: attempt.what, sentence: attempt.sentence, epoch }));
    return publication;
  }
  const move = { ...attempt.move, appliedAt: isoTime(now.wall) };
  effects.push(record(state, publication, now, { kind: 'move', ...move }));
  if (view) {
    const { nameserver, timeoutMs } = settings;
    effects.push({
      kind: 'propagate',
      nameserver,
      epoch: move.epoch,
      zone: view.zone,
      present: attempt.present,
      absent: attempt.absent,
      deadline: plusMs(now.mono, Math.max(timeoutMs, propagationLimitMs)),
    });
  }
  return {
    ...publication,
    lastMove: move,
    remembered: { nameserver: settings.nameserver, epoch: move.epoch, source: move.to.server, uuid: move.to.uuid },
    moves: [...publication.moves.slice(-99), now.mono],
    propagation: { epoch: move.epoch, complete: false, running: view !== undefined, nameservers: [] },
  };
}

type Entry = HistoryEntry extends infer T ? (T extends HistoryEntry ? Omit<T, 'at' | 'cluster' | 'nameserver'> : never) : never;

/** A line for the history and the log. */
export function record(state: ClusterState, publication: PublicationState, now: Now, entry: Entry): Effect {
  const { cluster } = state.settings;
  return {
    kind: 'record',
    entry: { at: isoTime(now.wall), cluster, nameserver: publication.settings.nameserver, ...entry } as HistoryEntry,
  };
}
