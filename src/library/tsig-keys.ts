/** TSIG keys (RFC 8945) for the library: from a file, or from a secret that the caller has. */

import type { KeyObject } from 'node:crypto';
import { readKey } from '../dns/key/key-reading.ts';
import { parseAnyName } from '../dns/message/name.ts';
import { tsigKey as newKey, tsigAlgorithm } from '../dns/message/tsig.ts';
import type { Failure } from './zone-messages.ts';

export type TsigAlgorithm =
  | 'hmac-md5'
  | 'hmac-sha1'
  | 'hmac-sha224'
  | 'hmac-sha256'
  | 'hmac-sha384'
  | 'hmac-sha512';

/** A shared key. Its secret is a KeyObject, so no log and no JSON can show it. */
export interface TsigKey {
  readonly name: string;
  readonly algorithm: TsigAlgorithm;
  readonly secret: KeyObject;
  /** The length of a MAC in bytes. Shorter than the digest: truncated (RFC 8945 5.2.2.1). */
  readonly macBytes: number;
}

/** A key that cannot be used. `code`: `key-unreadable`, `key-invalid` or `key-not-found`. */
export class TsigKeyError extends Error {
  readonly code: string;
  /** What to do next. */
  readonly hint: string | undefined;

  constructor({ code, message, hint }: Failure) {
    super(message);
    this.name = 'TsigKeyError';
    this.code = code;
    this.hint = hint;
  }
}

/**
 * Reads a key file: BIND's `key` statement, `hmac:name:secret`, the forms of Knot, NSD, Unbound and PowerDNS,
 * or a pair of dnssec-keygen. `warnings`: for example wide rights of the file. Rejects with a TsigKeyError.
 */
export async function readTsigKey(
  file: string,
  options: {
    /** Which key, if the file holds several. */
    readonly name?: string;
  } = {},
): Promise<{ readonly key: TsigKey; readonly warnings: readonly Failure[] }> {
  const { name } = options;
  const read = await readKey({ keyFile: file, ...(name === undefined ? {} : { keyName: name }) });
  if (read === undefined) throw new TypeError('readTsigKey needs the path of a file');
  if (read.kind === 'invalid') throw new TsigKeyError(read.failure);
  return { key: read.key, warnings: read.warnings };
}

/** A key of these parts. `secret`: its bytes, or base64. Throws a TsigKeyError. */
export function tsigKey(parts: {
  readonly name: string;
  readonly algorithm: string;
  readonly secret: Uint8Array | string;
}): TsigKey {
  const name = typeof parts.name === 'string' ? parseAnyName(parts.name) : undefined;
  if (name === undefined) throw invalidKey('its name is not a domain name');
  const algorithm = typeof parts.algorithm === 'string' ? tsigAlgorithm(parts.algorithm) : undefined;
  if (algorithm === undefined)
    throw invalidKey('its algorithm is unknown', 'Use hmac-sha256, or what the nameserver has.');
  const secret = secretBytes(parts.secret);
  if (secret === undefined) throw invalidKey('its secret is not base64, or empty');
  return newKey(name, algorithm, secret);
}

function secretBytes(secret: Uint8Array | string): Buffer | undefined {
  if (secret instanceof Uint8Array) return secret.length > 0 ? Buffer.from(secret) : undefined;
  // Buffer.from skips what is not base64: another secret would be used, without a word.
  if (typeof secret !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(secret)) return undefined;
  const bytes = Buffer.from(secret, 'base64');
  return bytes.toString('base64').replace(/=+$/, '') === secret.replace(/=+$/, '') ? bytes : undefined;
}

const invalidKey = (fault: string, hint?: string): TsigKeyError =>
  new TsigKeyError({
    code: 'key-invalid',
    message: `The TSIG key cannot be used: ${fault}.`,
    ...(hint === undefined ? {} : { hint }),
  });
