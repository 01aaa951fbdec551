/** Real sources that a switch other than read_only closes: the decision follows the promoted replica. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { situationOf } from '../../../src/core/decide/situation-of.ts';
import { decide } from '../../../src/core/decide/table.ts';
import { lookedOnce } from '../../../src/core/model/observation.ts';
import {
  type ClusterState,
  initialState,
  withPublication,
  withServer,
} from '../../../src/core/model/state.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { observe } from '../../../src/core/observe/observe.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { SqlServer } from '../../../src/lab/servers/sql-server.ts';
import { accountName, grantStatements } from '../../../src/mysql/answer/grants.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { at, clusterSettings, ledgerOf, viewOf, withOver } from '../../support/given.ts';
import { startMariadbServers } from '../../support/servers/mariadb-fixture.ts';
import { startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { clock, deadline, proberFor, until } from './probing.ts';

interface Pair {
  readonly servers: readonly SqlServer[];
  readonly account: { readonly user: string; readonly password: string };
  readonly stop: () => Promise<void>;
}

/** The decision about two servers, of which the first is published, by real probes only. */
class Watcher {
  readonly #prober: ServerProber;
  readonly #addresses: readonly ServerAddress[];
  #state: ClusterState;

  constructor({ servers, account }: Pair) {
    this.#addresses = servers.map(({ address, port }) => `${address}:${port}` as ServerAddress);
    const settings = clusterSettings([], {
      servers: this.#addresses.map((address) => ({ address, candidate: 'auto' as const })),
    });
    this.#state = initialState(settings, [], at(clock.mono() - 1));
    this.#prober = proberFor(this.#addresses, account.password, { user: account.user, queryTimeoutMs: 2000 });
  }

  /** Probes both, and decides: `switchover 127.0.0.12:3306`. The sentence comes after it. */
  async decided(): Promise<string> {
    for (const address of this.#addresses) {
      const probe = lookedOnce(await this.#prober.probe(address, deadline()));
      const memory = this.#state.servers.get(address)!;
      this.#state = withServer(this.#state, {
        ...observe(memory, probe, at(clock.mono())).memory,
        addresses: ['192.0.2.1'],
      });
    }
    const [source, replica] = [...this.#state.servers.values()].map(({ facts }) => facts?.id);
    const [publication] = this.#state.publications.values();
    const ledger = ledgerOf('db1', { source: this.#addresses[0]!, uuid: source! });
    const line = new Set([source!, replica!]);
    const published = withOver(publication!, { zone: { view: viewOf(ledger) }, evidence: { line } });
    const decision = decide(
      situationOf(withPublication(this.#state, published), published, at(clock.mono())),
    );
    return `${decision.reason} ${decision.kind === 'point-to' ? decision.source : ''}: ${decision.sentence}`;
  }

  close(): Promise<void> {
    return this.#prober.close();
  }
}

async function mysqlPair(): Promise<Pair> {
  const { servers, stop, password } = await startMysqlServers(2, {
    replicate: true,
    readOnly: (index) => (index === 0 ? 'off' : 'super-read-only'),
  });
  const account = accountName('source_dns');
  await servers[0]!.sql(`CREATE USER ${account} IDENTIFIED BY '${password}'`, ...grantStatements(account));
  await until(
    () => servers[1]!.sql("SELECT 1 FROM mysql.tables_priv WHERE User = 'source_dns'"),
    (rows) => rows.length >= grantStatements(account).length,
  );
  return { servers, stop, account: { user: 'source_dns', password } };
}

async function mariadbPair(series: '10.11' | '11.8'): Promise<Pair> {
  const { servers, stop, follow, user, password } = await startMariadbServers(series, 2, {
    readOnly: (index) => index > 0,
  });
  await follow(1, 0);
  return { servers, stop, account: { user, password } };
}

const promotion = (server: SqlServer): readonly string[] => [
  'STOP REPLICA',
  'RESET REPLICA ALL',
  ...(server.program === 'mysqld' ? ['SET GLOBAL super_read_only = OFF'] : []),
  'SET GLOBAL read_only = OFF',
];

describe.each([
  {
    name: 'MySQL 9.7, innodb_force_recovery = 4',
    start: mysqlPair,
    close: (server: SqlServer) => server.restart(['--innodb-force-recovery=4']),
    said: 'refuses writes (innodb_force_recovery = 4)',
  },
  {
    name: 'MySQL 9.7, offline_mode, by an account without CONNECTION_ADMIN',
    start: mysqlPair,
    close: (server: SqlServer) => server.sql('SET GLOBAL offline_mode = ON'),
    said: 'lets no client in',
  },
  ...(['10.11', '11.8'] as const).map((series) => ({
    name: `MariaDB ${series}, innodb_force_recovery = 5`,
    start: () => mariadbPair(series),
    close: (server: SqlServer) => server.restart(['--innodb-force-recovery=5']),
    said: 'refuses writes (innodb_force_recovery = 5)',
  })),
])('$name', ({ start, close, said }) => {
  let pair: Pair;
  let watcher: Watcher;

  beforeAll(async () => {
    pair = await start();
    watcher = new Watcher(pair);
  });

  afterAll(async () => {
    await watcher?.close();
    await pair?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test('the source steps down, and the promoted replica follows it', async () => {
    const [source, replica] = pair.servers as [SqlServer, SqlServer];
    const to = `${replica.address}:${replica.port}`;
    await until(
      () => watcher.decided(),
      (decision) => decision.startsWith('steady '),
    );
    await close(source);
    await until(
      () => watcher.decided(),
      (decision) => decision.startsWith('no-candidate ') && decision.includes(said),
    );
    await replica.sql(...promotion(replica));
    expect(await watcher.decided()).toBe(
      `switchover ${to}: ${source.address}:${source.port} ${said}, and ${to} is writable: its promotion was seen.`,
    );
  });
});
