/** The service fences real old sources: left writable by a switchover, and back after a crash. */

import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { accountName, grantStatements } from '../../../src/mysql/answer/grants.ts';
import { createFencer } from '../../../src/mysql/fence/fencer.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { type FollowedName, followedName } from './followed-name.ts';
import { clock, proberFor, until } from './probing.ts';

const watcher = accountName('source_dns', '127.0.0.%');
const fencing = accountName('source_dns_fence', '127.0.0.%');
const [first, second, third] = [0, 1, 2];

describe('three servers, and clients that never leave', () => {
  let mysql: MysqlServers;
  let prober: ServerProber;
  let name: FollowedName;
  const addressOf = (index: number): ServerAddress =>
    `${mysql.servers[index]!.address}:${mysql.port}` as ServerAddress;
  const sql = (index: number, ...statements: string[]) => mysql.servers[index]!.sql(...statements);
  const isOpen = async (index: number) => {
    const [row] = await sql(index, 'SELECT @@global.read_only OR @@global.super_read_only AS closed');
    return String(row?.['closed']) === '0';
  };
  const serverOf = (index: number) => name.snapshot().servers[index]!;
  const promote = (index: number) =>
    sql(
      index,
      'STOP REPLICA',
      'RESET REPLICA ALL',
      'SET GLOBAL super_read_only = OFF',
      'SET GLOBAL read_only = OFF',
    );
  const open = (index: number, count: number) =>
    Promise.all(Array.from({ length: count }, () => mysql.connect(index, 'app')));

  /** Writes until the server lets it no more. */
  async function writes(connection: Connection): Promise<void> {
    for (let takes = true; takes; )
      takes = await connection.query('INSERT INTO d.t VALUES ()').then(
        () => true,
        () => false,
      );
  }

  beforeAll(async () => {
    mysql = await startMysqlServers(3, {
      replicate: true,
      readOnly: (index) => (index === first ? 'off' : 'super-read-only'),
    });
    await sql(
      first,
      `CREATE USER ${watcher} IDENTIFIED BY '${mysql.password}'`,
      ...grantStatements(watcher),
      `CREATE USER ${fencing} IDENTIFIED BY '${mysql.password}'`,
      `GRANT SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN, PROCESS ON *.* TO ${fencing}`,
      `CREATE USER app@'127.0.0.%' IDENTIFIED BY '${mysql.password}'`,
      `GRANT ALL ON d.* TO app@'127.0.0.%'`,
      'CREATE DATABASE d',
      'CREATE TABLE d.t (i INT PRIMARY KEY AUTO_INCREMENT)',
    );
    await mysql.follow(third, first);
    const servers = mysql.servers.map((_, index) => addressOf(index));
    const login = { servers: servers.map((address) => ({ address })), password: mysql.password };
    prober = proberFor(servers, mysql.password);
    const fencer = createFencer({
      ...login,
      cluster: 'shop',
      user: 'source_dns_fence',
      watcher: 'source_dns',
      kill: 'clients',
      spare: [],
      timeoutMs: 5000,
      tls: 'preferred',
      connectTimeoutMs: 2000,
      queryTimeoutMs: 1000,
      clock,
    });
    name = await followedName(servers, prober, fencer);
    await name.recorded('move', ({ to }) => to.server === addressOf(first));
    await until(
      () => serverOf(third).replicatesFrom,
      ([channel]) => channel?.source === addressOf(first) && channel.receiver === 'on',
    );
  });

  afterAll(async () => {
    await name?.stop();
    await prober?.close();
    await mysql?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test('a replica that still follows the old source keeps it open; then all its clients end', async () => {
    const clients = await open(first, 20);
    const ends = clients.slice(0, 2).map(writes);
    await promote(second);
    await until(
      () => serverOf(second).writable,
      (writable) => writable === true,
    );
    await name.command({ kind: 'follow', server: addressOf(second), force: false, dryRun: false, by: 'dba' });
    await until(
      () => serverOf(first).fence?.sentence,
      (sentence) => sentence?.includes(`${addressOf(third)} replicates from it`) === true,
    );
    expect(await isOpen(first)).toBe(true);

    await mysql.follow(third, second);
    // On a busy machine the act may take longer than its time, and is a success all the same.
    const { server, killed = 20 } = await name.recorded('fenced');
    expect([server, killed]).toEqual([addressOf(first), 20]);
    // It takes no writes (1290), or the connection ended.
    await Promise.all(ends);
    expect([await isOpen(first), await isOpen(second)]).toEqual([false, true]);
    await until(
      () => serverOf(first).fence?.stage,
      (stage) => stage === 'fenced',
    );
  });

  test('it crashes and returns writable: it is fenced again, and the source is left alone', async () => {
    const before = name.snapshot().servers[first]!.fence!.sentence;
    await mysql.servers[first]!.kill9();
    await until(
      () => serverOf(first).contact,
      (contact) => contact === 'unknown',
    );
    await mysql.servers[first]!.start();
    await until(
      () => serverOf(first).fence,
      (fence) => fence?.stage === 'fenced' && fence.sentence !== before,
    );
    expect([await isOpen(first), await isOpen(second)]).toEqual([false, true]);
  });
});
