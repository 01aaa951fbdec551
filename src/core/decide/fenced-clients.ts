/**
 * When the connections of a fenced server's clients end. Clients come back to it by an answer that a cache
 * still has, and would stay there (docs/decisions/050).
 */

import type { Fencing } from '../model/fence.ts';
import {
  cacheAgainMs,
  cacheMarginMs,
  fencePauseMaxMs,
  fenceSpreadMs,
  longestTtlMs,
} from '../model/limits.ts';
import type { PublicationState } from '../model/publication.ts';
import { type MonoMs, type Now, plusMs } from '../model/units.ts';
import type { Situation } from './situation.ts';

/**
 * Three moments: when the server was closed, if nobody knows that its clients were ended then; when no cache
 * that keeps to the TTL has the old answer any more; and a minute later, for the others. Each moment is given
 * up after a minute. Undefined: there is none any more.
 */
export function nextClearing(
  situations: readonly Situation[],
  { fencedAt, clearedAt, formerSince }: Fencing,
  now: Now,
): MonoMs | undefined {
  if (fencedAt === undefined) return undefined;
  const forgottenAt = Math.max(
    ...situations.map((situation) => forgottenFrom(situation, formerSince, fencedAt.mono)),
  );
  const moments = [
    ...(clearedAt === undefined ? [fencedAt.mono] : []),
    forgottenAt,
    forgottenAt + cacheAgainMs,
  ];
  return moments.find(
    (at) => (clearedAt === undefined || clearedAt < at) && now.mono < at + fencePauseMaxMs,
  ) as MonoMs | undefined;
}

/**
 * Every nameserver has answered with the move, or had its time to do so, and then the TTL has passed. A later
 * move than the fence says nothing about this server. Where the move was not watched, it was at the latest
 * when the ledger was first seen.
 */
function forgottenFrom({ publication, ledger }: Situation, formerSince: MonoMs, fencedAt: MonoMs): MonoMs {
  const { propagation } = publication;
  const isOfMove = propagation?.epoch === ledger?.epoch && (propagation?.since ?? fencedAt) < fencedAt;
  const { since, ttlMs, nameservers } =
    propagation !== undefined && isOfMove
      ? propagation
      : { since: formerSince, ttlMs: ttlOf(publication), nameservers: { completeAt: undefined } };
  const latest = since + fenceSpreadMs;
  const answeredAt = Math.min(nameservers.completeAt ?? latest, latest) as MonoMs;
  return plusMs(answeredAt, Math.min(ttlMs, longestTtlMs) + cacheMarginMs);
}

/** The TTL of the name as the zone has it, or as it is written. */
function ttlOf({ settings, zone }: PublicationState): number {
  const { name, ttlSeconds } = settings.source;
  const stored = zone.view?.rrsets.filter((rrset) => rrset.name === name) ?? [];
  return 1000 * Math.max(ttlSeconds, ...stored.map((rrset) => rrset.ttlSeconds));
}
