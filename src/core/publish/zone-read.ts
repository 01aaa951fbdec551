/** Takes a read of the zone: whether it is newer than what we know, and which of our updates it shows. */

import { changedPublication, changedZone, withWriting, withZone } from '../model/changed-publication.ts';
import { record, type Turn } from '../model/events.ts';
import { type Ledger, type LedgerReading, ledgerName } from '../model/ledger.ts';
import { readLedger } from '../model/ledger-text.ts';
import { rereadMs } from '../model/limits.ts';
import { restMs } from '../model/pace.ts';
import type { PublicationState } from '../model/publication.ts';
import type { ClusterSettings } from '../model/settings.ts';
import { type Now, plusMs } from '../model/units.ts';
import { findRrset, type ZoneReading } from '../model/zone.ts';
import type { ZoneView } from '../model/zone-view.ts';
import { alteredIn, apartFromTtl, isSame } from './altered.ts';
import { applied } from './attempt.ts';
import { withoutEarlierRaces } from './refusals.ts';

/** Takes the end of a read. */
export function zoneRead(
  turn: Turn,
  settings: ClusterSettings,
  before: PublicationState,
  reading: ZoneReading,
): PublicationState {
  const { now } = turn;
  const sharedMs = reading.kind === 'read' ? (reading.restMs ?? 0) : 0;
  const nextReadAt = plusMs(now.mono, Math.max(restMs(settings, now), sharedMs));
  const ended = withZone(before, { reading: false, endedAt: now.mono, nextReadAt });
  if (reading.kind === 'failed') return withZone(ended, { failure: reading.failure });
  const view = viewOf(before, reading, now);
  const { awaiting, pauses } = before.writing;
  if (awaiting && view.ledgerText === awaiting.attempt.baseText && now.mono < awaiting.until) {
    // Older than an applied update (inline signing shows updates late): never the base of the next one.
    return withZone(ended, { endedAt: before.zone.endedAt, nextReadAt: plusMs(now.mono, rereadMs) });
  }
  const changed = pauses.size > 0 && before.zone.view !== undefined && !sameRrsets(before.zone.view, view);
  const fresh = withWriting(withZone(ended, { failure: undefined, view }), {
    awaiting: undefined,
    mustRead: false,
    // The zone changed, so what was refused may be accepted now.
    pauses: changed ? new Map() : pauses,
  });
  const current = withoutEarlierRaces(fresh, view.ledgerText);
  return noteLedger(turn, settings, settlePending(turn, current, view), view);
}

function viewOf(publication: PublicationState, reading: ZoneReading & { kind: 'read' }, now: Now): ZoneView {
  const { settings, zone, writing } = publication;
  const rrset = findRrset(reading.rrsets, ledgerName(settings.source), 'TXT');
  const rdata = rrset?.type === 'TXT' ? rrset.rdata : [];
  // Beside a CNAME the nameserver accepts an update but drops the ledger (RFC 2136 3.4.2.2): no lock.
  const alias = findRrset(reading.rrsets, ledgerName(settings.source), 'CNAME');
  const why = `is a CNAME (${alias?.rdata[0]}), and no ledger can be stored beside a CNAME: remove the CNAME`;
  const ledgerText =
    rdata.length === 0 ? '' : JSON.stringify(rdata.map((strings) => JSON.stringify(strings)).sort());
  const isSameText = zone.view?.ledgerText === ledgerText;
  const isKnown = zone.view?.ledger.kind === 'ledger' && isSameText;
  const found = isKnown ? zone.view.ledger : readLedger(rdata);
  const ledger: LedgerReading = alias ? { kind: 'unreadable', why } : found;
  const view: ZoneView = {
    zone: reading.zone,
    rrsets: reading.rrsets,
    synthesized: reading.synthesized ?? [],
    looping: reading.looping ?? [],
    outside: reading.outside ?? [],
    altered: [],
    questions: zone.questions,
    ledger,
    ledgerText,
    readAt: now.mono,
    otherLedgerAt: isSameText ? zone.view?.otherLedgerAt : zone.view?.readAt,
  };
  const token = ledger.kind === 'ledger' ? ledger.ledger.try : undefined;
  const { inFlight, awaiting, pending } = writing;
  const shown = [awaiting?.attempt, inFlight, ...pending].find((attempt) => attempt?.try === token);
  // Where another instance wrote before our read, the two would take turns for ever.
  const written = shown?.wanted ?? apartFromTtl(view, awaiting?.attempt.wanted);
  return { ...view, altered: alteredIn(view, zone.view?.altered ?? [], written) };
}

