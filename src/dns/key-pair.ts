/**
 * The pair of files that dnssec-keygen made for TSIG up to BIND 9.16: `K<name>+<algorithm>+<id>.private` has algorithm and secret but not the name,
 * `.key` has all three as a KEY RR (RFC 2535 3). Pure; throws KeyFault.
 */
import { invalid, KEYGEN_HINT, KeyFault } from './key-fault.ts';
import { keyNameOf, secretOf } from './key-parts.ts';
import { type TsigAlgorithm, type TsigKey, tsigKey } from './tsig.ts';

/** BIND's own numbers for the HMACs (dst.h); below 157 they are those of DNSSEC: public keys. */
const NUMBERS: Readonly<Record<number, TsigAlgorithm>> = {
  157: 'hmac-md5',
  161: 'hmac-sha1',
  162: 'hmac-sha224',
  163: 'hmac-sha256',
  164: 'hmac-sha384',
  165: 'hmac-sha512',
};

/** The key of a `.private` file. Its name stands in the name of the file; where that was changed, it is `keyName`. */
export function keyOfPrivateFile(lines: readonly string[], file: string, keyName: string | undefined): TsigKey {
  const algorithm = algorithmOf(fieldOf(lines, 'Algorithm'));
  const secret = fieldOf(lines, 'Key');
  const bits = lines.find((line) => /^Bits:/i.test(line));
  if (bits !== undefined && !/:\s*AAA=$/i.test(bits))
    throw invalid(lines.indexOf(bits) + 1, 'it is for MACs that are cut short, which source-dns does not send');
  return tsigKey(keyNameOf(nameOf(file, keyName), 1), algorithm, secretOf(secret.text, secret.line));
}

interface Field {
  readonly text: string;
  readonly line: number;
}

/** The value of `Name: value`, once. */
function fieldOf(lines: readonly string[], name: string): Field {
  const found = lines.flatMap((line, index) => {
    const value = new RegExp(`^${name}:\\s*(.*)$`, 'i').exec(line)?.[1];
    return value === undefined ? [] : [{ text: value, line: index + 1 }];
  });
  const [field, second] = found;
  if (second !== undefined) throw invalid(second.line, `${name}: stands there more than once`);
  if (field !== undefined) return field;
  // What a private key of DNSSEC has in place of `Key:`.
  const asymmetric = lines.some((line) => /^(?:Modulus|PrivateKey):/i.test(line));
  throw asymmetric ? publicKey(1) : invalid(1, `a line ${name}: is missing`);
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

/** The keys of a `.key` file: `<name> [<ttl>] IN KEY <flags> <protocol> <algorithm> <base64>`, the base64 maybe in several words. */
export const keysOfPublicFile = (lines: readonly string[]): readonly TsigKey[] =>
  lines.flatMap((text, index) => (text === '' || text.startsWith(';') ? [] : [keyOfRr(text, index + 1)]));

function keyOfRr(text: string, line: number): TsigKey {
  const match = /^(\S+)\s+(?:\d+\s+)?(?:IN\s+)?((?:DNS)?KEY)\s+\d+\s+\d+\s+(\d+)\s+(.+)$/i.exec(text);
  const [, name = '', type = '', number = '', secret = ''] = match ?? [];
  if (match === null) throw invalid(line, 'this is no KEY RR: <name> IN KEY 512 3 163 <base64>');
  if (type.toUpperCase() === 'DNSKEY') throw publicKey(line);
  return tsigKey(keyNameOf(name, line), algorithmOf({ text: number, line }), secretOf(secret.replace(/\s+/g, ''), line));
}

/** `163`, or `163 (HMAC_SHA256)`. */
function algorithmOf({ text, line }: Field): TsigAlgorithm {
  const number = Number(/^(\d{1,3})(?:\s+\(.*\))?$/.exec(text)?.[1]);
  const algorithm = NUMBERS[number];
  if (algorithm !== undefined) return algorithm;
  throw number > 0 && number < 157 ? publicKey(line) : invalid(line, `the algorithm is not one of ${Object.keys(NUMBERS).join(', ')}`);
}

const publicKey = (line: number): KeyFault =>
  invalid(
    line,
    'it is a key pair of DNSSEC or SIG(0), and TSIG wants a shared secret',
    `For SIG(0) set via: nsupdate. For TSIG: ${KEYGEN_HINT}`,
  );
