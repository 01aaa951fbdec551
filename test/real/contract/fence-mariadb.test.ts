/** What the act of fencing does to a real MariaDB server, and what it cannot do there. */

import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { accountName } from '../../../src/mysql/answer/grants.ts';
import type { FencerOptions } from '../../../src/mysql/fence/fencer.ts';
import { fenceAccountStatements, fenceSetOf } from '../../../src/mysql/flavour/fence-set.ts';
import { readTraits } from '../../../src/mysql/flavour/flavour.ts';
import { type MariadbServers, startMariadbServers } from '../../support/servers/mariadb-fixture.ts';
import { connectionsOf, ended, fence, fencer } from './fence-world.ts';

describe.each(['10.11', '11.8'] as const)('MariaDB %s', (series) => {
  const account = accountName(fencer, '127.0.0.%');
  let mariadb: MariadbServers;
  let address: ServerAddress;
  let uuid: string;
  const open = new Set<Connection>();

  const rootSql = (...statements: string[]) => mariadb.servers[0]!.sql(...statements);
  const act = (options: Partial<FencerOptions> = {}, who = uuid) =>
    fence(address, who, { password: mariadb.password, ...options });
  const isClosed = async () => {
    const [row] = await rootSql('SELECT @@global.read_only AS closed');
    return String(row?.['closed']) === '1';
  };
  const { rowsOf, stands, gone } = connectionsOf(rootSql, 'information_schema.processlist');
  const client = async (user: string) => {
    const connection = await createConnection({
      host: mariadb.servers[0]!.address,
      port: mariadb.port,
      user,
      password: mariadb.password,
    });
    connection.on('error', () => {});
    open.add(connection);
    return connection;
  };

  beforeAll(async () => {
    mariadb = await startMariadbServers(series, 2, { readOnly: (index) => index > 0 });
    address = `${mariadb.servers[0]!.address}:${mariadb.port}` as ServerAddress;
    uuid = `mariadb:1@${address}`;
    const [row] = await rootSql('SELECT @@version AS version');
    const set = fenceSetOf(
      readTraits([
        { Variable_name: 'version', Value: String(row?.['version']) },
        { Variable_name: 'gtid_domain_id', Value: '0' },
      ]),
    );
    if (typeof set === 'string') throw new Error(set);
    const user = (name: string, grants: string) => [
      `CREATE USER ${name}@'127.0.0.%' IDENTIFIED BY '${mariadb.password}'`,
      `GRANT ${grants} ON *.* TO ${name}@'127.0.0.%'`,
    ];
    await rootSql(
      ...fenceAccountStatements(account, set).map((sql) => sql.replace('<password>', mariadb.password)),
      ...user('app', 'SELECT, INSERT, UPDATE, DELETE, LOCK TABLES'),
      ...user('admin', 'ALL'),
      'CREATE DATABASE d',
      'CREATE TABLE d.t (i INT PRIMARY KEY AUTO_INCREMENT, v INT)',
      'INSERT INTO d.t (v) VALUES (1), (2)',
    );
    await mariadb.follow(1, 0);
    await stands("COMMAND LIKE 'Binlog Dump%'");
  });

  afterEach(async () => {
    await rootSql('SET GLOBAL read_only = OFF');
    for (const connection of open) connection.destroy();
    open.clear();
    await gone(`USER IN ('app', 'admin', '${fencer}')`);
  });

  afterAll(async () => {
    await mariadb?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test('is closed for applications, its clients are cut, and the dump thread stays; an administrator writes on', async () => {
    const clients = await Promise.all(Array.from({ length: 10 }, () => client('app')));
    await clients[0]!.query('BEGIN');
    await clients[0]!.query('INSERT INTO d.t (v) VALUES (7)');
    const dumps = await rowsOf("COMMAND LIKE 'Binlog Dump%'");
    expect(await act()).toEqual({ kind: 'fenced', killed: 10, spared: 0 });
    expect(await isClosed()).toBe(true);
    for (const each of clients) expect(await ended(each.query('SELECT 1'))).not.toBe('done');
    expect(await rowsOf("COMMAND LIKE 'Binlog Dump%'")).toEqual(dumps);
    expect(await ended((await client('app')).query('INSERT INTO d.t (v) VALUES (8)'))).toBe('1290');
    // READ_ONLY ADMIN is exempt: the documents say so.
    expect(await ended((await client('admin')).query('INSERT INTO d.t (v) VALUES (9)'))).toBe('done');
    expect(await act()).toEqual({ kind: 'already' });
  });

  test('with a running write: the writer is ended, and the server closed', async () => {
    const writing = ended((await client('app')).query('INSERT INTO d.t (v) SELECT SLEEP(60)'));
    await stands("USER = 'app' AND STATE = 'User sleep'");
    expect(await act()).toMatchObject({ kind: 'fenced', killed: 1 });
    expect(await writing).not.toBe('done');
  });

  test('LOCK TABLES WRITE of a spared client: blocked, and nothing takes effect when the lock is over', async () => {
    const holder = await client('app');
    await holder.query('LOCK TABLES d.t WRITE');
    expect(await act({ spare: ['app'] })).toMatchObject({ kind: 'blocked' });
    await holder.query('UNLOCK TABLES');
    expect(await isClosed()).toBe(false);
    await holder.query('LOCK TABLES d.t WRITE');
    expect(await act()).toMatchObject({ kind: 'fenced', killed: 1 });
  });

  test('another server_id answers: it is left as it is', async () => {
    expect(await act({}, `mariadb:2@${address}`)).toEqual({ kind: 'not-it', uuid });
    expect(await isClosed()).toBe(false);
  });

  test.each([
    ['READ_ONLY ADMIN', false],
    ['CONNECTION ADMIN', true],
    ['PROCESS', true],
  ])('without %s: refused, with the statement that gives it', async (privilege, closed) => {
    await rootSql(`REVOKE ${privilege} ON *.* FROM ${account}`);
    try {
      expect(await act()).toMatchObject({
        kind: 'refused',
        failure: {
          code: 'fence-privilege-missing',
          hint: `Run on the source, which replicates it: GRANT ${privilege} ON *.* TO ${account};`,
        },
      });
      expect(await isClosed()).toBe(closed);
    } finally {
      await rootSql(`GRANT ${privilege} ON *.* TO ${account}`);
    }
  });
});
