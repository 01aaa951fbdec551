/** Reads absolute domain names. */

import type { Fqdn } from '../core/model/units.ts';
import type { Parsed } from './server-address.ts';

/** A name has at most 255 bytes on the wire (RFC 1035 3.1): 254 characters with the final dot. */
const longestName = 254;

const wrong = (problem: string): Parsed<Fqdn> => ({ kind: 'wrong', problem });

/**
 * Names of ledgers and of SRV records are refused: they belong to the names of sources.
 * `room` stays free in front of the name, for `_source-dns.`. Nobody can connect to a wildcard or an escape.
 */
export function parseFqdn(text: string, room: number): Parsed<Fqdn> {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly what is outside ASCII
  if (/[^\x00-\x7f]/.test(name))
    return wrong('{value} has letters that are not ASCII; write its IDNA form (xn--...)');
  if (!text.endsWith('.') && !name.includes('.'))
    return wrong('{value} is not a complete domain name; write for example source.shop.example.com.');
  const longest = longestName - room;
  if (name.length + 1 > longest) {
    return wrong(
      room === 0
        ? `is too long: at most ${longest} characters`
        : `is too long: at most ${longest} characters, so that "_source-dns." fits in front`,
    );
  }
  const reserved = ['_source-dns.', '_mysql._tcp.'].find((start) => name.toLowerCase().startsWith(start));
  if (reserved !== undefined)
    return wrong(
      `{value} begins with ${reserved}, as the ledger or the SRV record of another name does; write that name without it`,
    );
  for (const label of name.split('.')) {
    if (label === '') return wrong('{value} has an empty label (two dots in a row, or a dot at the start)');
    if (label.length > 63) return wrong('{value} has a label of more than 63 characters');
    if (!/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/i.test(label))
      return wrong(`{value} is not a valid name: labels may have letters, digits, "_" and inner hyphens`);
  }
  return { kind: 'parsed', value: `${name.toLowerCase()}.` as Fqdn };
}

/** Whether `name` is `zone` or below it; both are absolute and in lower case. */
export const isWithin = (name: Fqdn, zone: Fqdn): boolean => name === zone || name.endsWith(`.${zone}`);
