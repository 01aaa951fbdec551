/** What the act of fencing does to a real MySQL server, and what it leaves alone. */

import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { FenceResult } from '../../../src/core/model/fence.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { accountName } from '../../../src/mysql/answer/grants.ts';
import type { FencerOptions } from '../../../src/mysql/fence/fencer.ts';
import { fenceAccountStatements, fenceSetOf } from '../../../src/mysql/flavour/fence-set.ts';
import { readTraits } from '../../../src/mysql/flavour/flavour.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { until } from '../lab/probing.ts';
import { connectionsOf, ended, fence, fencer, numberOf, openWire, uuidOf } from './fence-world.ts';

const results: FenceResult[] = [];
const account = accountName(fencer);
let mysql: MysqlServers;
let address: ServerAddress;
let uuid: string;
let admin: Connection;

const rootSql = (...statements: string[]) => mysql.servers[0]!.sql(...statements);
const query = async (connection: Connection, sql: string) => (await connection.query(sql))[0];

async function act(
  options: Partial<FencerOptions> = {},
  to = address,
  who = uuid,
  finishes = false,
): Promise<FenceResult> {
  const result = await fence(to, who, { password: mysql.password, ...options }, finishes);
  results.push(result);
  return result;
}

async function isClosed(): Promise<boolean> {
  const [row] = await rootSql('SELECT @@global.read_only AND @@global.super_read_only AS closed');
  return String(row?.['closed']) === '1';
}

const { rowsOf, stands, gone } = connectionsOf(rootSql, 'performance_schema.processlist');
const idsOf = async (where: string) => (await rowsOf(where)).map(({ id }) => String(id));

/** How many SET statements the server got. */
async function assignments(): Promise<number> {
  const [row] = await rootSql("SHOW GLOBAL STATUS LIKE 'Com_set_option'");
  return Number(row?.['Value']);
}

const clients = (count: number, user = 'app') =>
  Promise.all(Array.from({ length: count }, () => mysql.connect(0, user)));

/** The number of connections of users like this one. */
const countOf = async (user: string) => (await idsOf(`USER = '${user}'`)).length;

beforeAll(async () => {
  mysql = await startMysqlServers(2, {
    replicate: true,
    readOnly: (index) => (index === 0 ? 'off' : 'super-read-only'),
    options: () => ['--max-connections=400', '--plugin-load-add=semisync_source.so'],
  });
  address = `${mysql.servers[0]!.address}:${mysql.port}` as ServerAddress;
  uuid = await uuidOf(mysql.servers[0]!);
  const set = fenceSetOf(readTraits([{ Variable_name: 'version', Value: '9.7.4' }]));
  if (typeof set === 'string') throw new Error(set);
  const user = (name: string, grants: string) => [
    `CREATE USER ${name}@'127.0.0.%' IDENTIFIED BY '${mysql.password}'`,
    `GRANT ${grants} ON *.* TO ${name}@'127.0.0.%'`,
  ];
  await rootSql(
    // What the documents and check print is what the account needs, and no more.
    ...fenceAccountStatements(account, set).map((sql) => sql.replace('<password>', mysql.password)),
    ...user('app', 'ALL'),
    "REVOKE SYSTEM_USER, REPLICATION SLAVE ON *.* FROM app@'127.0.0.%'",
    ...user('backup', 'ALL'),
    "REVOKE SYSTEM_USER ON *.* FROM backup@'127.0.0.%'",
    ...user('pmm_agent', 'PROCESS'),
    ...user('source_dns', 'PROCESS'),
    ...user('dba', 'ALL'),
    'CREATE DATABASE d',
    'CREATE TABLE d.t (i INT PRIMARY KEY AUTO_INCREMENT, v INT)',
    'CREATE TABLE d.u (i INT)',
    'INSERT INTO d.t (v) VALUES (1), (2)',
  );
  admin = await mysql.connect(0, 'dba');
  await stands("COMMAND LIKE 'Binlog Dump%'");
});

afterEach(async () => {
  await rootSql('SET GLOBAL super_read_only = OFF', 'SET GLOBAL read_only = OFF');
  const left = "USER NOT IN ('root', 'dba', 'repl', 'system user', 'event_scheduler')";
  for (const id of await idsOf(left)) await rootSql(`KILL ${id}`).catch(() => {});
  await gone(left);
});

