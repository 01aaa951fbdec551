/** The order and the bounds of the act, over a session that answers by a script. */

import { expect, test } from 'vitest';
import type { MonoMs, ServerAddress, ServerId } from '../../../../src/core/model/units.ts';
import type { Answer } from '../../../../src/mysql/answer/query-set.ts';
import type { Row } from '../../../../src/mysql/answer/row.ts';
import type { Opened } from '../../../../src/mysql/connection/opening.ts';
import { FenceAct, type FenceOrder } from '../../../../src/mysql/fence/act.ts';
import { fenceSetOf } from '../../../../src/mysql/flavour/fence-set.ts';
import { readTraits } from '../../../../src/mysql/flavour/flavour.ts';
import { connectionRow } from '../../../support/connection-row.ts';

const server = 'db1:3306' as ServerAddress;
const uuid = '11111111-1111-1111-1111-111111111111';
const traits = readTraits([{ Variable_name: 'version', Value: '8.4.3' }]);
const set = fenceSetOf(traits);
const privileges = 'SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN, PROCESS';

const rows = (...all: Row[]): Answer => ({ kind: 'rows', rows: all });
const error = (errno: number): Answer => ({ kind: 'error', error: { errno, sqlMessage: `error ${errno}` } });

interface Script {
  readonly clients?: number;
  /** How many of the statements that close the server wait in vain. */
  readonly waits?: number;
  /** Instead of closing. */
  readonly closing?: Answer;
  readonly staysOpen?: boolean;
  /** Before the act. */
  readonly isClosed?: boolean;
  /** By connection number: the error that its KILL gets. */
  readonly unkilled?: Readonly<Record<number, number>>;
  /** How long each round trip takes. */
  readonly trainMs?: number;
  readonly order?: Partial<FenceOrder>;
}

/** What the server was told, in trains; and how it ended. */
async function play(script: Script = {}) {
  const { clients = 1, trainMs = 0 } = script;
  let now = 1000;
  let waits = script.waits ?? 0;
  let closed = script.isClosed ? 2 : 0;
  const trains: (readonly string[])[] = [];
  const ids = Array.from({ length: clients }, (_, index) => index + 10);
  const closing = (): Answer => {
    if (script.closing) return script.closing;
    if (waits === 0) {
      closed += 1;
      return rows();
    }
    waits -= 1;
    now += 1000;
    return error(1205);
  };
  const look = (): Answer =>
    rows({ id: uuid, closed: closed >= 2 && !script.staysOpen ? '1' : '0', self: '9', clock: '500' });
  const page = (sql: string): Answer => {
    const [, after] = /WHERE ID > (\d+) ORDER BY ID LIMIT 500/.exec(sql) ?? [];
    if (after === undefined) return rows();
    return rows(
      ...ids
        .filter((id) => id > Number(after))
        .slice(0, 500)
        .map((id) => connectionRow(id)),
    );
  };
  const answer = (sql: string): Answer => {
    if (/AS clock$/.test(sql)) return look();
    if (sql === 'SHOW GRANTS') return rows({ grants: `GRANT ${privileges} ON *.* TO \`f\`@\`%\`` });
    if (/AS ours/.test(sql)) return rows({ ours: '1' });
    const [, victim] = /^KILL CONNECTION (\d+)$/.exec(sql) ?? [];
    const errno = script.unkilled?.[Number(victim)];
    if (errno !== undefined) return error(errno);
    return /^SET GLOBAL/.test(sql) ? closing() : page(sql);
  };
  const session = {
    beginProbe: () => {},
    train: async (questions: readonly { readonly sql: string }[]) => {
      now += trainMs;
      trains.push(questions.map(({ sql }) => sql));
      return questions.map(({ sql }) => answer(sql));
    },
  };
  if (typeof set === 'string') throw new Error(set);
  const asker = { server, user: 'f', encrypted: true, currentUser: 'f@%' };
  const act = new FenceAct({ session, traits, asker } as unknown as Opened, set, {
    server,
    uuid: uuid as ServerId,
    finishes: false,
    deadline: 6000 as MonoMs,
    clock: { mono: () => now as MonoMs, wall: () => 0 as never, after: () => () => {} },
    kill: 'clients',
    spare: [],
    ...script.order,
  });
  const result = await act.run();
  const said = trains.flat();
  return { result, trains, said, closes: said.filter((sql) => sql.startsWith('SET GLOBAL')) };
}

const kills = (said: readonly string[]) => said.filter((sql) => sql.startsWith('KILL '));

test('an act that only finishes ends the clients of a closed server, and never closes an open one', async () => {
  const order = { finishes: true };
  const done = await play({ clients: 2, isClosed: true, order });
  expect(done.result).toEqual({ kind: 'finished', killed: 2, spared: 0 });
  expect(kills(done.said)).toHaveLength(2);
  expect(done.closes).toEqual([]);
  const opened = await play({ clients: 2, order });
  expect(opened.result).toMatchObject({ kind: 'unknown', failure: { code: 'opened-again' } });
  expect([...kills(opened.said), ...opened.closes]).toEqual([]);
});

