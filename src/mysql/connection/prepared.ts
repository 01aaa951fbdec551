/**
 * Lets a server read a long statement once for each connection: to read and to plan it costs the server as
 * much as to answer it. See docs/decisions/046.
 */

import type { AskTogether, Spelt } from './ask.ts';

/** What one connection has prepared, by statement name. Off: what stands there does not take it. */
export interface Prepared {
  known: Map<string, Known> | 'off';
}

interface Known {
  /** What the server has read. */
  readonly sql: string;
  readonly execute: Spelt;
}

/**
 * A statement that is `prepared` leaves as EXECUTE, the first time behind its PREPARE. An error of these is
 * never believed: the statement itself is asked, and this connection prepares nothing any more. `hasEnded`: the
 * connection ended, so its error is the answer.
 */
export function askPrepared(ask: AskTogether, prepared: Prepared, hasEnded: () => boolean): AskTogether {
  return async (spelt) => {
    const { known } = prepared;
    if (known === 'off') return ask(spelt);
    const prepares: Spelt[] = [];
    const executes = spelt.map((one) => executeOf(one, known, prepares));
    const heard = await ask(prepares.length === 0 ? executes : [...prepares, ...executes]);
    const answers = prepares.length === 0 ? heard : heard.slice(prepares.length);
    const isUnprepared = prepares.some((_, index) => heard[index]?.kind === 'error');
    const isRefused = (index: number) =>
      executes[index] !== spelt[index] && (isUnprepared || answers[index]?.kind === 'error');
    if (!spelt.some((_, index) => isRefused(index)) || hasEnded()) return answers;
    prepared.known = 'off';
    const again = [...(await ask(spelt.filter((_, index) => isRefused(index))))];
    return answers.map((answer, index) => (isRefused(index) ? (again.shift() ?? answer) : answer));
  };
}

/** What leaves in its place. `prepares` gets what must leave before. */
function executeOf(spelt: Spelt, known: Map<string, Known>, prepares: Spelt[]): Spelt {
  const { statement, sql } = spelt;
  if (!statement.prepared) return spelt;
  const before = known.get(statement.name);
  if (before?.sql === sql) return before.execute;
  const name = `source_dns_${statement.name}`;
  const text = `PREPARE ${name} FROM '${sql.replaceAll("'", "''")}'`;
  prepares.push({ statement: { name: 'prepare', spellings: [text] }, sql: text });
  const execute = { statement, sql: `EXECUTE ${name}` };
  known.set(statement.name, { sql, execute });
  return execute;
}
