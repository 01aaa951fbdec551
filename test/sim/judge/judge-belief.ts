/**
 * S6: what an instance learns of the zone must be true, because the instance believes it. Each function
 * returns the broken promise, or undefined.
 */

import {
  findRrset,
  type Question,
  type UpdateOutcome,
  type ZoneReading,
} from '../../../src/core/model/zone.ts';
import type { Primary } from '../world/nameserver.ts';

/**
 * The read shows what the nameserver really showed, RRset by RRset, at some time since it was asked; or it
 * leaves out what is still shown, but not stored any more.
 */
export function brokenByReading(
  reading: ZoneReading,
  questions: readonly Question[],
  primary: Primary,
  since: number,
): string | undefined {
  if (reading.kind === 'failed') return undefined;
  const untrue = questions.find(({ name, type }) => {
    const read = findRrset(reading.rrsets, name, type);
    const isGone = read === undefined && primary.find(name, type) === undefined;
    return !isGone && !primary.wasShown(name, type, read, since);
  });
  return untrue && `S6 believes a ${untrue.type} RRset that the nameserver did not show`;
}

/** The true outcome of an update. */
export interface Fate {
  readonly left: boolean;
  readonly applied: boolean;
}

export function brokenByOutcome(outcome: UpdateOutcome, { left, applied }: Fate): string | undefined {
  if (outcome.kind === 'applied')
    return applied ? undefined : 'S6 believes that an update was applied that was not';
  if (outcome.kind === 'unknown') return undefined;
  if (outcome.code === 'not-sent') return left ? 'S6 believes that an update never left that did' : undefined;
  // A duplicate may arrive after its twin, and is refused although the twin was applied: the zone is read in
  // any case.
  return outcome.code === 'rejected' && applied
    ? 'S6 believes that an update was refused that was applied'
    : undefined;
}
