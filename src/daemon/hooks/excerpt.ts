/** Keeps a little of what a program prints or a URL answers, and makes it safe to show. */

/** Bytes that are kept while they arrive. */
const keptBytes = 4096;
/** Characters in the history. */
const shownCharacters = 1000;
/** A shorter value would be found everywhere. */
const shortestSecret = 6;

export interface Excerpt {
  add(piece: Buffer): void;
  /** All bytes that came, also those that were not kept. */
  bytes(): number;
  /** One printable line; undefined if nothing came. */
  text(): string | undefined;
}

/** `keep`: the beginning or the end. `secrets` are never shown. */
export function createExcerpt(keep: 'first' | 'last', secrets: readonly string[] = []): Excerpt {
  let kept: Buffer = Buffer.alloc(0);
  let bytes = 0;
  return {
    add(piece) {
      bytes += piece.length;
      if (keep === 'first' && kept.length >= keptBytes) return;
      const both = Buffer.concat([kept, keep === 'last' ? piece.subarray(-keptBytes) : piece]);
      // A copy: a part of the buffer would hold the whole of it.
      kept = Buffer.from(keep === 'last' ? both.subarray(-keptBytes) : both.subarray(0, keptBytes));
    },
    bytes: () => bytes,
    text() {
      const line = printableLine(withoutSecrets(kept.toString('utf8'), secrets));
      if (line === '') return undefined;
      if (line.length <= shownCharacters) return line;
      return keep === 'last'
        ? `... ${line.slice(-shownCharacters)}`
        : `${line.slice(0, shownCharacters)} ...`;
    },
  };
}

const withoutSecrets = (text: string, secrets: readonly string[]): string =>
  secrets
    .filter((secret) => secret.length >= shortestSecret)
    .reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text);

/** ECMA-48 control sequences: colours, movements of the cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlSequence = /\u001b\[[0-?]*[ -/]*[@-~]/g;

/** Several lines become one; what could move the cursor or hide a line becomes U+FFFD. */
export const printableLine = (text: string): string =>
  text
    .replace(controlSequence, '')
    .trim()
    .replace(/[\r\n]+\s*/g, ' / ')
    .replace(/\t/g, ' ')
    .replace(/\p{Cc}|\p{Cf}|\u2028|\u2029/gu, '\ufffd');
