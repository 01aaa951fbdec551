/** Reads the cells of a result row. Rows are untrusted: any column may be missing or odd. */

import type { Failure } from '../../core/model/observation.ts';
import type { ServerAddress } from '../../core/model/units.ts';
import { maxTextLength } from './limits.ts';
import { boundedLine, isPlainLine } from './text.ts';

/** One result row: every cell is the server's text, or null. */
export type Row = Readonly<Record<string, unknown>>;

const numberPattern = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/**
 * An odd cell gives a harmless value, and its column becomes the `oddColumn`. The caller checks the
 * `oddColumn` once, at the end, and then drops everything that it read.
 */
export class RowReader {
  readonly #row: Row;
  #oddColumn: string | undefined;

  constructor(row: Row) {
    this.#row = row;
  }

  get oddColumn(): string | undefined {
    return this.#oddColumn;
  }

  /** Marks a column with a value that the caller cannot use. */
  reject(column: string): void {
    this.#oddColumn ??= column;
  }

  /** A name or a word. Odd if too long or with control characters: we store and show it unchanged. */
  text(column: string): string {
    const text = this.whole(column);
    if (text.length <= maxTextLength && isPlainLine(text)) return text;
    this.reject(column);
    return '';
  }

  /** The cell with any content: to parse or compare, never to show. */
  whole(column: string): string {
    const cell = Object.hasOwn(this.#row, column) ? this.#row[column] : undefined;
    if (typeof cell === 'string') return cell;
    this.reject(column);
    return '';
  }

  words(column: string): string {
    return boundedLine(this.whole(column));
  }

  /** Undefined for NULL. */
  optionalWords(column: string): string | undefined {
    return this.#row[column] === null ? undefined : this.words(column);
  }

  /** Undefined if there is no such column, or no text in it. */
  textIfTold(column: string): string | undefined {
    const cell = Object.hasOwn(this.#row, column) ? this.#row[column] : undefined;
    return typeof cell === 'string' && cell !== '' ? this.text(column) : undefined;
  }

  /** Undefined for NULL; a missing column is odd. */
  optionalText(column: string): string | undefined {
    return this.#row[column] === null ? undefined : this.text(column);
  }

  number(column: string): number {
    const text = this.text(column);
    const value = Number(text);
    if (numberPattern.test(text) && Number.isFinite(value)) return value;
    this.reject(column);
    return 0;
  }

  /** A port, or 0 where none is set. */
  port(column: string): number {
    const port = this.number(column);
    if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
    this.reject(column);
    return 0;
  }

  optionalNumber(column: string): number | undefined {
    return this.#row[column] === null ? undefined : this.number(column);
  }

  flag(column: string): boolean {
    return this.oneOf(column, ['0', '1']) === '1';
  }

  /** The first of `words` is used where the cell is none of them. */
  oneOf<const Word extends string>(column: string, words: readonly [Word, ...Word[]]): Word {
    const text = this.text(column);
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) this.reject(column);
    return word ?? words[0];
  }

  /** `parse` returns undefined for text that it cannot read. */
  parsed<T>(column: string, parse: (text: string) => T | undefined): T | undefined {
    const value = parse(this.whole(column));
    if (value === undefined) this.reject(column);
    return value;
  }
}

export function rowsUnexpected(server: ServerAddress, column: string): Failure {
  return {
    code: 'rows-unexpected',
    message: `${server}: the column ${column} of the server's answer is missing or has an unexpected value`,
    hint: 'Check that this is a MySQL or MariaDB server, not a proxy or a compatible product. If so, report a bug with the server version and the column.',
  };
}

/** MySQL allows 256 channels (manual 19.2.2). */
export const maxRows = 300;
