/** Reads `discover_within`. */

import type { DiscoveryScope } from '../core/model/discovery-scope.ts';
import { type IpAddress, ipText, networkOf, parseIp } from '../core/model/ip-address.ts';
import { canonicalIp, type Parsed, parseHost } from './server-address.ts';

const parsed = (value: DiscoveryScope): Parsed<DiscoveryScope> => ({ kind: 'parsed', value });
const wrong = (problem: string): Parsed<DiscoveryScope> => ({ kind: 'wrong', problem });
const example = 'write ".db.example.com", 10.1.0.0/16, 2001:db8::/32 or 192.0.2.1';

/** A host name suffix with its leading dot, a network (RFC 4632 3.1, RFC 4291 2.3), or one IP address. */
export function parseScope(text: string): Parsed<DiscoveryScope> {
  const [host = '', bits, ...more] = text.split('/');
  if (more.length > 0) return wrong(`{value} is neither a host name suffix nor a network; ${example}`);
  const ip = canonicalIp(host) === undefined ? undefined : parseIp(host);
  if (ip !== undefined) return networkScope(host, ip, bits);
  return bits === undefined && !text.includes(':')
    ? suffixScope(text)
    : wrong(`{value} is not a network; ${example}`);
}

function networkScope(host: string, ip: IpAddress, bits: string | undefined): Parsed<DiscoveryScope> {
  const most = 8 * ip.bytes.length;
  if (bits === undefined) return parsed({ kind: 'network', address: ip, bits: most });
  const length = Number(bits);
  if (!/^\d{1,3}$/.test(bits) || length > most)
    return wrong(`{value} has an invalid prefix length (0 to ${most}); did you mean ${host}/${most}?`);
  const network = networkOf(ip, length);
  if (network.bytes.some((byte, index) => byte !== ip.bytes[index]))
    return wrong(
      `{value} is an address inside a network, not the network itself; did you mean ${canonicalIp(ipText(network)) ?? '::'}/${length}?`,
    );
  return parsed({ kind: 'network', address: ip, bits: length });
}

function suffixScope(text: string): Parsed<DiscoveryScope> {
  const bare = text.replace(/^\*?\.?/, '');
  const host = parseHost(bare);
  // Some resolvers read "0x1" as a number, as the last part of an address.
  if (
    host.kind === 'wrong' ||
    canonicalIp(host.value) !== undefined ||
    /(?:^|\.)0x[0-9a-f]*$/.test(host.value)
  )
    return wrong(`{value} is neither a host name suffix nor a network; ${example}`);
  const suffix = `.${host.value}`;
  if (!text.startsWith('.')) return wrong(`{value} does not begin with a dot; did you mean "${suffix}"?`);
  return parsed({ kind: 'suffix', suffix });
}
