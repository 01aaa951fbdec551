/** Where a nameserver listens, and its one address. */
import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import type { Failure } from '../core/observation.ts';
import { canonicalAddress } from './address.ts';

/** `host` is an IP address (no brackets) or a host name. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** `192.0.2.53:53`, `[2001:db8::53]:53`. */
export const showEndpoint = ({ host, port }: Endpoint): string => (isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`);

export type ResolvedAddress =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * The one address of a nameserver, by the system's resolver. A host name with several is refused (`nameserver-ambiguous`): the zone at the
 * primary server is the lock, and two nameservers behind one name would be two locks. Else it fails with `nameserver-not-found`.
 */
export async function resolveOne(host: string): Promise<ResolvedAddress> {
  const addresses = await resolveAll(host);
  const [address] = addresses;
  if (address === undefined) return { kind: 'failed', failure: notFound(host) };
  if (addresses.length === 1) return { kind: 'address', address };
  return {
    kind: 'failed',
    failure: {
      code: 'nameserver-ambiguous',
      message: `The nameserver's host name ${host} has ${addresses.length} addresses (${addresses.slice(0, 4).join(', ')}): which of them holds the zone's lock cannot be known.`,
      hint: "Set the nameserver's address to the IP address of the primary server.",
    },
  };
}

/** All addresses of a host (itself, where it is an address); none where it is not known. */
export async function resolveAll(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [canonicalAddress(host)];
  try {
    const found = await lookup(host, { all: true, verbatim: true });
    return [...new Set(found.map(({ address }) => canonicalAddress(address)))];
  } catch {
    return [];
  }
}

const notFound = (host: string): Failure => ({
  code: 'nameserver-not-found',
  message: `The nameserver's host name ${host} could not be resolved.`,
  hint: "Set the nameserver's address to an IP address, so that publishing does not depend on DNS.",
});
