/** The most of a server's own words that is kept, in characters. */
const maxServerTextLength = 200;

/** Control characters, ends of lines, halves of characters, and what turns the direction of writing: no name has them, and a terminal obeys them. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const allUnsafe = new RegExp(`(?:${unsafe.source}|\\s)+`, 'gu');

/** Whether a name may go into the state, the ledger and the log as it is. */
export const isPlainLine = (text: string): boolean => !unsafe.test(text);

/** A server's own words as one bounded line without control characters: they end in logs, and in a terminal. */
export function boundedLine(text: string): string {
  const line = text.replaceAll(allUnsafe, ' ').trim();
  return line.length <= maxServerTextLength ? line : `${line.slice(0, maxServerTextLength - 1)}…`;
}
