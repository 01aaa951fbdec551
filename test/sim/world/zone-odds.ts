/**
 * What is odd about the zone of a world: a wildcard over the names (of addresses,
 * or an alias that leads back to itself), a nameserver that cuts TTLs, a key that
 * may not change the name of the replicas. The seed alone decides, without dice.
 */

import type { Fqdn } from '../../../src/core/model/units.ts';
import type { Change, Rrset } from '../../../src/core/model/zone.ts';
import type { Shape } from './script.ts';
import { grantedNames, replicasName, sourceName, zoneName } from './settings.ts';

export type ZoneOdds =
  | 'wildcard-beside'
  | 'wildcard-below'
  | 'wildcard-circle'
  | 'cuts-ttl'
  | 'no-right-to-replicas';

const odds: readonly (ZoneOdds | undefined)[] = [
  'wildcard-beside',
  undefined,
  'wildcard-below',
  'cuts-ttl',
  'wildcard-circle',
  'no-right-to-replicas',
];

/** Every fourth world. */
export function inOddZone(seed: number, shape: Shape): Shape {
  if (seed % 4 !== 1) return shape;
  const zone = odds[Math.floor(seed / 4) % odds.length];
  if (zone === undefined) return shape;
  // A wildcard matters only where the replicas' name is withdrawn; a refusal needs that name.
  const replicas =
    zone === 'no-right-to-replicas' ? 'source' : zone === 'cuts-ttl' ? shape.replicas : 'withdraw';
  return { ...shape, zone, ...(replicas ? { replicas } : {}) };
}

/** The nameserver gives no RR a longer TTL. */
export const maxTtlSecondsOf = ({ zone }: Shape): number =>
  zone === 'cuts-ttl' ? 3 : Number.POSITIVE_INFINITY;

/** Mostly every name of ours. */
export const grantedNamesOf = ({ zone }: Shape): readonly Fqdn[] =>
  zone === 'no-right-to-replicas' ? grantedNames.filter((name) => name !== replicasName) : grantedNames;

/** Refused now and again: an instance tries again to change what its key may not change. */
export const isRefused = ({ zone }: Shape, changes: readonly Change[]): boolean =>
  zone === 'no-right-to-replicas' &&
  changes.some((change) => ('rrset' in change ? change.rrset.name : change.name) === replicasName);

/**
 * What is in the zone before our first update. A wildcard below the source's name makes that name exist (RFC
 * 4592 2.2.2), so no other wildcard answers for it.
 */
export function firstRrsets({ zone }: Shape): readonly Rrset[] {
  if (zone === 'wildcard-circle')
    return [{ name: `*.${zoneName}` as Fqdn, type: 'CNAME', ttlSeconds: 5, rdata: [`loop.${zoneName}`] }];
  if (zone !== 'wildcard-beside' && zone !== 'wildcard-below') return [];
  const name = `*.${zone === 'wildcard-beside' ? zoneName : sourceName}` as Fqdn;
  return [
    { name, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.98'] },
    { name, type: 'TXT', ttlSeconds: 5, rdata: [['v=spf1 -all']] },
    { name, type: 'SRV', ttlSeconds: 5, rdata: [{ priority: 0, weight: 0, port: 1, target: zoneName }] },
  ];
}
