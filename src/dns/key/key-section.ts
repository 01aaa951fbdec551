/**
 * The `key:` sections of Knot (`keymgr -t`, knot.conf), NSD and Unbound: lines `id:` or `name:`, `algorithm:` and `secret:` below it. Pure;
 * the keys throw KeyFault where they are read.
 */
import { type Word, type WrittenKey, writtenKey } from './key-parts.ts';

const headLine = /^(?:tsig-)?key:[ \t]*(?:#.*)?$/;

/** Whether a line begins such a section; its indentation counts. */
export const isKeySection = (line: string): boolean => headLine.test(line);

/** The lines must have their indentation. Another word at the beginning of a line ends a section. */
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

/** Without its quotes, and without a comment behind it. */
function plainValue(text: string): string {
  const quoted = /^(["'])(.*?)\1/.exec(text)?.[2];
  return quoted ?? text.replace(/\s+#.*$/, '').trim();
}