afterAll(async () => {
  await mysql?.stop();
  expect(livingProcesses()).toEqual([]);
  // No result tells the password.
  expect(JSON.stringify(results)).not.toContain(mysql.password);
});

describe('a server that takes writes', () => {
  test('is closed for administrators too; 100 idle clients and those in a transaction are cut, and nobody else', async () => {
    const [idle, inside, spared] = await Promise.all([clients(100), clients(5), clients(2, 'backup')]);
    const [globbed, watcher] = await Promise.all([clients(1, 'pmm_agent'), clients(1, 'source_dns')]);
    for (const each of inside) await each.query('BEGIN');
    for (const each of inside) await each.query('INSERT INTO d.t (v) VALUES (7)');
    const dumps = await idsOf("COMMAND LIKE 'Binlog Dump%'");
    expect(dumps).toHaveLength(1);
    const inTransaction = inside.map((each) => ended(each.query('SELECT SLEEP(60)')));
    await stands("USER = 'app' AND STATE = 'User sleep'");

    // The account with SYSTEM_USER counts as spared: dba.
    expect(await act({ spare: ['backup', 'pmm*'] })).toEqual({ kind: 'fenced', killed: 105, spared: 5 });

    expect(await isClosed()).toBe(true);
    expect(
      new Set(await Promise.all([...idle.map((each) => ended(each.query('SELECT 1'))), ...inTransaction])),
    ).not.toContain('done');
    expect(await countOf('app')).toBe(0);
    expect(await idsOf("COMMAND LIKE 'Binlog Dump%'")).toEqual(dumps);
    for (const each of [...spared, ...globbed, ...watcher, admin]) await query(each, 'SELECT 1');
    expect(await ended(admin.query('INSERT INTO d.t (v) VALUES (8)'))).toBe('1290');
    const again = await mysql.connect(0, 'app');
    expect(await ended(again.query('INSERT INTO d.t (v) VALUES (8)'))).toBe('1290');
    // Nothing is kept for the next start.
    expect(await rootSql('SELECT * FROM performance_schema.persisted_variables')).toEqual([]);
    expect(await rootSql('SELECT COUNT(*) AS n FROM d.t WHERE v IN (7, 8)')).toEqual([{ n: 0 }]);
  });

  test('with kill: none is closed, and every connection stays', async () => {
    const [one] = await clients(1);
    expect(await act({ kill: 'none' })).toEqual({ kind: 'fenced', killed: 0, spared: 0 });
    await query(one!, 'SELECT 1');
    expect(await ended(one!.query('INSERT INTO d.t (v) VALUES (8)'))).toBe('1290');
  });

  test('with a running write: the writer is ended, and the server closed', async () => {
    const [writer] = await clients(1);
    const writing = ended(writer!.query('INSERT INTO d.t (v) SELECT SLEEP(60)'));
    await stands("USER = 'app' AND STATE = 'User sleep'");
    expect(await act()).toMatchObject({ kind: 'fenced', killed: 1 });
    expect(await writing).not.toBe('done');
    expect(await isClosed()).toBe(true);
  });

  test('with LOCK TABLES WRITE of an idle client: the client is ended, and the server closed', async () => {
    const [holder] = await clients(1);
    await holder!.query('LOCK TABLES d.t WRITE');
    expect(await act()).toMatchObject({ kind: 'fenced', killed: 1 });
  });

  test('while a spared account dumps it, as mysqldump does: the dump goes on', async () => {
    const [dump] = await clients(1, 'backup');
    for (const sql of [
      'FLUSH LOCAL TABLES',
      'FLUSH TABLES WITH READ LOCK',
      'START TRANSACTION WITH CONSISTENT SNAPSHOT',
    ])
      await dump!.query(sql);
    const reading = ended(dump!.query('SELECT SLEEP(1), t.* FROM d.t'));
    await stands("USER = 'backup' AND STATE = 'User sleep'");
    expect(await act({ spare: ['backup'] })).toMatchObject({ kind: 'fenced' });
    expect(await reading).toBe('done');
    await dump!.query('UNLOCK TABLES');
  });
});

