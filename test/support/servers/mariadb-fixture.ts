/** MariaDB servers for a test. */

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort, withFreePort } from '../../../src/lab/host/free-ports.ts';
import {
  type MariadbPrograms,
  type MariadbSeries,
  provideMariadb,
} from '../../../src/lab/programs/mariadb-programs.ts';
import { Mariadbd } from '../../../src/lab/servers/mariadbd.ts';
import { isPortTaken } from '../../../src/lab/servers/sql-server.ts';
import { accountName, mariadbGrantStatements } from '../../../src/mysql/answer/grants.ts';

/** The default is a writable, empty server. */
export interface MariadbServersOptions {
  readonly readOnly?: (index: number) => boolean;
  /** More options of mariadbd. `ports`: the port of the server, and `extraPorts` more. */
  readonly options?: (
    index: number,
    ports: readonly number[],
    programs: MariadbPrograms,
  ) => readonly string[];
  readonly extraPorts?: number;
  /** Starts the servers; default: all at once. Rejects if one fails. */
  readonly start?: (servers: readonly Mariadbd[], programs: MariadbPrograms) => Promise<void>;
}

/**
 * Servers on one port of 127.0.0.21, .22, …, with `server_id` 1, 2, … and the accounts of replica and
 * watcher.
 */
export interface MariadbServers {
  readonly programs: MariadbPrograms;
  readonly servers: readonly Mariadbd[];
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /**
   * Makes a server a replica of another one by GTID, and starts it. `channel`: the name of the connection.
   */
  readonly follow: (replica: number, source: number, channel?: string) => Promise<void>;
  /** Stops all servers and removes their folders. */
  readonly stop: () => Promise<void>;
}

const watcher = 'source_dns';

/** Starts `count` servers of one series. */
export async function startMariadbServers(
  series: MariadbSeries,
  count: number,
  options: MariadbServersOptions = {},
): Promise<MariadbServers> {
  const programs = await provideMariadb(series, (line) => process.stderr.write(`${line}\n`));
  const folder = await mkdtemp(join(tmpdir(), 'source-dns-mariadb-'));
  const password = randomBytes(12).toString('hex');
  const addresses = Array.from({ length: count }, (_, index) => `127.0.0.${21 + index}`);
  const account = accountName(watcher, '127.0.0.%');
  const initSql = [
    `CREATE USER IF NOT EXISTS 'repl'@'127.0.0.%' IDENTIFIED BY '${password}'`,
    `GRANT REPLICATION SLAVE ON *.* TO 'repl'@'127.0.0.%'`,
    `CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY '${password}'`,
    // No more rights: every test shows that they are enough.
    ...mariadbGrantStatements(account).map((statement) => statement.replace(/;$/, '')),
  ];

  const startAll = async (ports: readonly number[]) => {
    const servers = addresses.map(
      (address, index) =>
        new Mariadbd(programs, {
          folder: join(folder, `db${index + 1}`),
          address,
          port: ports[0]!,
          serverId: index + 1,
          initSql,
          readOnly: options.readOnly?.(index) ?? false,
          options: options.options?.(index, ports, programs) ?? [],
        }),
    );
    try {
      if (options.start) await options.start(servers, programs);
      else await allStarted(servers.map((server) => server.start()));
      return servers;
    } catch (error) {
      await Promise.all(servers.map((server) => server.kill9()));
      throw error;
    }
  };

  const findPorts = () =>
    Promise.all(Array.from({ length: 1 + (options.extraPorts ?? 0) }, () => findFreePort(addresses)));
  const servers = await withFreePort(findPorts, startAll, { isTaken: isPortTaken }).catch(
    async (error: unknown) => {
      await rm(folder, { recursive: true, force: true });
      throw error;
    },
  );
  return {
    programs,
    servers,
    port: servers[0]!.port,
    user: watcher,
    password,
    follow: async (replica, source, channel = '') => {
      const { address, port } = servers[source]!;
      const name = channel === '' ? '' : `'${channel}'`;
      await servers[replica]!.sql(
        `CHANGE MASTER ${name} TO MASTER_HOST='${address}', MASTER_PORT=${port}, MASTER_USER='repl', MASTER_PASSWORD='${password}',
         MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1, MASTER_HEARTBEAT_PERIOD=0.2`,
        `START REPLICA ${name}`,
      );
    },
    stop: async () => {
      // Killed, because their data do not matter, and before their folders go: a server without its folder
      // fills the disk with complaints.
      await Promise.all(servers.map((server) => server.kill9()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** All have ended before the first failure is thrown. */
async function allStarted(starts: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(starts)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
