/** Statements that a server reads once for each connection. */

import { describe, expect, test } from 'vitest';
import type { Answer, Statement } from '../../../../src/mysql/answer/query-set.ts';
import type { AskTogether } from '../../../../src/mysql/connection/ask.ts';
import { askPrepared, type Prepared } from '../../../../src/mysql/connection/prepared.ts';
import { mysql8 } from '../../../../src/mysql/flavour/mysql-8.ts';

const ok: Answer = { kind: 'rows', rows: [] };
const rows: Answer = { kind: 'rows', rows: [{ a: '1' }] };
const error = (errno: number): Answer => ({ kind: 'error', error: { errno } });
const long: Statement = { name: 'a', spellings: ["SELECT 'x'", 'SELECT 2'], prepared: true };
const short: Statement = { name: 'b', spellings: ['SHOW B'] };
const both = [long, short].map((statement) => ({ statement, sql: statement.spellings[0] }));
const prepare = "PREPARE source_dns_a FROM 'SELECT ''x'''";
const execute = 'EXECUTE source_dns_a';

/** One connection: what it is asked, train by train, and what came of it. */
function connection(answers: Record<string, Answer>, hasEnded = () => false) {
  const trains: string[][] = [];
  const prepared: Prepared = { known: new Map() };
  const ask: AskTogether = (texts) => {
    trains.push(texts.map(({ sql }) => sql));
    return Promise.resolve(texts.map(({ sql }) => answers[sql] ?? (sql.startsWith('PREPARE') ? ok : rows)));
  };
  return { trains, prepared, ask: askPrepared(ask, prepared, hasEnded) };
}

describe('a prepared statement', () => {
  test('is prepared with the first question, and leaves by its name from then on', async () => {
    const { trains, ask } = connection({ 'SHOW B': error(1227) });
    expect(await ask(both)).toEqual([rows, error(1227)]);
    expect(await ask(both)).toEqual([rows, error(1227)]);
    expect(trains).toEqual([
      [prepare, execute, 'SHOW B'],
      [execute, 'SHOW B'],
    ]);
  });

  test('in another spelling is prepared anew', async () => {
    const { trains, ask } = connection({});
    await ask(both);
    await ask([{ statement: long, sql: 'SELECT 2' }]);
    expect(trains[1]).toEqual(["PREPARE source_dns_a FROM 'SELECT 2'", execute]);
  });

  test.each([
    ['its PREPARE', prepare, 1461],
    ['its EXECUTE', execute, 1615],
  ])('after an error of %s is asked itself, now and from then on', async (_, sql, errno) => {
    const { trains, ask } = connection({ [sql]: error(errno) });
    expect(await ask(both)).toEqual([rows, rows]);
    expect(await ask(both)).toEqual([rows, rows]);
    expect(trains).toEqual([[prepare, execute, 'SHOW B'], ["SELECT 'x'"], ["SELECT 'x'", 'SHOW B']]);
  });

  test('gets the error that it would get by itself', async () => {
    const { ask } = connection({ [prepare]: error(1105), [execute]: error(1243), "SELECT 'x'": error(1054) });
    expect(await ask(both)).toEqual([error(1054), rows]);
  });

  test('is not asked again once the connection has ended', async () => {
    const { trains, ask } = connection({ [prepare]: error(4031), [execute]: error(4031) }, () => true);
    expect(await ask(both)).toEqual([error(4031), rows]);
    expect(trains).toHaveLength(1);
  });

  test('has no backslash: it would mean different things in different modes', () => {
    const texts = mysql8.statements.filter(({ prepared }) => prepared).flatMap(({ spellings }) => spellings);
    expect(texts).not.toEqual([]);
    for (const text of texts) expect(text).not.toContain('\\');
  });
});