describe('a server that is not closed', () => {
  test('another UUID answers: it is left as it is', async () => {
    const [client] = await clients(1);
    const other = '00000000-0000-0000-0000-000000000001';
    expect(await act({}, address, other)).toEqual({ kind: 'not-it', uuid });
    expect(await isClosed()).toBe(false);
    await query(client!, 'INSERT INTO d.t (v) VALUES (3)');
  });

  test('closed already: nothing is done', async () => {
    await rootSql('SET GLOBAL super_read_only = ON');
    const [client] = await clients(1);
    expect(await act()).toEqual({ kind: 'already' });
    await query(client!, 'SELECT 1');
  });

  test('a spared client holds LOCK TABLES WRITE: blocked, and nothing takes effect when the lock is over', async () => {
    const [holder] = await clients(1, 'backup');
    await holder!.query('LOCK TABLES d.t WRITE');
    expect(await act({ spare: ['backup'] })).toEqual({
      kind: 'blocked',
      by: 'a connection that holds a lock and runs nothing, perhaps by LOCK TABLES',
    });
    await holder!.query('UNLOCK TABLES');
    expect(await isClosed()).toBe(false);
  });

  test('a commit waits for a semi-synchronous replica: blocked, and no client gets an acknowledgement', async () => {
    await rootSql(
      'SET GLOBAL rpl_semi_sync_source_timeout = 86400000',
      'SET GLOBAL rpl_semi_sync_source_wait_no_replica = ON',
      'SET GLOBAL rpl_semi_sync_source_enabled = ON',
    );
    const [writer] = await clients(1);
    const id = await numberOf(writer!);
    const writing = ended(writer!.query('INSERT INTO d.t (v) VALUES (4)'));
    await stands("STATE LIKE 'Waiting for semi-sync%'");
    try {
      const result = await act();
      expect(result).toMatchObject({ kind: 'blocked' });
      expect(result.kind === 'blocked' && result.by).toMatch(
        new RegExp(
          `^connection ${id} of app@127\\.0\\.0\\.1:\\d+, \\w+ for \\d+ s: Waiting for semi-sync ACK from replica$`,
        ),
      );
      expect(result.kind === 'blocked' && result.hint).toContain('rpl_semi_sync_source_enabled = OFF');
      expect(await rootSql('SELECT @@global.rpl_semi_sync_source_enabled AS is_on')).toEqual([{ is_on: 1 }]);
    } finally {
      await rootSql('SET GLOBAL rpl_semi_sync_source_enabled = OFF');
    }
    expect(await writing).not.toBe('done');
    expect(await isClosed()).toBe(false);
  });

  test.each([
    ['SYSTEM_VARIABLES_ADMIN', false, 'does not let our account make it read-only'],
    ['CONNECTION_ADMIN', true, 'is read-only now, but the connections of its clients are not ended'],
    ['PROCESS', true, 'is read-only now, but the connections of its clients are not ended'],
  ])('without %s: refused, with the statement that gives it', async (privilege, closed, what) => {
    await rootSql(`REVOKE ${privilege} ON *.* FROM ${account}`);
    try {
      const result = await act();
      expect(result).toEqual({
        kind: 'refused',
        ...(closed && { closed }),
        failure: {
          code: 'fence-privilege-missing',
          message: expect.stringContaining(what),
          hint: `Run on the source, which replicates it: GRANT ${privilege} ON *.* TO ${account};`,
        },
      });
      expect(await isClosed()).toBe(closed);
    } finally {
      await rootSql('SET GLOBAL super_read_only = OFF', `GRANT ${privilege} ON *.* TO ${account}`);
    }
  });

  test('a wrong password: refused, and the hint has no statement for the account that watches', async () => {
    expect(await act({ password: 'wrong' })).toEqual({
      kind: 'refused',
      failure: {
        code: 'mysql-1045',
        message: expect.stringContaining(fencer),
        hint: expect.stringContaining('source-dns check'),
      },
    });
  });
});

