/** Reads `--name=value` and its relatives. Unknown names are ignored: a next version may have more. Pure. */

/** The value of the name, if it was given. Names have no case, no `-` and no `_`. */
export type Values = (name: string) => string | undefined;

const plain = (name: string): string => name.replace(/^-+/, '').replace(/[-_]/g, '').toLowerCase();

/** Reads `--name=value`, `--name value` and `name=value`. The last one counts. */
export function valuesOf(words: readonly string[]): Values {
  const values = new Map<string, string>();
  for (const [index, word] of words.entries()) {
    const equals = word.indexOf('=');
    const next = words[index + 1];
    if (equals > 0) values.set(plain(word.slice(0, equals)), word.slice(equals + 1));
    else if (word.startsWith('--') && next !== undefined && !next.startsWith('-'))
      values.set(plain(word), next);
  }
  return (name) => values.get(plain(name));
}

/** `tool@host`, in characters that the ledger can have. */
export const byOf = (tool: string, host: string): string =>
  `${tool}@${host}`.replace(/[^A-Za-z0-9._@-]/g, '-').slice(0, 64);

const longestText = 100;

/** A text of a tool for a sentence of ours: one line, bounded. */
export const told = (text: string): string => text.replace(/[^ -~]/g, '?').slice(0, longestText);
