/** The three parts of a TSIG key in any kind of key file, and the file's faults. Pure; throws KeyFault. */
import type { Fqdn } from '../../core/model/units.ts';
import { parseAnyName } from '../message/name.ts';
import {
  shortestMac,
  type TsigAlgorithm,
  type TsigKey,
  tsigAlgorithm,
  tsigAlgorithms,
  tsigKey,
  wholeMac,
} from '../message/tsig.ts';

export const keygenHint =
  "Make a key with: tsig-keygen -a hmac-sha256 source-dns-key. Write the same key into the nameserver's configuration.";

export const wantedForm = 'key "NAME" { algorithm hmac-sha256; secret "BASE64"; };';

export const syntaxHint = `Write, as in the nameserver's configuration: ${wantedForm}`;

/** Thrown by the readers of key files. It names the line, never the text: that may be the secret. */
export class KeyFault extends Error {
  readonly code: 'key-invalid' | 'key-not-found';
  readonly hint: string;
  constructor(code: KeyFault['code'], message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** `key-invalid` in that line, counted from 1. */
export const invalid = (line: number, fault: string, hint = syntaxHint): KeyFault =>
  new KeyFault('key-invalid', `line ${line}: ${fault}`, hint);

/** A piece of a key file, and the line where it begins, counted from 1. */
export interface Word {
  readonly text: string;
  readonly line: number;
}

/** A key as it is written. Only the chosen key is judged: faults of the file's other keys do not matter. */
export interface WrittenKey {
  readonly name: Word;
  /** Throws KeyFault if name, algorithm or secret is unusable. */
  readonly read: () => TsigKey;
}

/** A key of these words. Undefined: the file does not have that part. */
export const writtenKey = (
  name: Word,
  algorithm: Word | undefined,
  secret: Word | undefined,
): WrittenKey => ({
  name,
  read: () => {
    if (
      secret !== undefined &&
      looksLikeSecret(name.text) &&
      (!looksLikeSecret(secret.text) || secret.text === name.text)
    )
      throw invalid(name.line, 'name and secret look mixed up: the name looks like a secret');
    const fqdn = keyNameOf(name.text, name.line);
    if (algorithm === undefined || secret === undefined)
      throw invalid(
        name.line,
        `the key ${shownName(name)} has no ${algorithm === undefined ? 'algorithm' : 'secret'}`,
      );
    const signing = signingOf(algorithm.text, algorithm.line);
    return tsigKey(fqdn, signing.algorithm, secretOf(secret.text, secret.line), signing.macBytes);
  },
});

export function keyNameOf(text: string, line: number): Fqdn {
  // U+FFFD replaces bytes that are not UTF-8: which bytes is lost.
  const name = text.includes('\ufffd') ? undefined : parseAnyName(text);
  // The fault does not quote the name: somebody may have mixed up name and secret.
  if (name === undefined)
    throw invalid(
      line,
      "the key's name is not a domain name",
      "Write the key's name as in the nameserver's configuration: labels of 1 to 63 bytes.",
    );
  return name;
}

/** Base64 of 12 bytes or more. A secret has `=`, `+` or `/`: a long plain word is not a secret. */
const looksLikeSecret = (text: string): boolean => {
  const plain = text.replace(/\s+/g, '');
  return (
    plain.length >= 16 &&
    plain.length % 4 === 0 &&
    /[+/=]/.test(plain) &&
    /^[A-Za-z0-9+/]+={0,2}$/.test(plain)
  );
};

/** The key's name for a message, or its line if the name may be a secret. */
export function shownName({ text, line }: Word): string {
  const name = looksLikeSecret(text) ? undefined : parseAnyName(text);
  return name ?? `in line ${line}`;
}

const algorithmHint = `Write the algorithm of the nameserver's configuration: one of ${tsigAlgorithms.join(', ')}.`;

interface Signing {
  readonly algorithm: TsigAlgorithm;
  readonly macBytes: number;
}

/** The algorithm by its name, in any case. `hmac-sha256-128`: MACs that are truncated to 128 bits. */
function signingOf(text: string, line: number): Signing {
  const whole = tsigAlgorithm(text);
  if (whole !== undefined) return { algorithm: whole, macBytes: wholeMac(whole) };
  const [, base = '', digits] = /^(.+)-(\d{1,5})$/.exec(text) ?? [];
  const algorithm = tsigAlgorithm(base);
  if (algorithm !== undefined) return { algorithm, macBytes: macBytesOf(algorithm, Number(digits), line) };
  if (/^gss/i.test(text))
    throw invalid(
      line,
      'GSS-TSIG has no key file',
      'Set via: nsupdate and nsupdate_args: ["-g"], and remove key_file.',
    );
  const plain = (word: string): string => word.toLowerCase().replace(/^hmac|[^a-z0-9]/g, '');
  const meant = tsigAlgorithms.find(
    (known) => plain(known.slice('hmac-'.length)) === plain(text.replace(/^hmac/i, '')),
  );
  const suggestion = meant === undefined ? '' : `; did you mean ${meant}?`;
  throw invalid(line, `the algorithm is not one of ${tsigAlgorithms.join(', ')}${suggestion}`, algorithmHint);
}

const bitsHint =
  "Write the algorithm without the number, here and in the nameserver's configuration: then the MAC is whole.";

/**
 * The bytes of a MAC of that many bits; 0: the whole MAC. named reads keys with fewer bits than RFC 8945
 * 5.2.2.1 allows, but then refuses every message.
 */
export function macBytesOf(algorithm: TsigAlgorithm, bits: number, line: number): number {
  if (bits === 0) return wholeMac(algorithm);
  const [least, most] = [shortestMac(algorithm) * 8, wholeMac(algorithm) * 8];
  if (bits % 8 === 0 && bits >= least && bits <= most) return bits / 8;
  throw invalid(
    line,
    `a truncated MAC of ${algorithm} must have ${least} to ${most} bits, a multiple of 8`,
    bitsHint,
  );
}

const secretHint =
  "Copy the secret again from the nameserver's configuration: the whole text between the quotes.";

/** The secret's bytes. Ignores white space in the base64, as named does. */
export function secretOf(text: string, line: number): Buffer {
  const plain = text.replace(/\s+/g, '');
  if (plain === '') throw invalid(line, 'the secret is empty: anybody could sign with it', keygenHint);
  // Buffer.from skips invalid base64: a lost character would show only as BADSIG.
  const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  if (base64.test(plain)) return Buffer.from(plain, 'base64');
  if (/^\?+$/.test(plain))
    throw invalid(
      line,
      'the secret is not base64: question marks hide it, as named-checkconf -px prints it',
      secretHint,
    );
  if (/^(?:\{\{.*\}\}|<.*>|\$\{?\w+\}?|\[.*\]|\.{3}|\*+)$/.test(plain))
    throw invalid(line, 'the secret is not base64: it is a placeholder that was not filled in', secretHint);
  if (/^[A-Za-z0-9+/]+=*$/.test(plain))
    throw invalid(
      line,
      'the secret is not base64: it has a character too few or too many, maybe an = at its end',
      secretHint,
    );
  if (/^[\w-]+=*$/.test(plain))
    throw invalid(
      line,
      'the secret is not base64: it has - or _, as in base64url',
      'Write + for each - and / for each _, and = at the end.',
    );
  throw invalid(line, 'the secret is not base64', secretHint);
}
