/** Updates that the nameserver refuses. The source's name never waits for its side names (replicas, SRV). */

import { withWriting } from '../model/changed-publication.ts';
import { noProgressAfter } from '../model/limits.ts';
import type { Failure } from '../model/observation.ts';
import type { PublicationState } from '../model/publication.ts';
import type { Now } from '../model/units.ts';
import type { WriteKind } from '../model/vocabulary.ts';

/**
 * Why a move leaves the side names out; undefined: it does not. One name can make the nameserver refuse the
 * whole message: a right for it is missing, or it is not stored as it is answered.
 */
export function obstructingSides({
  writing: { refusals, leftOut },
  zone: { view },
}: PublicationState): Failure | undefined {
  const [outside] = view?.outside ?? [];
  if (outside !== undefined) return outside.failure;
  if (leftOut !== undefined) return leftOut;
  if (refusals === undefined || view === undefined || refusals.withSides === 0) return undefined;
  return refusals.baseText === view.ledgerText ? refusals.failure : undefined;
}

/** After a failure every update waits; after a refusal only the same kind of update waits. */
export const isPaused = (
  { writing: { nextAt, pauses } }: PublicationState,
  what: WriteKind,
  now: Now,
): boolean => now.mono < nextAt || now.mono < (pauses.get(what)?.until ?? 0);

export const isSideTrouble = ({ writing: { refusals } }: PublicationState): boolean =>
  refusals !== undefined && refusals.withoutSides === 0;

/** What to say if prerequisites that should hold fail again and again. */
export function noProgress({ settings, writing: { refusals } }: PublicationState): string | undefined {
  const times = refusals === undefined ? 0 : refusals.withSides + refusals.withoutSides;
  if (refusals === undefined || times < noProgressAfter || refusals.failure.code !== 'prerequisite-failed')
    return undefined;
  const { source, nameserver } = settings;
  return `${nameserver} refused ${times} updates in a row (the last one: ${refusals.what}), although the ledger of ${source.name} did not change. It said: ${refusals.failure.message} For one of its names it answers what it does not store. Check whether a view, an ALIAS or LUA record, or another server's copy of the zone answers for that name.`;
}

/** Why an update is not in the zone, and what to do. Empty: there was no failure. */
export function whyNotWritten(publication: PublicationState): readonly string[] {
  const { failure } = publication.writing;
  const said = noProgress(publication) ?? (failure && `It said: ${failure.message}`);
  return said === undefined
    ? []
    : [`The nameserver must accept the update. ${said}`, ...(failure?.hint ? [failure.hint] : [])];
}

/** The ledger is another than the refused update began with: another instance was first, and no more. */
export function withoutEarlierRaces(publication: PublicationState, ledgerText: string): PublicationState {
  const { refusals } = publication.writing;
  const isEarlier = refusals?.failure.code === 'prerequisite-failed' && refusals.baseText !== ledgerText;
  return isEarlier ? withWriting(publication, { refusals: undefined }) : publication;
}

/**
 * Another instance was first with an update, and all that was wanted is in the zone: such a refusal tells
 * nothing. Any other refusal tells what is wrong at the nameserver, until an update is applied.
 */
export function withoutLostRaces(publication: PublicationState): PublicationState {
  const { failure, refusals, leftOut } = publication.writing;
  const isRace = (said: Failure | undefined): boolean => said?.code === 'prerequisite-failed';
  if (!isRace(failure) && !isRace(refusals?.failure) && !isRace(leftOut)) return publication;
  return withWriting(publication, {
    failure: isRace(failure) ? undefined : failure,
    refusals: isRace(refusals?.failure) ? undefined : refusals,
    leftOut: isRace(leftOut) ? undefined : leftOut,
  });
}
