/** Keys in one line each, as `nsupdate -y`, `dig -y` and knsupdate take them: `hmac:name:secret`. Pure; throws KeyFault. */
import { invalid } from './key-fault.ts';
import { algorithmOf, keyNameOf, secretOf } from './key-parts.ts';
import { type TsigKey, tsigKey } from './tsig.ts';

/** Empty lines and those of a `#` or `;` are skipped. */
export const keysOfStrings = (lines: readonly string[]): readonly TsigKey[] =>
  lines.flatMap((line, index) => (line === '' || /^[#;]/.test(line) ? [] : [keyOf(line, index + 1)]));

function keyOf(text: string, line: number): TsigKey {
  const [algorithm = '', name = '', secret = '', more] = text.split(':');
  // Without the algorithm BIND takes hmac-md5 or hmac-sha256, by its version: guessing would end as BADKEY.
  if (secret === '' || more !== undefined)
    throw invalid(line, 'a key in one line is hmac:name:secret, all three of them', 'For example hmac-sha256:source-dns-key:<base64>.');
  return tsigKey(keyNameOf(name, line), algorithmOf(algorithm, line), secretOf(secret, line));
}
