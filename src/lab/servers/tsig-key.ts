/** TSIG keys (RFC 8945) for the nameservers. */

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';

export interface TsigKey {
  /** Part of the protocol: both sides must use the same name. */
  readonly name: string;
  readonly algorithm: 'hmac-sha256';
  /** Base64. */
  readonly secret: string;
}

/** RFC 8945 section 8: a secret should be as long as the digest. */
const secretBytes = 32;

export function generateTsigKey(name: string): TsigKey {
  return { name, algorithm: 'hmac-sha256', secret: randomBytes(secretBytes).toString('base64') };
}

/** In BIND's form, as tsig-keygen prints it. */
export function formatTsigKey(key: TsigKey): string {
  return `key "${key.name}" {\n\talgorithm ${key.algorithm};\n\tsecret "${key.secret}";\n};\n`;
}

/** Writes a new file with mode 0600. Rejects if the file exists. */
export async function writeTsigKey(path: string, key: TsigKey): Promise<void> {
  await writeFile(path, formatTsigKey(key), { mode: 0o600, flag: 'wx' });
}
