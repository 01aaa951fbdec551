/** How far a channel of MySQL is behind. */

import type { RowReader } from './row.ts';

export interface LagInput {
  readonly receiverOn: boolean;
  readonly applierOn: boolean;
  /** Whether something is received and not applied; undefined where transactions may have no GTID. */
  readonly pending: boolean | undefined;
}

/**
 * How late the oldest transaction is that was received and not applied, in seconds: from its commit time on
 * its first server until now by the clock of the replica, so the clocks should agree. As
 * Seconds_Behind_Source (manual 15.7.7.36):
 * - The applier is stopped: undefined, because nobody knows when it will go on.
 * - Everything received is applied: 0 while the receiver is connected (an idle source is no lag), else
 *   undefined.
 * - Otherwise: the age of the oldest transaction that the applier works on. A transaction that waits for
 *   SOURCE_DELAY is not being applied yet, so its age is the part of the delay that has passed. While the
 *   applier works on none, the age of the newest received transaction is a lower bound.
 */
export function lagSeconds(row: RowReader, input: LagInput): number | undefined {
  const applying = row.optionalNumber('applying_commit_age_us');
  const processing = row.optionalNumber('processing_commit_age_us');
  const newest = row.optionalNumber('queued_commit_age_us');
  const delay = row.number('delay_s');
  const remaining = row.optionalNumber('remaining_delay_s');
  if (!input.applierOn) return undefined;
  const delayed = remaining === undefined ? undefined : (delay - remaining) * 1e6;
  const atWork = oldest(oldest(applying, processing), delayed);
  const pending = input.pending ?? atWork !== undefined;
  if (!pending) return input.receiverOn ? 0 : undefined;
  const ageUs = atWork ?? newest;
  return ageUs === undefined ? undefined : Math.max(0, Math.round(ageUs / 1000) / 1000);
}

const oldest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
