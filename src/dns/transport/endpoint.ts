/** Where a nameserver listens, and its address. */
import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import type { Failure } from '../../core/model/observation.ts';
import type { MonoMs } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';
import { canonicalAddress } from '../message/address-bytes.ts';

/** `host` is an IP address (no brackets) or a host name. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** `192.0.2.53:53`, `[2001:db8::53]:53`. */
export const showEndpoint = ({ host, port }: Endpoint): string =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;

type ResolvedAddress =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * The only address of a nameserver, by the system's resolver. Refuses a host name with several addresses
 * (`nameserver-ambiguous`): the zone at the primary server is the lock, and two nameservers behind one name
 * would be two locks. No address: `nameserver-not-found`.
 */
export async function resolveOne(host: string): Promise<ResolvedAddress> {
  const found = await resolveAll(host);
  if (found.kind === 'none') return { kind: 'failed', failure: notFound(host, found.why) };
  const { addresses } = found;
  const [address = ''] = addresses;
  if (addresses.length === 1) return { kind: 'address', address };
  return {
    kind: 'failed',
    failure: {
      code: 'nameserver-ambiguous',
      message: `The nameserver's host name ${host} has ${addresses.length} addresses (${addresses.slice(0, 4).join(', ')}). source-dns cannot know which of them holds the zone's lock.`,
      hint: "Set the nameserver's address to the IP address of the primary server.",
    },
  };
}

/** At least one address, or why there is none, as the rest of a sentence that begins with `it`. */
export type HostAddresses =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'none'; readonly why: string };

/**
 * All addresses of a host, by the system's resolver; an address is its own. Does not look up text that is not
 * a host name: getaddrinfo takes '' for localhost, and 0x7f.1 for 127.0.0.1.
 */
export async function resolveAll(host: string): Promise<HostAddresses> {
  if (isIP(host) !== 0) return { kind: 'addresses', addresses: [canonicalAddress(host)] };
  if (!isHostName(host)) return { kind: 'none', why: 'is not a host name' };
  try {
    const found = await lookup(host, { all: true, verbatim: true });
    const addresses = [...new Set(found.map(({ address }) => canonicalAddress(address)))];
    return addresses.length > 0 ? { kind: 'addresses', addresses } : { kind: 'none', why: 'has no address' };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return {
      kind: 'none',
      why: code === 'ENOTFOUND' ? 'has no address' : `could not be looked up (${code})`,
    };
  }
}

/**
 * RFC 1123 2.1, with the underscores of container networks. The last label must not be a number: getaddrinfo
 * would take the whole text for an address.
 */
export function isHostName(host: string): boolean {
  const labels = host.split('.');
  return (
    host.length <= 253 &&
    labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label)) &&
    !/^(?:\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? '')
  );
}

/** The work's result; undefined after the deadline. A look-up cannot be cancelled and may take 40 s. */
export async function withDeadline<T>(
  work: Promise<T>,
  deadline: MonoMs,
  clock: Clock,
): Promise<T | undefined> {
  let cancel = () => {};
  const late = new Promise<undefined>((resolve) => {
    cancel = clock.after(Math.max(0, deadline - clock.mono()), () => resolve(undefined));
  });
  const winner = await Promise.race([work, late]);
  cancel();
  return winner;
}

const notFound = (host: string, why: string): Failure => ({
  code: 'nameserver-not-found',
  message: `source-dns cannot resolve the nameserver's host name ${host}: it ${why}.`,
  hint: "Set the nameserver's address to an IP address. Then publishing does not depend on DNS.",
});
