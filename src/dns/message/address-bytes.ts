/** IP addresses as text and as bytes: each address has one canonical text. Pure. */
import { isIPv4, isIPv6 } from 'node:net';

/**
 * The four bytes of an IPv4 address; undefined for other text. Only four decimal numbers: no leading zeros
 * (`010` is 8 to some programs and 10 to others), no hexadecimal, no missing parts.
 */
export const ipv4Bytes = (text: string): Buffer | undefined =>
  isIPv4(text) ? Buffer.from(text.split('.').map(Number)) : undefined;

/**
 * The 16 bytes of an IPv6 address (RFC 4291 2.2); undefined for other text. No zone index (`fe80::1%eth0`):
 * it means nothing outside its host (RFC 4007 11.2).
 */
export function ipv6Bytes(text: string): Buffer | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const [head = '', tail] = text.split('::');
  const front = groupsOf(head);
  const back = tail === undefined ? [] : groupsOf(tail);
  const groups = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
  return Buffer.from(Uint16Array.from(groups).buffer).swap16();
}

/** The groups of 16 bits of a part. An IPv4 address may write the last 32 bits. */
function groupsOf(part: string): readonly number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

/** The canonical text of an address. Any other text (a host name, a zone index) is unchanged. */
export function canonicalAddress(text: string): string {
  const sixteen = ipv6Bytes(text);
  return sixteen === undefined ? text : ipv6Text(sixteen);
}

/** `192.0.2.1` */
export const ipv4Text = (bytes: Uint8Array): string => bytes.join('.');

/**
 * The canonical text of 16 bytes (RFC 5952 4): lower case, no leading zeros, `::` for the first of the
 * longest runs of two or more zero groups. An IPv4-mapped address ends as an IPv4 address (RFC 5952 5):
 * `::ffff:192.0.2.1`, as getaddrinfo writes it.
 */
export function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from(
    { length: 8 },
    (_, index) => (bytes[2 * index] ?? 0) * 256 + (bytes[2 * index + 1] ?? 0),
  );
  if (groups.slice(0, 6).join() === '0,0,0,0,0,65535') return `::ffff:${ipv4Text(bytes.subarray(12))}`;
  const zeros = longestZeros(groups);
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return zeros.length < 2 ? hex(0, 8) : `${hex(0, zeros.start)}::${hex(zeros.start + zeros.length, 8)}`;
}

function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let longest = { start: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > longest.length) longest = { start: index - length + 1, length };
  }
  return longest;
}
