/** Makes a server's own words safe for the state, the ledger, logs and terminals. */

const maxServerTextLength = 200;

/** Control characters, line ends, half characters, changes of the writing direction: terminals obey them. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const allUnsafe = new RegExp(`(?:${unsafe.source}|\\s)+`, 'gu');

/** Whether a name may be stored and shown unchanged. */
export const isPlainLine = (text: string): boolean => !unsafe.test(text);

/** As one bounded line without control characters. */
export function boundedLine(text: string): string {
  const line = text.replaceAll(allUnsafe, ' ').trim();
  return line.length <= maxServerTextLength ? line : `${line.slice(0, maxServerTextLength - 1)}…`;
}
