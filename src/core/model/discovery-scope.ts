/** Where servers may be discovered: a server there may get our password. Nothing is resolved. */

import { parseIp } from './ip-address.ts';
import { type IpNetwork, isInNetwork, specialRange } from './ip-ranges.ts';
import { splitAddress } from './observation.ts';
import type { ServerAddress } from './units.ts';

/** One entry of `discover_within`. */
export type DiscoveryScope =
  /** Host names with this end: lower case, with a leading dot. */
  | { readonly kind: 'suffix'; readonly suffix: string }
  /** Addresses of this network. */
  | ({ readonly kind: 'network' } & IpNetwork);

/** Whether a server may be asked there: a host name by its end, an IP address by its network. */
export function isWithin(scopes: readonly DiscoveryScope[], address: ServerAddress): boolean {
  const { host, port } = splitAddress(address);
  if (!(Number.isInteger(port) && port >= 1 && port <= 65_535)) return false;
  const ip = parseIp(host);
  if (ip === undefined)
    return isHostName(host) && scopes.some((scope) => scope.kind === 'suffix' && isBelow(host, scope.suffix));
  const special = specialRange(ip);
  if (special?.range.scope === 'never') return false;
  // Loopback and link-local addresses mean other machines elsewhere: only a scope inside them allows them.
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

/** A report may contain anything, so only host names count. Container networks use underscores. */
const isHostName = (host: string): boolean =>
  host.length <= 200 &&
  host.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
