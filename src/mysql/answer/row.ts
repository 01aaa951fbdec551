import type { Failure } from '../../core/model/observation.ts';
import type { ServerAddress } from '../../core/model/units.ts';
import { maxTextLength } from './limits.ts';
import { boundedLine, isPlainLine } from './text.ts';

/** One result row as the connection hands it over: every cell is the server's text, or null. Untrusted: any column may be missing or odd. */
export type Row = Readonly<Record<string, unknown>>;

/** As MySQL writes numbers. */
const numberPattern = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/**
 * Reads the cells of one row. A cell that is not what it must be gives a harmless value, and its column is remembered as the `oddColumn`:
 * the caller looks at that once, at the end, and throws what was read away.
 */
export class RowReader {
  readonly #row: Row;
  #oddColumn: string | undefined;

  constructor(row: Row) {
    this.#row = row;
  }

  /** The first column that was missing or odd. */
  get oddColumn(): string | undefined {
    return this.#oddColumn;
  }

  /** Says that the column holds what the caller cannot use. */
  reject(column: string): void {
    this.#oddColumn ??= column;
  }

  /** A name or a word. Too long, or with control characters, it is odd: what was read is kept, told and written as it is. */
  text(column: string): string {
    const text = this.whole(column);
    if (text.length <= maxTextLength && isPlainLine(text)) return text;
    this.reject(column);
    return '';
  }

  /** The cell, whatever is in it: to be parsed or compared, never to be told. */
  whole(column: string): string {
    const cell = Object.hasOwn(this.#row, column) ? this.#row[column] : undefined;
    if (typeof cell === 'string') return cell;
    this.reject(column);
    return '';
  }

  /** A text for people, as one bounded line. */
  words(column: string): string {
    return boundedLine(this.whole(column));
  }

  /** Undefined for NULL. */
  optionalWords(column: string): string | undefined {
    return this.#row[column] === null ? undefined : this.words(column);
  }

  /** Undefined for NULL; a column that is not there is odd. */
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

  /** The first of `words` stands in where the cell is none of them. */
  oneOf<const Word extends string>(column: string, words: readonly [Word, ...Word[]]): Word {
    const text = this.text(column);
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) this.reject(column);
    return word ?? words[0];
  }

  /** `parse` gives undefined for text that it cannot read. */
  parsed<T>(column: string, parse: (text: string) => T | undefined): T | undefined {
    const value = parse(this.whole(column));
    if (value === undefined) this.reject(column);
    return value;
  }
}

/** The failure `rows-unexpected`: the server answered something that no known version answers. */
export function rowsUnexpected(server: ServerAddress, column: string): Failure {
  return {
    code: 'rows-unexpected',
    message: `${server}: the column ${column} of the server's answer is missing or has an unexpected value`,
    hint: 'Check that this is a MySQL or MariaDB server, not a proxy or a compatible product. If so, report a bug with the server version and the column.',
  };
}

/** More channels than MySQL allows (256, manual 19.2.2) are no server's. */
export const maxRows = 300;
