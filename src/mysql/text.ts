/** The most of a server's own words that is kept, in characters. */
export const maxServerTextLength = 200;

/** A server's own words as one bounded line without control characters: they end in logs, and in a terminal. */
export function boundedLine(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length <= maxServerTextLength ? line : `${line.slice(0, maxServerTextLength - 1)}…`;
}
