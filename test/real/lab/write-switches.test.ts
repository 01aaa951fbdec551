/** Every switch that refuses writes, on real servers: the probe says what a client's write shows. */

import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isWritable, type WriteSwitch } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { SqlServer } from '../../../src/lab/servers/sql-server.ts';
import { accountName, grantStatements } from '../../../src/mysql/answer/grants.ts';
import { startMariadbServers } from '../../support/servers/mariadb-fixture.ts';
import { startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { factsOf, proberFor } from './probing.ts';

interface Server {
  readonly server: SqlServer;
  readonly user: string;
  readonly password: string;
  readonly stop: () => Promise<void>;
}

async function mysql(): Promise<Server> {
  const { servers, password, stop } = await startMysqlServers(1);
  const account = accountName('source_dns');
  // CONNECTION_ADMIN: it reads offline_mode, and is not refused by it.
  const grants = [...grantStatements(account), `GRANT CONNECTION_ADMIN ON *.* TO ${account}`];
  await servers[0]!.sql(`CREATE USER ${account} IDENTIFIED BY '${password}'`, ...grants);
  return { server: servers[0]!, user: 'source_dns', password, stop };
}

async function mariadb(series: '10.11' | '11.8'): Promise<Server> {
  const { servers, user, password, stop } = await startMariadbServers(series, 1);
  return { server: servers[0]!, user, password, stop };
}

const mysqlTransactions: WriteSwitch = { variable: 'transaction_read_only', value: 'ON' };
const mariadbTransactions: WriteSwitch = { variable: 'tx_read_only', value: 'ON' };

describe.each([
  {
    name: 'MySQL 9.7',
    start: mysql,
    dynamic: ['read_only', 'super_read_only', 'offline_mode'],
    transactions: mysqlTransactions,
    forced: 1,
  },
  ...(['10.11', '11.8'] as const).map((series) => ({
    name: `MariaDB ${series}`,
    start: () => mariadb(series),
    dynamic: ['read_only'],
    transactions: mariadbTransactions,
    forced: 5,
  })),
])('$name', ({ start, dynamic, transactions, forced }) => {
  let running: Server;

  beforeAll(async () => {
    running = await start();
    await running.server.sql(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.t (i INT PRIMARY KEY AUTO_INCREMENT)',
      "CREATE USER app@'%' IDENTIFIED BY 'app'",
      "GRANT ALL ON shop.* TO app@'%'",
    );
  });

  afterAll(async () => {
    await running?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  /** Like an application: a new connection, one write. */
  async function takesWrites(): Promise<boolean> {
    const { address, port } = running.server;
    try {
      const connection = await createConnection({ host: address, port, user: 'app', password: 'app' });
      try {
        await connection.query('INSERT INTO shop.t VALUES ()');
        return true;
      } finally {
        connection.destroy();
      }
    } catch {
      return false;
    }
  }

  async function seen() {
    const { server, user, password } = running;
    const address = `${server.address}:${server.port}` as ServerAddress;
    const prober = proberFor([address], password, { user, queryTimeoutMs: 2000 });
    try {
      const facts = await factsOf(prober, address);
      return { writable: isWritable(facts), switches: facts.switches };
    } finally {
      await prober.close();
    }
  }

  test('open', async () => {
    expect([await takesWrites(), await seen()]).toEqual([true, { writable: true, switches: undefined }]);
  });

  test.each(dynamic)('%s', async (variable) => {
    await running.server.sql(`SET GLOBAL ${variable} = ON`);
    try {
      expect([await takesWrites(), (await seen()).writable]).toEqual([false, false]);
    } finally {
      await running.server.sql(`SET GLOBAL ${variable} = OFF`, 'SET GLOBAL read_only = OFF');
    }
  });

  test('read-only transactions', async () => {
    await running.server.sql(`SET GLOBAL ${transactions.variable} = ON`);
    try {
      expect([await takesWrites(), await seen()]).toEqual([
        false,
        { writable: false, switches: [transactions] },
      ]);
    } finally {
      await running.server.sql(`SET GLOBAL ${transactions.variable} = OFF`);
    }
    expect([await takesWrites(), (await seen()).writable]).toEqual([true, true]);
  });

  // From the last level that takes writes to the first that does not; the manual says "read-only" from 4.
  test.each([...new Set([Math.max(forced - 1, 1), forced, 4])])(
    'innodb_force_recovery = %i',
    async (value) => {
      await running.server.restart();
      await running.server.restart([`--innodb-force-recovery=${value}`]);
      const open = value < forced;
      const { writable, switches = [] } = await seen();
      expect([await takesWrites(), writable]).toEqual([open, open]);
      expect(switches.filter(({ variable }) => variable === 'innodb_force_recovery')).toEqual(
        open ? [] : [{ variable: 'innodb_force_recovery', value: String(value) }],
      );
    },
  );

  test('innodb_read_only', async () => {
    await running.server.restart();
    await running.server.restart(['--innodb-read-only=ON']);
    expect([await takesWrites(), await seen()]).toEqual([
      false,
      { writable: false, switches: [{ variable: 'innodb_read_only', value: 'ON' }] },
    ]);
    await running.server.restart();
    expect([await takesWrites(), (await seen()).writable]).toEqual([true, true]);
  });
});

describe('MySQL 9.7: what only a restart opens cannot become a replica', () => {
  let running: Server;
  const statement = "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.19', SOURCE_AUTO_POSITION = 1";

  beforeAll(async () => {
    running = await mysql();
  });

  afterAll(async () => {
    await running?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test.each(['--innodb-read-only=ON', '--innodb-force-recovery=1', '--innodb-force-recovery=6'])(
    '%s',
    async (option) => {
      await running.server.restart([option]);
      await expect(running.server.sql(statement)).rejects.toThrow(/read only|innodb_force_recovery/);
    },
  );

  test('without it the replica can', async () => {
    await running.server.restart();
    await running.server.sql(statement);
  });
});

test('a MariaDB server without InnoDB is watched', async () => {
  const { server, user, password, stop } = await mariadb('10.11');
  try {
    await server.restart(['--skip-innodb', '--default-storage-engine=Aria']);
    const address = `${server.address}:${server.port}` as ServerAddress;
    const prober = proberFor([address], password, { user, queryTimeoutMs: 2000 });
    expect(isWritable(await factsOf(prober, address))).toBe(true);
    await prober.close();
  } finally {
    await stop();
  }
});
