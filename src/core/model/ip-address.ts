/** IP addresses as numbers, for a core that has no sockets. */

export interface IpAddress {
  readonly family: 4 | 6;
  /** 4 or 16 bytes. */
  readonly bytes: readonly number[];
}

/**
 * Reads an IPv4 or IPv6 address (RFC 4291 2.2), without a zone index. An IPv4-mapped IPv6 address is the IPv4
 * address that it means (RFC 4291 2.5.5.2): both reach the same host.
 */
export function parseIp(text: string): IpAddress | undefined {
  const four = ipv4Bytes(text);
  if (four) return { family: 4, bytes: four };
  const bytes = ipv6Bytes(text);
  if (bytes === undefined) return undefined;
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  return isMapped ? { family: 4, bytes: bytes.slice(12) } : { family: 6, bytes };
}

/** Whether a host is written as an IP address, well-formed or not. */
export const isIpText = (host: string): boolean => host.includes(':') || /^\d+(\.\d+){3}$/.test(host);

/** The text of an address; an IPv4-mapped one, in any spelling, as its IPv4 address. */
export function plainIp(text: string): string {
  if (!text.includes(':')) return text;
  const ip = parseIp(text);
  return ip?.family === 4 ? ip.bytes.join('.') : text;
}

/** The text of an address, without the zeros at the end of an IPv6 address (RFC 4291 2.2): `2001:db8::`. */
export function ipText({ family, bytes }: IpAddress): string {
  if (family === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((bytes[2 * index] ?? 0) * 256 + (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  return groups.join(':').replace(/(?:(?:^|:)0)+$/, '::');
}

function ipv4Bytes(text: string): readonly number[] | undefined {
  if (!/^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/.test(text)) return undefined;
  const bytes = text.split('.').map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function ipv6Bytes(text: string): readonly number[] | undefined {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  // An IPv4 address may only be the end.
  const front = groups(head, tail === undefined);
  const back = tail === undefined ? [] : groups(tail, true);
  if (front === undefined || back === undefined) return undefined;
  const missing = 16 - front.length - back.length;
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined;
  return [...front, ...Array.from({ length: missing }, () => 0), ...back];
}

/** The bytes of some groups; an empty text has none. */
function groups(text: string, isEnd: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const four = isEnd && index === parts.length - 1 ? ipv4Bytes(part) : undefined;
    if (four) bytes.push(...four);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part))
      bytes.push(Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255);
    else return undefined;
  }
  return bytes;
}

/** Whether the first `bits` bits of both are the same. */
export function sharesPrefix(a: IpAddress, b: IpAddress, bits: number): boolean {
  if (a.family !== b.family) return false;
  return a.bytes.every((byte, index) => {
    const left = Math.min(8, Math.max(0, bits - 8 * index));
    return byte >> (8 - left) === (b.bytes[index] ?? 0) >> (8 - left);
  });
}

/** The same address with all bits after the first `bits` cleared. */
export const networkOf = ({ family, bytes }: IpAddress, bits: number): IpAddress => ({
  family,
  bytes: bytes.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * index))) & 0xff),
});
