/**
 * What an instance may ask after a refused update (docs/decisions/021): it only looks, only after it said so,
 * and not often.
 */

import { inspectRefusalEveryMs, refusalsKept } from '../../../src/core/model/limits.ts';
import { CLASS, TYPE } from '../../../src/dns/message/codes.ts';
import { decodeMessage } from '../../../src/dns/message/wire.ts';
import { type InstanceName, zoneName } from '../world/settings.ts';

export interface InspectionJudge {
  /** A new process remembers nothing. */
  started(instance: InstanceName): void;
  /** Each returns the broken promise, or undefined. */
  wants(instance: InstanceName, about: string, now: number): string | undefined;
  leaves(instance: InstanceName, isSilent: boolean): string | undefined;
}

/** Clocks drift: this part of the time between two inspections must have passed. */
const tolerance = 0.9;

/**
 * Whether an update is an inspection, by its bytes: it has a prerequisite that never holds (the apex of the
 * zone is not in use), or no prerequisite and only removals of single RRs. Every other update has the ledger
 * among its prerequisites.
 */
export function isInspection(message: Buffer): boolean {
  const { answers, authorities } = decodeMessage(message) ?? { answers: [], authorities: [] };
  const neverHolds = answers.some(
    (rr) => rr.owner === zoneName && rr.type === TYPE.ANY && rr.class === CLASS.NONE,
  );
  return (
    neverHolds ||
    (answers.length === 0 && authorities.length > 0 && authorities.every((rr) => rr.class === CLASS.NONE))
  );
}

export function createInspectionJudge(): InspectionJudge {
  /** What the last inspections were about and when they began, as many as may happen within the time. */
  const begun = new Map<InstanceName, readonly { readonly about: string; readonly at: number }[]>();
  return {
    started: (instance) => void begun.delete(instance),
    wants(instance, about, now) {
      const earlier = begun.get(instance) ?? [];
      begun.set(instance, [...earlier, { about, at: now }].slice(-refusalsKept));
      const recent = earlier.filter(({ at }) => now - at < tolerance * inspectRefusalEveryMs);
      const isTooOften = recent.length === refusalsKept || recent.some((other) => other.about === about);
      return isTooOften ? 'L2 looks into refusals more often than it may' : undefined;
    },
    leaves(instance, isSilent) {
      if (!begun.has(instance)) return 'S4 an inspection leaves that nobody decided on';
      return isSilent ? 'L2 looks into a refusal although nothing happens' : undefined;
    },
  };
}
