/** Where servers may be discovered: whoever stands there may be asked, and so gets our password. Nothing is resolved to decide it. */

import { parseIp } from './ip-address.ts';
import { type IpNetwork, isInNetwork, specialRange } from './ip-ranges.ts';
import { splitAddress } from './observation.ts';
import type { ServerAddress } from './units.ts';

/** One entry of `discover_within`. */
export type DiscoveryScope =
  /** Host names that end so; it begins with a dot, lower case. */
  | { readonly kind: 'suffix'; readonly suffix: string }
  /** Addresses whose first `bits` bits are these. */
  | ({ readonly kind: 'network' } & IpNetwork);

/** Whether a server at that address may be asked: a host name by its end only, an IP address by its network only. */
export function isWithin(scopes: readonly DiscoveryScope[], address: ServerAddress): boolean {
  const { host, port } = splitAddress(address);
  if (!(Number.isInteger(port) && port >= 1 && port <= 65_535)) return false;
  const ip = parseIp(host);
  if (ip === undefined)
    return isHostName(host) && scopes.some((scope) => scope.kind === 'suffix' && isBelow(host, scope.suffix));
  const special = specialRange(ip);
  if (special?.range.scope === 'never') return false;
  // Every machine has its own loopback, and what stands on a link is not our network's to give: only a scope that lies within permits those.
  const own = special?.range.scope === 'within' ? special.network : undefined;
  return scopes.some(
    (scope) =>
      scope.kind === 'network' &&
      isInNetwork(scope, ip) &&
      (own === undefined || (isInNetwork(own, scope.address) && scope.bits >= own.bits)),
  );
}

const isBelow = (host: string, suffix: string): boolean =>
  host.length > suffix.length && host.endsWith(suffix);

/** What a report says is anybody's text: only what the configuration would take for a host name is one. Underscores are none, but container networks use them. */
const isHostName = (host: string): boolean =>
  host.length <= 200 &&
  host.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
