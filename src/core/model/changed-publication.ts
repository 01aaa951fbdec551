/**
 * A publication with something changed. Each copy is a literal that names every key: Node 20 copies `{ ...all }`
 * key by key as soon as a few shapes have come by, which takes five times as long or more (docs/decisions/049).
 */

import type { Evidence, PublicationState, Writing, ZoneMemory } from './publication.ts';

export const changedPublication = (
  publication: PublicationState,
  change: Partial<PublicationState>,
): PublicationState => Object.assign(copyOfPublication(publication), change);

const copyOfPublication = (publication: PublicationState): PublicationState => ({
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
});

export const changedZone = (zone: ZoneMemory, change: Partial<ZoneMemory>): ZoneMemory =>
  Object.assign(copyOfZone(zone), change);

const copyOfZone = (zone: ZoneMemory): ZoneMemory => ({
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
});

export const changedWriting = (writing: Writing, change: Partial<Writing>): Writing =>
  Object.assign(copyOfWriting(writing), change);

const copyOfWriting = (writing: Writing): Writing => ({
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
});

export const changedEvidence = (evidence: Evidence, change: Partial<Evidence>): Evidence =>
  Object.assign(copyOfEvidence(evidence), change);

const copyOfEvidence = (evidence: Evidence): Evidence => ({
  line: evidence.line,
  gone: evidence.gone,
  steadySince: evidence.steadySince,
  weakSince: evidence.weakSince,
  sourcelessSince: evidence.sourcelessSince,
  rejoins: evidence.rejoins,
  wayless: evidence.wayless,
  beforeStale: evidence.beforeStale,
});

/** The publication with this changed of what was read. */
export const withZone = (publication: PublicationState, zone: Partial<ZoneMemory>): PublicationState =>
  changedPublication(publication, { zone: changedZone(publication.zone, zone) });

/** The publication with this changed of its updates. */
export const withWriting = (publication: PublicationState, writing: Partial<Writing>): PublicationState =>
  changedPublication(publication, { writing: changedWriting(publication.writing, writing) });
