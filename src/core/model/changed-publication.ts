/** A publication with something changed. */

import { changedCopy } from './changed-copy.ts';
import type { Evidence, PublicationState, Writing, ZoneMemory } from './publication.ts';

export const changedPublication = changedCopy<PublicationState>((publication) => ({
  settings: publication.settings,
  decision: publication.decision,
  decidedAt: publication.decidedAt,
  ready: publication.ready,
  zone: publication.zone,
  writing: publication.writing,
  evidence: publication.evidence,
  replicas: publication.replicas,
  limits: publication.limits,
  lastMove: publication.lastMove,
  propagation: publication.propagation,
}));

export const changedZone = changedCopy<ZoneMemory>((zone) => ({
  view: zone.view,
  movedElsewhereAt: zone.movedElsewhereAt,
  failure: zone.failure,
  reading: zone.reading,
  questions: zone.questions,
  nextReadAt: zone.nextReadAt,
  endedAt: zone.endedAt,
  remembered: zone.remembered,
  lastLedger: zone.lastLedger,
  gaveWay: zone.gaveWay,
  lostSince: zone.lostSince,
}));

export const changedWriting = changedCopy<Writing>((writing) => ({
  inFlight: writing.inFlight,
  pending: writing.pending,
  awaiting: writing.awaiting,
  mustRead: writing.mustRead,
  failure: writing.failure,
  whyRefused: writing.whyRefused,
  failures: writing.failures,
  nextAt: writing.nextAt,
  pauses: writing.pauses,
  refusals: writing.refusals,
  leftOut: writing.leftOut,
}));

export const changedEvidence = changedCopy<Evidence>((evidence) => ({
  line: evidence.line,
  gone: evidence.gone,
  steadySince: evidence.steadySince,
  weakSince: evidence.weakSince,
  sourcelessSince: evidence.sourcelessSince,
  rejoins: evidence.rejoins,
  wayless: evidence.wayless,
  beforeStale: evidence.beforeStale,
}));

/** The publication with this changed of what was read. */
export const withZone = (publication: PublicationState, zone: Partial<ZoneMemory>): PublicationState =>
  changedPublication(publication, { zone: changedZone(publication.zone, zone) });

/** The publication with this changed of its updates. */
export const withWriting = (publication: PublicationState, writing: Partial<Writing>): PublicationState =>
  changedPublication(publication, { writing: changedWriting(publication.writing, writing) });
