/** What an instance asks after a refused update (docs/decisions/021): it may only look, only when it said so, and not often. */

import { inspectRefusalEveryMs, refusalsKept } from '../../../src/core/model/limits.ts';
import { CLASS, TYPE } from '../../../src/dns/message/codes.ts';
import { decodeMessage } from '../../../src/dns/message/wire.ts';
import { type InstanceName, zoneName } from '../world/settings.ts';

export interface InspectionJudge {
  /** It has begun anew, and remembers nothing. */
  started(instance: InstanceName): void;
  /** Each gives the broken promise, or undefined. */
  wants(instance: InstanceName, about: string, now: number): string | undefined;
  leaves(instance: InstanceName, isSilent: boolean): string | undefined;
}

/** Clocks drift: so much of the time between two must have passed. */
const tolerance = 0.9;

/**
 * Whether an update is of that kind, by its bytes: under a prerequisite that never holds (the zone's apex is not in use), or without one, and only taking
 * away single RRs. Every other update has the ledger among its prerequisites.
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
  /** What its last ones were about and when they began, as many as there may be within the time. */
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
