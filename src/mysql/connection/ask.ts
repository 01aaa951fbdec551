/** Sends the statements of one probe over one connection. */

import type { Answers, QuerySet, Statement } from '../answer/query-set.ts';
import type { Row } from '../answer/row.ts';
import type { Answer } from './session.ts';

/** By statement name: the spelling that this server knows; `absent`: the server has no such thing. */
export type Spellings = Map<string, number | 'absent'>;

export type Asked =
  | { readonly kind: 'answers'; readonly answers: Answers }
  | { readonly kind: 'error'; readonly error: unknown };

/** ER_BAD_FIELD_ERROR, ER_PARSE_ERROR, ER_NO_SUCH_TABLE, ER_UNKNOWN_SYSTEM_VARIABLE: a word is unknown. */
const unknownWord: ReadonlySet<unknown> = new Set([1054, 1064, 1146, 1193]);

/** Sends the needed statements in order. An error that a statement does not expect ends the probe. */
export async function askStatements(
  query: (sql: string) => Promise<Answer>,
  set: QuerySet,
  spellings: Spellings,
): Promise<Asked> {
  const answers: Record<string, readonly Row[]> = {};
  for (const statement of set.statements) {
    const known = spellings.get(statement.name) ?? 0;
    if (known === 'absent' || statement.when?.(answers) === false) continue;
    const answer = await askOne(query, statement, known, spellings);
    if (answer.kind === 'rows') answers[statement.name] = answer.rows;
    else if (!statement.absentOn?.some((errno) => errno === errnoOf(answer.error))) return answer;
    else if (statement.onceAbsent === 'skip') spellings.set(statement.name, 'absent');
  }
  return { kind: 'answers', answers };
}

async function askOne(
  query: (sql: string) => Promise<Answer>,
  statement: Statement,
  known: number,
  spellings: Spellings,
): Promise<Answer> {
  for (let index = known; ; index += 1) {
    const answer = await query(statement.spellings[index] ?? statement.spellings[0]);
    const more = index + 1 < statement.spellings.length;
    if (answer.kind === 'error' && more && unknownWord.has(errnoOf(answer.error))) continue;
    if (answer.kind === 'rows') spellings.set(statement.name, index);
    return answer;
  }
}

const errnoOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'errno' in error ? error.errno : undefined;
