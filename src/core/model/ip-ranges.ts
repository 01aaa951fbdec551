/** The special address ranges of the IANA registries (RFC 6890), and what each must not be used for. */

import { type IpAddress, parseIp, sharesPrefix } from './ip-address.ts';

/** The addresses whose first `bits` bits are these. */
export interface IpNetwork {
  readonly address: IpAddress;
  readonly bits: number;
}

interface IpRange {
  /** With its article, before "address": `a loopback`. */
  readonly kind: string;
  readonly networks: readonly IpNetwork[];
  /** Whether clients may get such an address. `lab`: only if the configuration allows loopback addresses. */
  readonly published: 'never' | 'lab' | 'yes';
  /** Whether a server or a nameserver may be configured there. */
  readonly configured: 'never' | 'yes';
  /** Whether a server may be discovered there. `within`: only by a scope inside the range. */
  readonly scope: 'never' | 'within' | 'yes';
}

const network = (text: string): IpNetwork => {
  const [address = '', bits] = text.split('/');
  return { address: parseIp(address) as IpAddress, bits: Number(bits) };
};
/** `uses`: published, configured, scope. */
const range = (
  kind: string,
  uses: readonly [IpRange['published'], IpRange['configured'], IpRange['scope']],
  ...networks: readonly string[]
): IpRange => ({
  kind,
  networks: networks.map(network),
  published: uses[0],
  configured: uses[1],
  scope: uses[2],
});

/**
 * The first range that has the address counts. Private networks (RFC 1918, RFC 6598, RFC 4193) are not
 * special: databases live there.
 */
export const ipRanges: readonly IpRange[] = [
  // Connects to this machine, so a configuration may say so (RFC 1122 3.2.1.3, RFC 4291 2.5.2).
  range('an unspecified', ['never', 'yes', 'never'], '0.0.0.0/8', '::/128'),
  // RFC 1122 3.2.1.3, RFC 4291 2.5.3.
  range('a loopback', ['lab', 'yes', 'within'], '127.0.0.0/8', '::1/128'),
  // Valid on one link only; a cloud's metadata service is there (RFC 3927, RFC 4291 2.5.6).
  range('a link-local', ['never', 'yes', 'within'], '169.254.0.0/16', 'fe80::/10'),
  range('a multicast', ['never', 'never', 'never'], '224.0.0.0/4', 'ff00::/8'),
  // Class E and the broadcast address (RFC 1112 4, RFC 919 7).
  range('a reserved', ['never', 'never', 'never'], '240.0.0.0/4'),
  // Dropped by routers (RFC 6666).
  range('a discard', ['never', 'never', 'never'], '100::/64'),
  // Made by a resolver for clients without IPv4, useless to others (RFC 6052 3.1, RFC 6147).
  range('a NAT64', ['never', 'yes', 'within'], '64:ff9b::/96'),
  // ::192.0.2.1, not routed (RFC 4291 2.5.5.1).
  range('an IPv4-compatible', ['never', 'never', 'never'], '::/96'),
  // Deprecated (RFC 3879), otherwise like private addresses.
  range('a site-local', ['yes', 'yes', 'yes'], 'fec0::/10'),
  // For laboratories (RFC 2544, RFC 5180) and documents (RFC 5737, RFC 3849, RFC 9637): fine in a test.
  range('a benchmarking', ['yes', 'yes', 'yes'], '198.18.0.0/15', '2001:2::/48'),
  range(
    'a documentation',
    ['yes', 'yes', 'yes'],
    '192.0.2.0/24',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '2001:db8::/32',
    '3fff::/20',
  ),
];

export const isInNetwork = ({ address, bits }: IpNetwork, ip: IpAddress): boolean =>
  sharesPrefix(address, ip, bits);

/** The special range of an address, and its network that has the address. */
export function specialRange(
  ip: IpAddress,
): { readonly range: IpRange; readonly network: IpNetwork } | undefined {
  for (const one of ipRanges) {
    const holder = one.networks.find((candidate) => isInNetwork(candidate, ip));
    if (holder !== undefined) return { range: one, network: holder };
  }
  return undefined;
}

/** Why clients must not get that address, as `a loopback address`; undefined: they may. */
export function unsafeKind(text: string, allowLoopback: boolean): string | undefined {
  const ip = parseIp(text);
  const special = ip && specialRange(ip)?.range;
  if (special === undefined || special.published === 'yes' || (special.published === 'lab' && allowLoopback))
    return undefined;
  return `${special.kind} address`;
}

/** Why no server can be there, as `a multicast address`; undefined: one can, or it is no IP address. */
export function nobodysKind(text: string): string | undefined {
  const ip = parseIp(text);
  const special = ip && specialRange(ip)?.range;
  return special?.configured === 'never' ? `${special.kind} address` : undefined;
}
