/** Updates that the nameserver refuses again and again, and the side names, which the source's name never waits for: the replicas' name and the SRV RRset. */

import { noProgressAfter } from '../model/limits.ts';
import type { Failure } from '../model/observation.ts';
import type { PublicationState } from '../model/publication.ts';
import type { Now } from '../model/units.ts';
import type { WriteKind } from '../model/vocabulary.ts';

/**
 * Why a move goes without the replicas' name and the SRV RRset. One message with all of them is refused as a whole: because of a right that is missing for one of
 * them, or because one is not stored as it is answered. The source's name does not wait for that.
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

/** After a failure the next update waits. What was refused keeps only its own kind waiting: a right that is missing for one name holds up nothing else. */
export const isPaused = (
  { writing: { nextAt: nextWriteAt, pauses } }: PublicationState,
  what: WriteKind,
  now: Now,
): boolean => now.mono < nextWriteAt || now.mono < (pauses.get(what)?.until ?? 0);

/** Only updates with a side name were refused so far. */
export const isSideTrouble = ({ writing: { refusals } }: PublicationState): boolean =>
  refusals !== undefined && refusals.withoutSides === 0;

/** What to say where it refuses what should hold, over a zone that reads the same each time. Undefined: it does not, or a right is missing, which is said elsewhere. */
export function noProgress({ settings, writing: { refusals } }: PublicationState): string | undefined {
  const times = refusals === undefined ? 0 : refusals.withSides + refusals.withoutSides;
  if (refusals === undefined || times < noProgressAfter || refusals.failure.code !== 'prerequisite-failed')
    return undefined;
  const { source, nameserver } = settings;
  return `${nameserver} refused ${times} updates one after the other (the last one: ${refusals.what}), although the ledger of ${source.name} reads the same each time: ${refusals.failure.message} For one of its names the nameserver answers what it does not store: see whether a view, an ALIAS or LUA record, or another server's copy of the zone answers for it.`;
}

/** What keeps an update from the zone, and what to do; empty: nothing does. */
export function whyNotWritten(publication: PublicationState): readonly string[] {
  const { failure: writeFailure } = publication.writing;
  const said = noProgress(publication) ?? (writeFailure && `It said: ${writeFailure.message}`);
  return said === undefined
    ? []
    : [`The nameserver must take the update. ${said}`, ...(writeFailure?.hint ? [writeFailure.hint] : [])];
}
