/** MySQL servers for a test. */

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { findFreePort, withFreePort } from '../../../src/lab/host/free-ports.ts';
import { type MysqlPrograms, provideMysql } from '../../../src/lab/programs/mysql-programs.ts';
import { Mysqld, type MysqldOptions } from '../../../src/lab/servers/mysqld.ts';
import { isPortTaken } from '../../../src/lab/servers/sql-server.ts';

/** The default is a writable, empty server. */
export interface MysqlServersOptions {
  /** For every server, or by index, e.g. `readOnly: (index) => (index === 0 ? 'off' : 'super-read-only')`. */
  readonly readOnly?: (index: number) => NonNullable<MysqldOptions['readOnly']>;
  /** More options of mysqld, by index. */
  readonly options?: (index: number) => readonly string[];
  /** Server 1 replicates from server 0, and so on; `streaming`: every receiver is on. */
  readonly replicate?: boolean;
}

/** Servers on one port of 127.0.0.11, .12, .13, … with the accounts `admin` (everything) and `repl`. */
export interface MysqlServers {
  readonly programs: MysqlPrograms;
  readonly servers: readonly Mysqld[];
  readonly port: number;
  readonly password: string;
  /** A connection over TCP, by default as `admin`. `stop()` closes it if the test does not. */
  readonly connect: (index: number, user?: string) => Promise<Connection>;
  /** Makes a server a replica of another one, by GTID auto-position, and starts it. */
  readonly follow: (replica: number, source: number) => Promise<void>;
  /** Stops all servers and removes their folders. */
  readonly stop: () => Promise<void>;
}

/** Starts `count` servers at once. */
export async function startMysqlServers(
  count: number,
  options: MysqlServersOptions = {},
): Promise<MysqlServers> {
  const programs = await provideMysql((line) => process.stderr.write(`${line}\n`));
  const folder = await mkdtemp(join(tmpdir(), 'source-dns-mysql-'));
  const password = randomBytes(12).toString('hex');
  const addresses = Array.from({ length: count }, (_, index) => `127.0.0.${11 + index}`);
  const initSql = ['admin', 'repl'].flatMap((user) => [
    `CREATE USER IF NOT EXISTS '${user}'@'127.0.0.%' IDENTIFIED BY '${password}'`,
    `GRANT ${user === 'admin' ? 'ALL' : 'REPLICATION SLAVE'} ON *.* TO '${user}'@'127.0.0.%'${user === 'admin' ? ' WITH GRANT OPTION' : ''}`,
  ]);

  const startAll = async (port: number) => {
    const servers = addresses.map(
      (address, index) =>
        new Mysqld(programs, {
          folder: join(folder, `db${index + 1}`),
          address,
          port,
          serverId: index + 1,
          initSql,
          readOnly: options.readOnly?.(index) ?? 'off',
          options: options.options?.(index) ?? [],
        }),
    );
    const results = await Promise.allSettled(servers.map((server) => server.start()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return servers;
    await Promise.all(servers.map((server) => server.kill9()));
    throw failed.reason;
  };

  const servers = await withFreePort(() => findFreePort(addresses), startAll, { isTaken: isPortTaken }).catch(
    async (error: unknown) => {
      await rm(folder, { recursive: true, force: true });
      throw error;
    },
  );
  const connections = new Set<Connection>();
  const result: MysqlServers = {
    programs,
    servers,
    port: servers[0]!.port,
    password,
    connect: async (index, user = 'admin') => {
      const server = servers[index]!;
      const connection = await createConnection({
        host: server.address,
        port: server.port,
        user,
        password,
        connectTimeout: 10_000,
      });
      connections.add(connection);
      return connection;
    },
    follow: async (replica, source) => {
      await servers[replica]!.sql(
        'STOP REPLICA',
        `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${servers[source]!.address}', SOURCE_PORT=${servers[source]!.port}, SOURCE_USER='repl', SOURCE_PASSWORD='${password}',
         SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1, SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=3600`,
        'START REPLICA',
      );
    },
    stop: async () => {
      for (const connection of connections) connection.destroy();
      // Killed, because their data do not matter, and before their folders go: a server without its folder
      // fills the disk with complaints.
      await Promise.all(servers.map((server) => server.kill9()));
      await rm(folder, { recursive: true, force: true });
    },
  };
  if (options.replicate === true) for (let index = 1; index < count; index++) await result.follow(index, 0);
  return result;
}
