/**
 * Lets a server read a long statement once for each connection: to read and to plan it costs the server as
 * much as to answer it. See docs/decisions/046.
 */

import type { Answer } from '../answer/query-set.ts';
import type { AskTogether, Spelt } from './ask.ts';

/** What one connection has prepared, by statement name: the text. Off: what stands there does not take it. */
export interface Prepared {
  texts: Map<string, string> | 'off';
}

/**
 * A statement that is `prepared` leaves as EXECUTE, the first time behind its PREPARE. An error of these is
 * never believed: the statement itself is asked, and this connection prepares nothing any more. `hasEnded`: the
 * connection ended, so its error is the answer.
 */
export function askPrepared(ask: AskTogether, prepared: Prepared, hasEnded: () => boolean): AskTogether {
  return async (spelt) => {
    const { texts } = prepared;
    if (texts === 'off') return ask(spelt);
    const orders = spelt.map((one) => ordersOf(one, texts));
    const heard = await ask(orders.flat());
    let next = 0;
    const answers: Answer[] = [];
    const refused: number[] = [];
    for (const [index, { length }] of orders.entries()) {
      const own = heard.slice(next, next + length);
      next += length;
      const answer = own.find(({ kind }) => kind === 'error') ?? (own.at(-1) as Answer);
      const { statement, sql } = spelt[index] as Spelt;
      if (statement.prepared && answer.kind === 'error') refused.push(index);
      else if (statement.prepared) texts.set(statement.name, sql);
      answers.push(answer);
    }
    if (refused.length === 0 || hasEnded()) return answers;
    prepared.texts = 'off';
    const again = await ask(refused.map((index) => spelt[index] as Spelt));
    for (const [at, index] of refused.entries()) answers[index] = again[at] as Answer;
    return answers;
  };
}

function ordersOf(spelt: Spelt, texts: ReadonlyMap<string, string>): readonly Spelt[] {
  const { statement, sql } = spelt;
  if (!statement.prepared) return [spelt];
  const name = `source_dns_${statement.name}`;
  const execute = { statement, sql: `EXECUTE ${name}` };
  if (texts.get(statement.name) === sql) return [execute];
  const prepare = `PREPARE ${name} FROM '${sql.replaceAll("'", "''")}'`;
  return [{ statement: { name: 'prepare', spellings: [prepare] }, sql: prepare }, execute];
}
