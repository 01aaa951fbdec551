/** The questions of an inspection to one server, over one session. */

import { maxTextLength } from '../answer/limits.ts';
import type { Need } from '../answer/needs.ts';
import { type Answer, errnoOf } from '../answer/query-set.ts';
import type { Row } from '../answer/row.ts';
import { isPlainLine } from '../answer/text.ts';
import type { Session } from './session.ts';

/** Access denied: ER_DBACCESS_…, ER_TABLEACCESS_…, ER_COLUMNACCESS_…, ER_SPECIFIC_ACCESS_DENIED_ERROR. */
const deniedErrors: ReadonlySet<unknown> = new Set([1044, 1142, 1143, 1227]);
/** ER_PARSE_ERROR. */
const unknownWord = 1064;
/** More privileges than any product has. */
const maxTexts = 300;
/** A list of all privileges is longer than a name. */
const maxGrantLength = 16_384;

/** Asks in order. A question that fails has no answer, and the others go on. */
export class Questions {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  query(sql: string): Promise<Answer> {
    return this.#session.query(sql);
  }

  async rows(sql: string): Promise<readonly Row[]> {
    const answer = await this.query(sql);
    return answer.kind === 'rows' ? answer.rows : [];
  }

  /** The first column. */
  async texts(sql: string): Promise<readonly string[]> {
    return (await this.rows(sql)).slice(0, maxTexts).flatMap(firstText);
  }

  /** Of a statement with the columns Variable_name and Value. */
  async pairs(sql: string): Promise<ReadonlyMap<string, string>> {
    const rows = await this.rows(sql);
    return new Map(
      rows.flatMap(({ Variable_name: name, Value: value }) =>
        typeof name === 'string' && typeof value === 'string' && isShort(name) && isShort(value)
          ? [[name.toLowerCase(), value] as const]
          : [],
      ),
    );
  }

  async need({ spellings }: Need): Promise<readonly Row[] | 'denied'> {
    for (const sql of spellings) {
      const answer = await this.query(sql);
      if (answer.kind === 'rows') return answer.rows;
      const errno = errnoOf(answer);
      if (errno !== unknownWord) return deniedErrors.has(errno) ? 'denied' : [];
    }
    return [];
  }
}

export const isShort = (text: string): boolean => text.length <= maxTextLength && isPlainLine(text);

function firstText(row: Row): readonly string[] {
  const text = Object.values(row)[0];
  return typeof text === 'string' && text.length <= maxGrantLength && isPlainLine(text) ? [text] : [];
}
