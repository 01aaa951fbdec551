import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';

/** A TSIG key (RFC 8945). */
export interface TsigKey {
  /** The key's name: it is part of the protocol, both sides must call it the same. */
  readonly name: string;
  readonly algorithm: 'hmac-sha256';
  /** Base64 of the secret bytes. */
  readonly secret: string;
}

/** RFC 8945 section 8: a secret should be as long as the digest; 256 bits for SHA-256. */
const secretBytes = 32;

/** A new key with a random secret. */
export function generateTsigKey(name: string): TsigKey {
  return { name, algorithm: 'hmac-sha256', secret: randomBytes(secretBytes).toString('base64') };
}

/** The key in BIND's form, as tsig-keygen prints it: for named.conf, `nsupdate -k` and `key_file`. */
export function formatTsigKey(key: TsigKey): string {
  return `key "${key.name}" {\n\talgorithm ${key.algorithm};\n\tsecret "${key.secret}";\n};\n`;
}

/** Writes the key to a new file that only its owner reads (mode 0600). Rejects when the file is there already: a key is not overwritten by accident. */
export async function writeTsigKey(path: string, key: TsigKey): Promise<void> {
  await writeFile(path, formatTsigKey(key), { mode: 0o600, flag: 'wx' });
}
