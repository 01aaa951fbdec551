/** Reads host names, IP addresses and ports. */

import { isIPv4, isIPv6 } from 'node:net';
import { unsafeKind as unsafeIp } from '../core/model/ip-ranges.ts';
import { longestAddress } from '../core/model/ledger.ts';
import type { ServerAddress } from '../core/model/units.ts';

/** The value, or what is wrong: the end of a sentence in which `{value}` stands for the text. */
export type Parsed<T> =
  | { readonly kind: 'parsed'; readonly value: T }
  | { readonly kind: 'wrong'; readonly problem: string };

const parsed = <T>(value: T): Parsed<T> => ({ kind: 'parsed', value });
const wrong = (problem: string): { readonly kind: 'wrong'; readonly problem: string } => ({
  kind: 'wrong',
  problem,
});

/** A server must fit into the ledger. */
export const longestHost = longestAddress - ':65535'.length;

/** The canonical text of an IP address (RFC 5952); undefined for zone identifiers and IPv4-mapped IPv6. */
export function canonicalIp(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1);
  return canonical.startsWith('::ffff:') ? undefined : canonical;
}

function hostName(text: string): Parsed<string> {
  const host = text.toLowerCase().replace(/\.$/, '');
  if (host.length > longestHost)
    return wrong(`{value} is too long for a host name: at most ${longestHost} characters`);
  const labels = host.split('.');
  // Host names have no underscores, but container networks use them.
  const good = labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  if (!good || /^\d+$/.test(labels.at(-1) ?? '')) {
    return wrong(
      '{value} is neither a host name nor an IP address; write db1.example.com, 192.0.2.1 or [2001:db8::1]',
    );
  }
  return parsed(host);
}

/** A host name (lower case, no final dot) or an IP address (canonical, without brackets). */
export function parseHost(text: string): Parsed<string> {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  const ip = canonicalIp(bare);
  if (ip !== undefined) return parsed(ip);
  if (bare !== text || bare.includes(':'))
    return wrong('{value} is not an IPv6 address; write 2001:db8::1, or with a port [2001:db8::1]:3306');
  return hostName(text);
}

/** Splits `host`, `host:port`, `address`, `[v6]` and `[v6]:port`. */
export function parseHostPort(text: string, defaultPort: number): Parsed<{ host: string; port: number }> {
  const match = /^(\[[^\]]*\]|[^:]*):(\d{1,9})$/.exec(text);
  const host = parseHost(match?.[1] ?? text);
  if (host.kind === 'wrong') return host;
  const port = match === null ? defaultPort : Number(match[2]);
  if (port < 1 || port > 65_535) return wrong('{value} has an invalid port; use 1 to 65535');
  return parsed({ host: host.value, port });
}

/** `host:port` as the core wants it: IPv6 in brackets. */
export const serverAddress = (host: string, port: number): ServerAddress =>
  `${host.includes(':') ? `[${host}]` : host}:${port}` as ServerAddress;

/** Why clients on other machines cannot use the address. Of host names only `localhost` is known. */
export function unsafeKind(host: string, allowLoopback: boolean): string | undefined {
  if (host === 'localhost' || host.endsWith('.localhost'))
    return allowLoopback ? undefined : 'a loopback address';
  return unsafeIp(host, allowLoopback);
}
