/** When an announcement in the ledger (`next=`) counts, and how long its server is asked often. */

import type { Ledger } from '../model/ledger.ts';
import { announcementMs } from '../model/limits.ts';
import { isoTime, type Now, type WallMs } from '../model/units.ts';

/** The announcement, until its time is over. Both times are ISO 8601 in UTC, so they compare as text. */
export const inForce = (ledger: Pick<Ledger, 'next'> | undefined, now: Now): Ledger['next'] =>
  ledger?.next === undefined || ledger.next.until < isoTime(now.wall) ? undefined : ledger.next;

/** The end of an announcement that begins now. */
export const announcementEnd = ({ wall }: Now): string => isoTime((wall + announcementMs) as WallMs);

/**
 * Whether the name waits for the announced server. A time that is far away was written by hand: then the
 * servers are asked no more often. The clocks of two instances may differ, hence twice the time.
 */
export function isAwaited(ledger: Ledger | undefined, now: Now): boolean {
  const next = inForce(ledger, now);
  if (ledger === undefined || next === undefined || ledger.frozen || next.uuid === ledger.uuid) return false;
  return next.until <= isoTime((now.wall + 2 * announcementMs) as WallMs);
}
