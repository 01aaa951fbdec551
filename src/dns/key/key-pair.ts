/**
 * The pair of files that dnssec-keygen made for TSIG up to BIND 9.16. `K<name>+<algorithm>+<id>.private` has
 * algorithm and secret, but not the name; `.key` has all three as a KEY RR (RFC 2535 3). Pure; throws
 * KeyFault.
 */

import { type TsigAlgorithm, tsigAlgorithm, tsigKey } from '../message/tsig.ts';
import {
  invalid,
  KeyFault,
  keygenHint,
  keyNameOf,
  macBytesOf,
  secretOf,
  type Word,
  type WrittenKey,
} from './key-parts.ts';

/**
 * BIND's numbers for the HMACs (dst.h). Below 157 are DNSSEC's public keys. 158 and 159 are of ldns-keygen,
 * whose numbers from 164 on differ from BIND's: the algorithm's name beside the number wins.
 */
const algorithmNumbers: Readonly<Record<number, TsigAlgorithm>> = {
  157: 'hmac-md5',
  158: 'hmac-sha1',
  159: 'hmac-sha256',
  161: 'hmac-sha1',
  162: 'hmac-sha224',
  163: 'hmac-sha256',
  164: 'hmac-sha384',
  165: 'hmac-sha512',
};

/** The key of a `.private` file. Its name is in the file's name; for a renamed file, it is `keyName`. */
export function keyOfPrivateFile(
  lines: readonly string[],
  file: string,
  keyName: string | undefined,
): WrittenKey {
  const name = { text: nameOf(file, keyName), line: 1 };
  const read = () => {
    const algorithm = algorithmOf(fieldOf(lines, 'Algorithm'));
    const secret = fieldOf(lines, 'Key');
    const macBytes = macBytesOf(algorithm, ...bitsOf(lines));
    return tsigKey(keyNameOf(name.text, name.line), algorithm, secretOf(secret.text, secret.line), macBytes);
  };
  return { name, read };
}

/** `Bits:` is a number of two bytes in base64, 0 for the whole MAC. ldns-keygen does not write it. */
function bitsOf(lines: readonly string[]): readonly [bits: number, line: number] {
  const at = lines.findIndex((line) => /^Bits:/i.test(line));
  if (at === -1) return [0, 1];
  const bytes = Buffer.from(lines[at]?.slice('Bits:'.length) ?? '', 'base64');
  if (bytes.length !== 2) throw invalid(at + 1, 'Bits: must be two bytes in base64', pairHint);
  return [bytes.readUInt16BE(0), at + 1];
}

const pairHint = 'Copy the file again from where dnssec-keygen made it, or use the .key file beside it.';

/** The value of the only line `Name: value`. */
function fieldOf(lines: readonly string[], name: string): Word {
  const found = lines.flatMap((line, index) => {
    const value = new RegExp(`^${name}:\\s*(.*)$`, 'i').exec(line)?.[1];
    return value === undefined ? [] : [{ text: value, line: index + 1 }];
  });
  const [field, second] = found;
  if (second !== undefined) throw invalid(second.line, `${name}: is there more than once`, pairHint);
  if (field !== undefined) return field;
  // A private key of DNSSEC has these in place of `Key:`.
  const asymmetric = lines.some((line) => /^(?:Modulus|PrivateKey):/i.test(line));
  throw asymmetric ? publicKey(1) : invalid(1, `a line ${name}: is missing`, pairHint);
}

function nameOf(file: string, keyName: string | undefined): string {
  const name = /(?:^|\/)K([^/+]+)\+\d{3}\+\d{5}\.private$/.exec(file)?.[1] ?? keyName;
  if (name !== undefined) return name;
  throw new KeyFault(
    'key-not-found',
    "a .private file does not say the key's name, and the file's own name is not K<name>+<algorithm>+<id>.private",
    'Set key_name, or use the .key file beside it.',
  );
}

/** The keys of a `.key` file: `<name> [<ttl>] IN KEY <flags> <protocol> <algorithm> <base64 words>`. */
export const keysOfPublicFile = (lines: readonly string[]): readonly WrittenKey[] =>
  lines.flatMap((text, index) =>
    text === '' || text.startsWith(';') ? [] : [keyOfRr(text.replace(/\s*;.*/, ''), index + 1)],
  );

function keyOfRr(text: string, line: number): WrittenKey {
  const match = /^(\S+)\s+(?:\d+\s+)?(?:IN\s+)?((?:DNS)?KEY)\s+\d+\s+\d+\s+(\d+)\s+(.+)$/i.exec(text);
  const [, name = '', type = '', number = '', secret = ''] = match ?? [];
  if (match === null) throw invalid(line, 'this is not a KEY RR: <name> IN KEY 512 3 163 <base64>', pairHint);
  if (type.toUpperCase() === 'DNSKEY') throw publicKey(line);
  const read = () =>
    tsigKey(keyNameOf(name, line), algorithmOf({ text: number, line }), secretOf(secret, line));
  return { name: { text: name, line }, read };
}

/** `163`, or `163 (HMAC_SHA256)`. */
function algorithmOf({ text, line }: Word): TsigAlgorithm {
  const [, digits, name = ''] = /^(\d{1,3})(?:\s+\((.*)\))?$/.exec(text) ?? [];
  const number = Number(digits);
  const algorithm = tsigAlgorithm(name.replace('_', '-')) ?? algorithmNumbers[number];
  if (algorithm !== undefined) return algorithm;
  throw number > 0 && number < 157
    ? publicKey(line)
    : invalid(line, `the algorithm is not one of ${Object.keys(algorithmNumbers).join(', ')}`, keygenHint);
}

const publicKey = (line: number): KeyFault =>
  invalid(
    line,
    'this is a key pair of DNSSEC or SIG(0), but TSIG needs a shared secret',
    `For SIG(0) set via: nsupdate. For TSIG: ${keygenHint}`,
  );
