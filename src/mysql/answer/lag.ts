import { subtract } from '../../core/gtid/gtid.ts';
import type { GtidSet } from '../../core/gtid/gtid-set.ts';
import type { RowReader } from './row.ts';

/** What the lag of one channel is computed from. */
export interface LagInput {
  readonly receiverOn: boolean;
  readonly applierOn: boolean;
  /** Both absent where transactions may have no GTID. */
  readonly retrieved: GtidSet | undefined;
  readonly executed: GtidSet | undefined;
}

/**
 * Seconds by which the oldest transaction that was received and not applied is late, by its commit time on the server where it began and the clock of the
 * replica: the clocks should agree. The meaning is that of Seconds_Behind_Source (manual 15.7.7.36):
 * - the applier is stopped: absent, since what it will do is not known;
 * - all that was received is applied: 0 while the receiver is connected (an idle source is no lag), else absent: nobody knows what the source has;
 * - otherwise the age of the oldest transaction at work. A transaction that waits for SOURCE_DELAY is not at work yet, so its age is the part of the delay
 *   that has passed. Where none is at work at this moment, the newest received one is a lower bound.
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
  const pending =
    input.retrieved && input.executed
      ? subtract(input.retrieved, input.executed).size > 0
      : atWork !== undefined;
  if (!pending) return input.receiverOn ? 0 : undefined;
  const ageUs = atWork ?? newest;
  return ageUs === undefined ? undefined : Math.max(0, Math.round(ageUs / 1000) / 1000);
}

const oldest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
