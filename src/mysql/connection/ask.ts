/** Sends the statements of one probe over one connection. */

import { type Answer, type Answers, errnoOf, type QuerySet, type Statement } from '../answer/query-set.ts';
import type { Row } from '../answer/row.ts';

/** Sends these at once; the answers come in order. */
export type AskTogether = (texts: readonly Spelt[]) => Promise<readonly Answer[]>;

/** A statement in one of its spellings. */
export interface Spelt {
  readonly statement: Statement;
  readonly sql: string;
}

/** What a connection has learnt of its server. */
export interface Habits {
  /** By statement name: the spelling that this server knows; `absent`: the server has no such thing. */
  readonly spellings: Map<string, number | 'absent'>;
  /** The statements that the last probe needed. The next one sends them together. */
  needed: ReadonlySet<string>;
  /** False: one statement at a time, for what stands there and cannot take several. */
  readonly together: boolean;
}

export const noHabits = (together = true): Habits => ({ spellings: new Map(), needed: new Set(), together });

export type Asked =
  | { readonly kind: 'answers'; readonly answers: Answers }
  | { readonly kind: 'error'; readonly error: unknown };

/** ER_BAD_FIELD_ERROR, ER_PARSE_ERROR, ER_NO_SUCH_TABLE, ER_UNKNOWN_SYSTEM_VARIABLE: a word is unknown. */
const unknownWord: ReadonlySet<unknown> = new Set([1054, 1064, 1146, 1193]);

/**
 * Asks all statements that are surely needed, or were needed last time, in one round trip; then those that
 * the answers make necessary. An answer that is not needed is dropped. An error that a statement does not
 * expect ends the probe.
 */
export async function askStatements(ask: AskTogether, set: QuerySet, habits: Habits): Promise<Asked> {
  const train = habits.together ? trainOf(set, habits) : [];
  const early = train.length === 0 ? [] : await ask(train);
  const answers: Record<string, readonly Row[]> = {};
  const needed = new Set<string>();
  for (const statement of set.statements) {
    const { name, when, absentOn, onceAbsent } = statement;
    if (habits.spellings.get(name) === 'absent' || when?.(answers) === false) continue;
    needed.add(name);
    const first = early[train.findIndex((one) => one.statement === statement)];
    // Nothing waits for what has come already.
    const answer = first?.kind === 'rows' ? first : await settled(ask, statement, first, habits);
    if (answer.kind === 'rows') answers[name] = answer.rows;
    else if (!absentOn?.some((errno) => errno === errnoOf(answer))) return answer;
    else if (onceAbsent === 'skip') habits.spellings.set(name, 'absent');
  }
  habits.needed = needed;
  return { kind: 'answers', answers };
}

/** `early`: what the train brought. While a word is unknown, the next spelling is asked. */
async function settled(
  ask: AskTogether,
  statement: Statement,
  early: Answer | undefined,
  { spellings }: Habits,
): Promise<Answer> {
  let index = Number(spellings.get(statement.name) ?? 0);
  let answer = early;
  for (;;) {
    const sql = statement.spellings[index] ?? statement.spellings[0];
    answer ??= (await ask([{ statement, sql }]))[0] ?? { kind: 'error', error: undefined };
    const more = index + 1 < statement.spellings.length;
    if (answer.kind === 'rows' && index > 0) spellings.set(statement.name, index);
    if (answer.kind === 'rows' || !more || !unknownWord.has(errnoOf(answer))) return answer;
    index += 1;
    answer = undefined;
  }
}

function trainOf({ statements }: QuerySet, { spellings, needed }: Habits): readonly Spelt[] {
  const train: Spelt[] = [];
  for (const statement of statements) {
    const known = spellings.get(statement.name) ?? 0;
    const isLikely = statement.when === undefined || needed.has(statement.name);
    if (known !== 'absent' && isLikely)
      train.push({ statement, sql: statement.spellings[known] ?? statement.spellings[0] });
  }
  return train;
}