/** Whether two reads show the same, whenever they were. */
export const showsTheSame = (a: ZoneView, b: ZoneView): boolean =>
  a.zone === b.zone &&
  a.ledgerText === b.ledgerText &&
  sameRrsets(a, b) &&
  beside.every((key) => isSameList(a[key], b[key]));

/** What a reading has beside the RRsets; most often all but the questions is empty. */
const beside = ['synthesized', 'looping', 'outside', 'altered', 'questions'] as const;

const isSameList = (a: readonly unknown[] = [], b: readonly unknown[] = []): boolean =>
  a.length === b.length && (a.length === 0 || JSON.stringify(a) === JSON.stringify(b));

const sameRrsets = (a: ZoneView, b: ZoneView): boolean =>
  a.rrsets.length === b.rrsets.length &&
  a.rrsets.every((rrset) => isSame(rrset, findRrset(b.rrsets, rrset.name, rrset.type)));

/** An update on another ledger than the present one either made the present one, or can never be applied. */
function settlePending(turn: Turn, publication: PublicationState, view: ZoneView): PublicationState {
  const { now } = turn;
  const token = view.ledger.kind === 'ledger' ? view.ledger.ledger.try : undefined;
  const { inFlight, pending } = publication.writing;
  // A read may show an update before its answer arrives, or instead of it.
  const isInFlight = inFlight !== undefined && inFlight.try === token;
  const landed = isInFlight ? inFlight : pending.find((attempt) => attempt.try === token);
  const settled = withWriting(publication, {
    inFlight: isInFlight ? undefined : inFlight,
    pending: pending.filter((attempt) => attempt.baseText === view.ledgerText && attempt.lapsesAt > now.mono),
  });
  return landed === undefined ? settled : applied(turn, withWriting(settled, { nextAt: now.mono }), landed);
}

function noteLedger(
  turn: Turn,
  { cluster, instance }: ClusterSettings,
  publication: PublicationState,
  { ledger: reading }: ZoneView,
): PublicationState {
  const ledger = reading.kind === 'ledger' && reading.ledger.cluster === cluster ? reading.ledger : undefined;
  const { remembered, lostSince } = publication.zone;
  const known = remembered?.epoch ?? 0;
  if (ledger === undefined || ledger.epoch < known) {
    const isLost = known > 0 && reading.kind !== 'unreadable';
    return withZone(publication, { lostSince: isLost ? (lostSince ?? turn.now.mono) : undefined });
  }
  const { zone, replicas } = publication;
  // Another instance took over without a move: both live, so they disagree.
  const isSuccessor = ledger.by !== instance && zone.lastLedger?.epoch === ledger.epoch;
  const givesWay = isSuccessor && zone.lastLedger?.by === instance;
  const found = changedPublication(publication, {
    zone: changedZone(zone, {
      lostSince: undefined,
      lastLedger: ledger,
      gaveWay: givesWay || (isSuccessor && zone.gaveWay),
    }),
    replicas: { ...replicas, yielded: givesWay || (isSuccessor && replicas.yielded) },
  });
  return ledger.epoch > known ? movedElsewhere(turn, found, ledger, known) : found;
}

/** A higher epoch that is not ours: another instance moved the name, or this instance has just started. */
function movedElsewhere(
  turn: Turn,
  publication: PublicationState,
  { epoch, source, uuid, by, why }: Ledger,
  known: number,
): PublicationState {
  const { mono } = turn.now;
  const { nameserver } = publication.settings;
  const remembered = { nameserver, epoch, source, uuid };
  if (known === 0) return withZone(publication, { remembered });
  record(turn, nameserver, { kind: 'moved-elsewhere', epoch, source, uuid, by, why });
  const seen = Array.from({ length: Math.min(epoch - known, 20) }, () => mono);
  const moves = [...publication.limits.moves, ...seen].slice(-100);
  return {
    ...withZone(publication, { remembered, movedElsewhereAt: mono }),
    limits: { ...publication.limits, moves },
  };
}