describe('a connection that breaks during the act', () => {
  test('cut off while the server waits: the server gives up by itself', async () => {
    const wire = await openWire(mysql.servers[0]!);
    const [holder] = await clients(1, 'backup');
    await holder!.query('LOCK TABLES d.t WRITE');
    const result = act({ spare: ['backup'], servers: [{ address: wire.address }] }, wire.address);
    await stands("STATE = 'Waiting for global read lock'");
    wire.cut();
    expect(await result).toMatchObject({ kind: 'unknown' });
    // Without a bound of the server it would wait until the lock is over, and then close the server.
    await gone("STATE = 'Waiting for global read lock'");
    await holder!.query('UNLOCK TABLES');
    expect(await isClosed()).toBe(false);
    await wire.close();
  });

  test('cut off after the server was closed: the next act ends the connections that are left', async () => {
    const wire = await openWire(mysql.servers[0]!);
    const left = await clients(3);
    const plain = { tls: 'disabled', allowPublicKeyRetrieval: true } as const;
    const held = wire.holdFrom('KILL CONNECTION');
    const result = act({ ...plain, servers: [{ address: wire.address }] }, wire.address);
    await held;
    wire.cut();
    expect(await result).toMatchObject({ kind: 'unknown' });
    expect(await isClosed()).toBe(true);
    expect(await countOf('app')).toBe(3);
    // An act of its own finds the server closed, and leaves it as it is.
    expect(await act()).toEqual({ kind: 'already' });
    expect(await countOf('app')).toBe(3);
    expect(await act({}, address, uuid, true)).toMatchObject({ kind: 'finished', killed: 3 });
    for (const each of left) expect(await ended(each.query('SELECT 1'))).not.toBe('done');
    await wire.close();
  });

  test('that only finishes ends clients that came back, however often; spared users and readers of the binary log stay', async () => {
    expect(await act({ spare: ['backup'] })).toMatchObject({ kind: 'fenced' });
    const dumps = await idsOf("COMMAND LIKE 'Binlog Dump%'");
    expect(dumps).toHaveLength(1);
    const [spared] = await clients(1, 'backup');
    for (const killed of [3, 2]) {
      const back = await clients(killed);
      await back[0]!.query('BEGIN');
      // The account with SYSTEM_USER counts as spared: dba.
      expect(await act({ spare: ['backup'] }, address, uuid, true)).toEqual({
        kind: 'finished',
        killed,
        spared: 2,
      });
      for (const each of back) expect(await ended(each.query('SELECT 1'))).not.toBe('done');
      await gone("USER = 'app'");
    }
    await query(spared!, 'SELECT 1');
    expect(await idsOf("COMMAND LIKE 'Binlog Dump%'")).toEqual(dumps);
    expect(await isClosed()).toBe(true);
  });

  test('that only finishes does nothing at another server than it names', async () => {
    await rootSql('SET GLOBAL super_read_only = ON');
    const [client] = await clients(1);
    const other = '00000000-0000-0000-0000-000000000001';
    expect(await act({}, address, other, true)).toEqual({ kind: 'not-it', uuid });
    await query(client!, 'SELECT 1');
  });

  test('that only finishes leaves an open server as it is', async () => {
    const [client] = await clients(1);
    expect(await act({}, address, uuid, true)).toMatchObject({
      kind: 'unknown',
      failure: { code: 'opened-again' },
    });
    expect(await isClosed()).toBe(false);
    await query(client!, 'INSERT INTO d.t (v) VALUES (5)');
  });

  test('a statement that reaches the server after our time-out is refused by the server itself', async () => {
    const wire = await openWire(mysql.servers[0]!);
    const plain = { tls: 'disabled', allowPublicKeyRetrieval: true } as const;
    const held = wire.holdFrom('SET GLOBAL read_only');
    const result = act({ ...plain, timeoutMs: 7000, servers: [{ address: wire.address }] }, wire.address);
    await held;
    expect(await result).toMatchObject({ kind: 'unknown', failure: { code: 'deadline' } });
    expect(await countOf(fencer)).toBe(1);
    const before = await assignments();
    // Our own questions are no SET.
    expect(await assignments()).toBe(before);
    wire.release();
    await until(assignments, (count) => count > before);
    await gone(`USER = '${fencer}' AND COMMAND <> 'Sleep'`);
    expect(await isClosed()).toBe(false);
    await wire.close();
  });
});
