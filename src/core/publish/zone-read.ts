/** Takes what was read of the zone: is it newer than what we know, whose ledger is it, and which of our updates does it show. */

import type { Effect } from '../model/events.ts';
import { type Ledger, type LedgerReading, ledgerName, readLedger } from '../model/ledger.ts';
import { rereadMs } from '../model/limits.ts';
import type { PublicationState } from '../model/publication.ts';
import { record } from '../model/record.ts';
import { type ClusterState, without } from '../model/state.ts';
import { type Now, plusMs } from '../model/units.ts';
import { findRrset, type ZoneReading } from '../model/zone.ts';
import type { ZoneView } from '../model/zone-view.ts';
import { alteredIn, isSame } from './altered.ts';
import { applied } from './attempt.ts';

export function zoneRead(
  state: ClusterState,
  before: PublicationState,
  reading: ZoneReading,
  now: Now,
  effects: Effect[],
): PublicationState {
  const restMs = reading.kind === 'read' ? (reading.restMs ?? 0) : 0;
  const nextReadAt = plusMs(now.mono, Math.max(state.settings.watch.intervalMs, restMs));
  const ended = { ...before, reading: false, readEndedAt: now.mono, nextReadAt };
  if (reading.kind === 'failed') return { ...ended, readFailure: reading.failure };
  const view = viewOf(before, reading, now);
  const { awaiting } = before;
  if (awaiting && view.ledgerText === awaiting.attempt.baseText && now.mono < awaiting.until) {
    // Older than an update that is known to be applied (inline signing shows it some milliseconds later): never the base of the next one.
    return {
      ...without(ended, 'readEndedAt'),
      ...(before.readEndedAt === undefined ? {} : { readEndedAt: before.readEndedAt }),
      nextReadAt: plusMs(now.mono, rereadMs),
    };
  }
  const changed = before.pauses.size > 0 && before.view !== undefined && !sameRrsets(before.view, view);
  const fresh: PublicationState = {
    ...without(without(ended, 'readFailure'), 'awaiting'),
    view,
    mustRead: false,
    // What was refused over another zone may be taken now.
    pauses: changed ? new Map() : before.pauses,
  };
  return noteLedger(state, settlePending(state, fresh, view, now, effects), before, view, now, effects);
}

function viewOf(publication: PublicationState, reading: ZoneReading & { kind: 'read' }, now: Now): ZoneView {
  const { settings, questions, inFlight, awaiting, pending } = publication;
  const rrset = findRrset(reading.rrsets, ledgerName(settings.source), 'TXT');
  const rdata = rrset?.type === 'TXT' ? rrset.rdata : [];
  // The ledger cannot be stored beside it: an update would be taken, and nothing of it kept (RFC 2136 3.4.2.2). Without a ledger there is no lock.
  const alias = findRrset(reading.rrsets, ledgerName(settings.source), 'CNAME');
  const ledger: LedgerReading = alias
    ? {
        kind: 'unreadable',
        why: `is a CNAME (${alias.rdata[0]}), beside which no ledger can be stored: remove the CNAME`,
      }
    : readLedger(rdata);
  const view: ZoneView = {
    zone: reading.zone,
    rrsets: reading.rrsets,
    synthesized: reading.synthesized ?? [],
    outside: reading.outside ?? [],
    altered: [],
    ...(questions ? { questions } : {}),
    ledger,
    ledgerText:
      rdata.length === 0 ? '' : JSON.stringify(rdata.map((strings) => JSON.stringify(strings)).sort()),
    readAt: now.mono,
  };
  const token = ledger.kind === 'ledger' ? ledger.ledger.try : undefined;
  const shown = [awaiting?.attempt, inFlight, ...pending].find((attempt) => attempt?.try === token);
  return { ...view, altered: alteredIn(view, publication.view?.altered ?? [], shown?.wanted) };
}

const sameRrsets = (a: ZoneView, b: ZoneView): boolean =>
  a.rrsets.length === b.rrsets.length &&
  a.rrsets.every((rrset) => isSame(rrset, findRrset(b.rrsets, rrset.name, rrset.type)));

/** An update that was based on another ledger than the one that is there now is either the one that is there, or can never be applied. */
function settlePending(
  state: ClusterState,
  publication: PublicationState,
  view: ZoneView,
  now: Now,
  effects: Effect[],
): PublicationState {
  const token = view.ledger.kind === 'ledger' ? view.ledger.ledger.try : undefined;
  const { inFlight } = publication;
  // A read may show the update before its answer comes, or instead of it.
  const isInFlight = inFlight !== undefined && inFlight.try === token;
  const landed = isInFlight ? inFlight : publication.pending.find((attempt) => attempt.try === token);
  const pending = publication.pending.filter(
    (attempt) => attempt.baseText === view.ledgerText && attempt.lapsesAt > now.mono,
  );
  const settled: PublicationState = {
    ...(isInFlight ? without(publication, 'inFlight') : publication),
    pending,
  };
  if (landed === undefined) return settled;
  return applied(state, { ...settled, nextWriteAt: now.mono }, landed, now, effects);
}

function noteLedger(
  state: ClusterState,
  publication: PublicationState,
  before: PublicationState,
  view: ZoneView,
  now: Now,
  effects: Effect[],
): PublicationState {
  const ledger =
    view.ledger.kind === 'ledger' && view.ledger.ledger.cluster === state.settings.cluster
      ? view.ledger.ledger
      : undefined;
  const known = publication.remembered?.epoch ?? 0;
  if (ledger === undefined || ledger.epoch < known) {
    const isLost = known > 0 && view.ledger.kind !== 'unreadable';
    return isLost
      ? { ...publication, lostSince: before.lostSince ?? now.mono }
      : without(publication, 'lostSince');
  }
  const found = { ...withYield(state, without(publication, 'lostSince'), ledger), lastLedger: ledger };
  return ledger.epoch > known ? movedElsewhere(state, found, ledger, known, now, effects) : found;
}

/** The replicas' RRset was ours to keep, and without a move it is another's now: that one lives, and so do we, so we do not agree. */
function withYield(
  { settings }: ClusterState,
  publication: PublicationState,
  ledger: Ledger,
): PublicationState {
  const { lastLedger } = publication;
  if (ledger.by === settings.instance || lastLedger?.epoch !== ledger.epoch)
    return without(publication, 'replicasYielded');
  return lastLedger.by === settings.instance ? { ...publication, replicasYielded: true } : publication;
}

/** A higher epoch that is not ours: another instance moved the name, or we have just begun and know nothing yet. */
function movedElsewhere(
  state: ClusterState,
  publication: PublicationState,
  ledger: Ledger,
  known: number,
  now: Now,
  effects: Effect[],
): PublicationState {
  const { epoch, source, uuid, by, why } = ledger;
  const remembered = { nameserver: publication.settings.nameserver, epoch, source, uuid };
  if (known === 0) return { ...publication, remembered };
  effects.push(record(state, publication, now, { kind: 'moved-elsewhere', epoch, source, uuid, by, why }));
  const moves = [
    ...publication.moves,
    ...Array.from({ length: Math.min(epoch - known, 20) }, () => now.mono),
  ].slice(-100);
  return { ...publication, remembered, moves, movedElsewhereAt: now.mono };
}
