/**
 * TSIG keys as administrators have them, out of a file's text. Failures name the file and the line, never the secret. Pure.
 *
 * - BIND's `key` statement: tsig-keygen, ddns-confgen, rndc.key; several in a file, among other statements;
 * - `hmac:name:secret` in a line, as `nsupdate -y` and `dig -y` take it; several lines;
 * - the pair K<name>+<algorithm>+<id>.private and .key of dnssec-keygen up to BIND 9.16: either of them.
 */
import type { Failure } from '../core/observation.ts';
import { KEYGEN_HINT, KeyFault } from './key-fault.ts';
import { keyOfPrivateFile, keysOfPublicFile } from './key-pair.ts';
import { keysOfStatements } from './key-statement.ts';
import { keysOfStrings } from './key-string.ts';
import { parseFqdn } from './name.ts';
import type { TsigKey } from './tsig.ts';

/** A key file is a few hundred bytes; a file above this is something else. */
export const MAX_KEY_FILE_BYTES = 65_536;

export type ParsedKey =
  | { readonly kind: 'key'; readonly key: TsigKey; readonly warnings: readonly Failure[] }
  | { readonly kind: 'invalid'; readonly failure: Failure };

/**
 * The key of that name, or the file's only key. `file` is for messages, and a `.private` file has the key's name in its own name only.
 * Fails with `key-invalid` or `key-not-found`. Warns with `tsig-weak-algorithm` (hmac-md5: RFC 8945 6).
 */
export function parseKeyFile(text: string, file: string, keyName?: string): ParsedKey {
  try {
    const key = choose(keysOf(text.replace(/^\ufeff/, ''), file, keyName), keyName);
    return { kind: 'key', key, warnings: key.algorithm === 'hmac-md5' ? [weakAlgorithm(key, file)] : [] };
  } catch (error) {
    if (!(error instanceof KeyFault)) throw error;
    return { kind: 'invalid', failure: { code: error.code, message: `The key file ${file}: ${error.message}.`, hint: error.hint } };
  }
}

function keysOf(text: string, file: string, keyName: string | undefined): readonly TsigKey[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const said = lines.filter((line) => line !== '' && !/^[;#]/.test(line));
  const [first = ''] = said;
  if (first.startsWith('-----BEGIN')) throw new KeyFault('key-invalid', 'it is in PEM form, as keys of TLS are', KEYGEN_HINT);
  if (/^Private-key-format:/i.test(first)) return [keyOfPrivateFile(lines, file, keyName)];
  if (/^\S+\s+(?:\d+\s+)?(?:IN\s+)?(?:DNS)?KEY\s+\d+\s/i.test(first)) return keysOfPublicFile(lines);
  if (said.some((line) => /^[^\s:"{};]+:[^"{};]*$/.test(line)) && !text.includes('{')) return keysOfStrings(lines);
  return keysOfStatements(text);
}

function choose(keys: readonly TsigKey[], keyName: string | undefined): TsigKey {
  const names = keys.map((key) => key.name).join(', ');
  if (keys.length === 0) throw new KeyFault('key-not-found', 'it has no key statement', KEYGEN_HINT);
  const wanted = keyName === undefined ? undefined : parseFqdn(keyName);
  if (wanted?.kind === 'invalid') throw new KeyFault('key-not-found', `key_name: ${wanted.failure.message}`, `The file has: ${names}`);
  const found = wanted === undefined ? keys : keys.filter((key) => key.name === wanted.name);
  const [key, second] = found;
  if (key === undefined) throw new KeyFault('key-not-found', `it has no key ${wanted?.name}`, `Set key_name to one of: ${names}`);
  if (second !== undefined && wanted === undefined)
    throw new KeyFault('key-not-found', `it has ${keys.length} keys`, `Set key_name to one of: ${names}`);
  if (second !== undefined) throw new KeyFault('key-invalid', `it has the key ${key.name} more than once`, 'Keep one of them.');
  return key;
}

const weakAlgorithm = (key: TsigKey, file: string): Failure => ({
  code: 'tsig-weak-algorithm',
  message: `The key ${key.name} of ${file} is for hmac-md5, which RFC 8945 advises against.`,
  hint: KEYGEN_HINT,
});
