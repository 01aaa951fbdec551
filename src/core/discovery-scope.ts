/** Where servers may be discovered: whoever stands there may be asked, and so gets our password. Nothing is resolved to decide it. */

import type { IpAddress } from './ip-address.ts';
import { parseIp, sharesPrefix } from './ip-address.ts';
import { splitAddress } from './observation.ts';
import type { ServerAddress } from './units.ts';

/** One entry of `discover_within`. */
export type DiscoveryScope =
  /** Host names that end so; it begins with a dot, lower case. */
  | { readonly kind: 'suffix'; readonly suffix: string }
  /** Addresses whose first `bits` bits are these. */
  | { readonly kind: 'network'; readonly address: IpAddress; readonly bits: number };

const network = (text: string, bits: number): Extract<DiscoveryScope, { kind: 'network' }> => ({
  kind: 'network',
  address: parseIp(text) as IpAddress,
  bits,
});

/** Nobody's server: "this host" (a connection to it ends at home), multicast, broadcast. */
const unreachable = [network('0.0.0.0', 8), network('::', 128), network('224.0.0.0', 3), network('ff00::', 8)];
/** Every machine has its own (loopback), or what stands there is not our network's to give (link-local; a cloud's metadata). Only a scope that lies within permits them. */
const local = [network('127.0.0.0', 8), network('::1', 128), network('169.254.0.0', 16), network('fe80::', 10)];

const holds = (scope: Extract<DiscoveryScope, { kind: 'network' }>, address: IpAddress): boolean =>
  sharesPrefix(scope.address, address, scope.bits);

/** Whether a server at that address may be asked: a host name by its end only, an IP address by its network only. */
export function isWithin(scopes: readonly DiscoveryScope[], address: ServerAddress): boolean {
  const { host, port } = splitAddress(address);
  if (!(Number.isInteger(port) && port >= 1 && port <= 65_535)) return false;
  const ip = parseIp(host);
  if (ip === undefined) return isHostName(host) && scopes.some((scope) => scope.kind === 'suffix' && isBelow(host, scope.suffix));
  if (unreachable.some((range) => holds(range, ip))) return false;
  const range = local.find((one) => holds(one, ip));
  return scopes.some(
    (scope) =>
      scope.kind === 'network' && holds(scope, ip) && (range === undefined || (holds(range, scope.address) && scope.bits >= range.bits)),
  );
}

const isBelow = (host: string, suffix: string): boolean => host.length > suffix.length && host.endsWith(suffix);

/** What a report says is anybody's text: only what the configuration would take for a host name is one. Underscores are none, but container networks use them. */
const isHostName = (host: string): boolean =>
  host.length <= 200 && host.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
