/** One key a line, or the `key:` sections of Knot, NSD and Unbound. Pure; throws KeyFault. */
import { invalid, type Word, type WrittenKey, writtenKey } from './key-parts.ts';

/** `hmac:name:secret`, as `nsupdate -y`, `dig -y` and `knsupdate` take it. Skips empty lines and comments. */
export const keysOfStrings = (lines: readonly string[]): readonly WrittenKey[] =>
  wordsOf(lines, (text) => text !== '' && !/^[#;]/.test(text)).map(keyOfString);

function keyOfString({ text, line }: Word): WrittenKey {
  const [algorithm = '', name = '', secret = '', more] = text.split(':');
  // Without an algorithm, BIND takes hmac-md5 or hmac-sha256, depending on its version: a guess would end as
  // BADKEY.
  if (secret === '' || more !== undefined)
    throw invalid(
      line,
      'a key in one line needs all three parts: hmac:name:secret',
      'For example hmac-sha256:source-dns-key:<base64>.',
    );
  return writtenKey({ text: name, line }, { text: algorithm, line }, { text: secret, line });
}

/** `name. hmac-sha256. secret` of `pdnsutil list-tsig-keys`; `generate-tsig-key` puts words before it. */
const powerdnsLine = /^(?:Create new TSIG key )?(\S+) (hmac-\S+) (\S+)$/i;
const nsupdateLine = /^key (hmac-[^:\s]+):(\S+) (\S+)$/i;

export const isPrinted = (text: string): boolean => powerdnsLine.test(text) || nsupdateLine.test(text);

/** The output of pdnsutil, or a script of nsupdate. Skips other lines. */
export const keysOfPrinted = (lines: readonly string[]): readonly WrittenKey[] =>
  wordsOf(lines, isPrinted).map(({ text, line }) => {
    const nsupdate = nsupdateLine.exec(text);
    const [, first = '', second = '', secret = ''] = nsupdate ?? powerdnsLine.exec(text) ?? [];
    const [name, algorithm] = nsupdate === null ? [first, second] : [second, first];
    return writtenKey({ text: name, line }, { text: algorithm, line }, { text: secret, line });
  });

const wordsOf = (lines: readonly string[], wanted: (text: string) => boolean): readonly Word[] =>
  lines.flatMap((text, index) => (wanted(text) ? [{ text, line: index + 1 }] : []));

const headLine = /^(?:tsig-)?key:[ \t]*(?:#.*)?$/;

/** The line begins a section. Its indentation counts. */
export const isKeySection = (line: string): boolean => headLine.test(line);

/** The lines must keep their indentation. Any other word at the beginning of a line ends a section. */
export function keysOfSections(lines: readonly string[]): readonly WrittenKey[] {
  const found: Map<string, Word>[] = [];
  let inside = false;
  for (const [index, text] of lines.entries()) {
    if (/^[^\s#-]/.test(text)) {
      inside = isKeySection(text);
      if (inside) found.push(new Map());
    }
    const [, dash, field = '', value = ''] =
      /^\s*(-\s+)?(id|name|algorithm|secret):[ \t]*(.*)$/.exec(text) ?? [];
    if (!inside || field === '') continue;
    const word = field === 'id' ? 'name' : field;
    if (dash !== undefined || found.at(-1)?.has(word)) found.push(new Map());
    found.at(-1)?.set(word, { text: plainValue(value), line: index + 1 });
  }
  return found.flatMap((key) => {
    const name = key.get('name');
    return name === undefined ? [] : [writtenKey(name, key.get('algorithm'), key.get('secret'))];
  });
}

/** Without quotes, and without a comment behind the value. */
function plainValue(text: string): string {
  const quoted = /^(["'])(.*?)\1/.exec(text)?.[2];
  return quoted ?? text.replace(/\s+#.*$/, '').trim();
}
