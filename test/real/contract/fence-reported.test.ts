/** Situations in which other tools failed to close an old source, by the reports of their users. */

import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { until } from '../lab/probing.ts';
import { connectionsOf, ended, fence, fencer, uuidOf } from './fence-world.ts';

let mysql: MysqlServers;
let address: ServerAddress;
let uuid: string;
/** It stays: a new connection is not always possible. */
let root: Connection;

const query = async (connection: Connection, sql: string): Promise<Record<string, unknown>[]> =>
  (await connection.query(sql))[0] as Record<string, unknown>[];
const rootSql = (sql: string) => query(root, sql);
const act = (options: Partial<Parameters<typeof fence>[2]> = {}) =>
  fence(address, uuid, { password: mysql.password, ...options });
const isClosed = async () => {
  const [row] = await rootSql('SELECT @@global.super_read_only AS closed');
  return Number(row?.['closed']) === 1;
};
const { rowsOf, stands, gone } = connectionsOf(rootSql, 'performance_schema.processlist');
const client = async (user = 'app') => {
  const connection = await mysql.connect(0, user);
  connection.on('error', () => {});
  return connection;
};

beforeAll(async () => {
  mysql = await startMysqlServers(1, { options: () => ['--max-connections=40'] });
  address = `${mysql.servers[0]!.address}:${mysql.port}` as ServerAddress;
  uuid = await uuidOf(mysql.servers[0]!);
  root = await mysql.servers[0]!.connect();
  for (const [user, grants] of [
    [fencer, 'SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN, PROCESS'],
    ['app', 'SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, LOCK TABLES, RELOAD, XA_RECOVER_ADMIN'],
    ['backup', 'SELECT, LOCK TABLES, RELOAD'],
  ]) {
    await rootSql(`CREATE USER ${user}@'127.0.0.%' IDENTIFIED BY '${mysql.password}'`);
    await rootSql(`GRANT ${grants} ON *.* TO ${user}@'127.0.0.%'`);
  }
  await rootSql('CREATE DATABASE d');
  await rootSql('CREATE TABLE d.t (i INT PRIMARY KEY AUTO_INCREMENT, v INT)');
  await rootSql('INSERT INTO d.t (v) VALUES (1), (2)');
});

afterEach(async () => {
  await rootSql('SET GLOBAL super_read_only = OFF');
  await rootSql('SET GLOBAL read_only = OFF');
  for (const { id } of await rowsOf("USER IN ('app', 'backup')")) await rootSql(`KILL ${id}`).catch(() => {});
  await gone(`USER IN ('app', 'backup', '${fencer}')`);
});

afterAll(async () => {
  root?.destroy();
  await mysql?.stop();
  expect(livingProcesses()).toEqual([]);
});

test('all connections are in use: the account gets the one for administrators', async () => {
  const refused = async () => {
    for (;;) {
      const outcome = await ended(client());
      if (outcome !== 'done') return outcome;
    }
  };
  expect(await refused()).toBe('1040');
  expect(await act()).toMatchObject({ kind: 'fenced' });
  expect(await rowsOf("USER = 'app'")).toEqual([]);
});

test('clients that come back at once, again and again: none of them writes after the fence', async () => {
  let goesOn = true;
  let writes = 0;
  const storm = Array.from({ length: 10 }, async () => {
    while (goesOn) {
      const connection = await client().catch(() => undefined);
      const wrote = connection && (await ended(connection.query('INSERT INTO d.t (v) VALUES (3)')));
      if (wrote === 'done') writes += 1;
      connection?.destroy();
    }
  });
  try {
    await until(
      () => writes,
      (count) => count > 10,
    );
    expect(await act()).toMatchObject({ kind: 'fenced' });
    const [before] = await rootSql('SELECT COUNT(*) AS n FROM d.t');
    const [after] = await rootSql('SELECT COUNT(*) AS n FROM d.t');
    expect(after).toEqual(before);
  } finally {
    goesOn = false;
    await Promise.all(storm);
  }
});

test('an ALTER TABLE that copies, and waits: it is ended, and the server closed', async () => {
  const [reader, changer] = [await client('backup'), await client()];
  await reader.query('BEGIN');
  await reader.query('SELECT * FROM d.t');
  const changing = ended(changer.query('ALTER TABLE d.t ADD COLUMN x INT, ALGORITHM = COPY'));
  await stands("STATE = 'Waiting for table metadata lock'");
  expect(await act({ spare: ['backup'] })).toMatchObject({ kind: 'fenced' });
  expect(await changing).not.toBe('done');
});

test('an abandoned FLUSH TABLES that waits for a reader: the server is closed all the same', async () => {
  const [reader, flusher] = [await client('backup'), await client('backup')];
  const reading = ended(reader.query('SELECT SLEEP(60) FROM d.t'));
  await stands("USER = 'backup' AND STATE = 'User sleep'");
  const flushing = ended(flusher.query('FLUSH TABLES'));
  await stands("STATE = 'Waiting for table flush'");
  expect(await act({ spare: ['backup'] })).toMatchObject({ kind: 'fenced', killed: 0 });
  // Without the reader the other one would be done at once.
  for (const command of ['Waiting for table flush', 'User sleep'])
    for (const { id } of await rowsOf(`USER = 'backup' AND STATE = '${command}'`))
      await rootSql(`KILL ${id}`);
  expect([await reading, await flushing]).not.toContain('done');
});

test('events write no more', async () => {
  await rootSql('SET GLOBAL event_scheduler = ON');
  await rootSql('CREATE EVENT d.e ON SCHEDULE EVERY 1 SECOND DO INSERT INTO d.t (v) VALUES (99)');
  const counted = () => rootSql('SELECT COUNT(*) AS n FROM d.t WHERE v = 99');
  try {
    await until(counted, ([row]) => Number(row?.['n']) > 0);
    expect(await act()).toMatchObject({ kind: 'fenced' });
    const before = await counted();
    // Two more turns of the event.
    await rootSql('DO SLEEP(2.2)');
    expect(await counted()).toEqual(before);
  } finally {
    await rootSql('SET GLOBAL super_read_only = OFF');
    await rootSql('DROP EVENT d.e');
  }
});

test('a prepared XA transaction can be committed after the fence: MySQL lets it, and the documents say so', async () => {
  const branch = await client();
  for (const sql of ["XA START 'x'", 'INSERT INTO d.t (v) VALUES (77)', "XA END 'x'", "XA PREPARE 'x'"])
    await branch.query(sql);
  expect(await act()).toMatchObject({ kind: 'fenced' });
  const coordinator = await client();
  expect(await ended(coordinator.query('INSERT INTO d.t (v) VALUES (78)'))).toBe('1290');
  expect(await ended(coordinator.query("XA COMMIT 'x'"))).toBe('done');
  expect(await rootSql('SELECT v FROM d.t WHERE v IN (77, 78)')).toEqual([{ v: 77 }]);
});

test('autocommit is off for everybody: the act opens no transaction', async () => {
  await rootSql('SET GLOBAL autocommit = OFF');
  try {
    const [one] = [await client()];
    await query(one, 'INSERT INTO d.t (v) VALUES (5)');
    expect(await act()).toMatchObject({ kind: 'fenced', killed: 1 });
    expect(await isClosed()).toBe(true);
  } finally {
    await rootSql('SET GLOBAL autocommit = ON');
  }
});