test('the server is closed, then the clients are ended, then it is asked again; nothing else changes', async () => {
  const { result, said } = await play({ clients: 2 });
  expect(result).toEqual({ kind: 'fenced', killed: 2, spared: 0 });
  expect(said.map((sql) => sql.split(' ').slice(0, 3).join(' '))).toEqual([
    'SET SESSION autocommit',
    'SELECT LOWER(@@global.server_uuid) AS',
    'SHOW GRANTS',
    'SELECT COUNT(*) AS',
    'SET GLOBAL read_only',
    'SET GLOBAL super_read_only',
    'SELECT ID AS',
    'KILL CONNECTION 10',
    'KILL CONNECTION 11',
    'SELECT LOWER(@@global.server_uuid) AS',
  ]);
});

test('many clients are ended page by page, at most a hundred at once', async () => {
  const { result, trains, said } = await play({ clients: 1250 });
  expect(result).toEqual({ kind: 'fenced', killed: 1250, spared: 0 });
  expect(Math.max(...trains.map((train) => train.length))).toBe(100);
  expect(new Set(kills(said)).size).toBe(1250);
});

test('a connection that has gone by itself is not spared; one that the server protects is', async () => {
  const { result } = await play({ clients: 4, unkilled: { 11: 1094, 12: 1095 } });
  expect(result).toEqual({ kind: 'fenced', killed: 2, spared: 1 });
});

test('a connection that rolls back is listed again, and counts once', async () => {
  const { result, said } = await play({ clients: 2, waits: 1 });
  expect(kills(said)).toHaveLength(4);
  expect(result).toEqual({ kind: 'fenced', killed: 2, spared: 0 });
});

test('another server, or a closed one, is left as it is', async () => {
  const other = '22222222-2222-2222-2222-222222222222' as ServerId;
  const { result, closes } = await play({ order: { uuid: other } });
  expect([result, closes]).toEqual([{ kind: 'not-it', uuid }, []]);
});

test('where the server waits in vain, clients are ended first; after three times it is blocked', async () => {
  const twice = await play({ waits: 2 });
  expect(twice.result).toMatchObject({ kind: 'fenced' });
  expect(twice.closes).toHaveLength(4);
  const often = await play({ waits: 9, order: { deadline: 60_000 as MonoMs } });
  expect(often.result).toMatchObject({ kind: 'blocked' });
  expect(often.closes).toHaveLength(3);
  expect(kills(often.said)).toHaveLength(2);
});

test('a statement leaves only while it can still take effect before the deadline', async () => {
  // 1,000 ms, and 2,000 for each further train: after the first one 3,000 ms are left, then 1,000.
  const slow = await play({ trainMs: 2000 });
  expect(slow.result).toMatchObject({ kind: 'unknown', failure: { code: 'deadline' } });
  expect(slow.closes).toHaveLength(1);
  const late = await play({ trainMs: 3000 });
  expect(late.result).toMatchObject({ kind: 'unknown', failure: { code: 'deadline' } });
  expect(late.closes).toEqual([]);
});

test('the server gets the last moment by its own clock', async () => {
  const { closes } = await play({ trainMs: 100 });
  // Heard at 1,100 that its clock is 500 s. Our last moment is 6,000 - 2,200.
  for (const sql of closes) expect(sql).toContain('UNIX_TIMESTAMP(SYSDATE(6)) < 502.700000');
});

test.each([
  [1231, { kind: 'unknown', failure: { code: 'deadline' } }],
  [1227, { kind: 'refused', failure: { code: 'mysql-1227' } }],
  [1290, { kind: 'refused', failure: { code: 'mysql-1290' } }],
])('error %i to the statement that closes', async (errno, expected) => {
  const { result, said } = await play({ closing: error(errno) });
  expect(result).toMatchObject(expected);
  expect(kills(said)).toEqual([]);
});

test('a connection that is lost leaves it open what the server has done', async () => {
  const lost: Answer = { kind: 'error', error: { code: 'PROTOCOL_CONNECTION_LOST', message: 'lost' } };
  expect((await play({ closing: lost })).result).toMatchObject({
    kind: 'unknown',
    failure: { code: 'connection-lost' },
  });
});

test('a server that somebody opens again at once is not said to be fenced', async () => {
  expect((await play({ staysOpen: true })).result).toMatchObject({
    kind: 'unknown',
    failure: { code: 'opened-again' },
  });
});

test('with kill: none nobody is asked for connections', async () => {
  const { result, said } = await play({ clients: 5, waits: 1, order: { kill: 'none' } });
  expect(result).toEqual({ kind: 'fenced', killed: 0, spared: 0 });
  expect(said.filter((sql) => /processlist WHERE ID >|^KILL/.test(sql))).toEqual([]);
});
