/** TSIG keys (RFC 8945) for the nameservers. */

import { writeFile } from 'node:fs/promises';
import { keyStatement, newKeySecret } from '../../dns/key/new-key.ts';

export interface TsigKey {
  /** Part of the protocol: both sides must use the same name. */
  readonly name: string;
  readonly algorithm: 'hmac-sha256';
  /** Base64. */
  readonly secret: string;
}

export function generateTsigKey(name: string): TsigKey {
  return { name, algorithm: 'hmac-sha256', secret: newKeySecret() };
}

/** In BIND's form, as tsig-keygen prints it. */
export function formatTsigKey(key: TsigKey): string {
  return keyStatement(key.name, key.algorithm, key.secret);
}

/** Writes a new file with mode 0600. Rejects if the file exists. */
export async function writeTsigKey(path: string, key: TsigKey): Promise<void> {
  await writeFile(path, formatTsigKey(key), { mode: 0o600, flag: 'wx' });
}
