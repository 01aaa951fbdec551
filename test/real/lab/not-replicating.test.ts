/**
 * Real servers that get nothing from the source, or get it late: the proposed statement helps, or there is
 * none.
 */

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Fqdn, ServerAddress } from '../../../src/core/model/units.ts';
import type { Snapshot } from '../../../src/core/report/snapshot-types.ts';
import { systemRandom } from '../../../src/daemon/clock.ts';
import { type ClusterRuntime, createClusterRuntime } from '../../../src/daemon/runtime.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { SqlServer } from '../../../src/lab/servers/sql-server.ts';
import { accountName, grantStatements } from '../../../src/mysql/answer/grants.ts';
import type { ServerProber, ZoneClient } from '../../../src/ports.ts';
import { settings as settingsWith } from '../../support/fakes.ts';
import { startMariadbServers } from '../../support/servers/mariadb-fixture.ts';
import { startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { nameserver, type SmallWorld, smallWorld } from '../../support/small-world.ts';
import { clock, proberFor, until } from './probing.ts';

const replicas = {
  name: 'replicas.shop.db.example.com.' as Fqdn,
  ttlSeconds: 5,
  maxLagMs: 10_000,
  whenEmpty: 'withdraw',
} as const;

interface Servers {
  readonly servers: readonly SqlServer[];
  readonly port: number;
  readonly password: string;
  follow(replica: number, source: number): Promise<void>;
  stop(): Promise<void>;
}

/** The service that watches them, with a zone in memory. */
class Watch {
  readonly world: SmallWorld;
  readonly #runtime: ClusterRuntime;
  readonly #prober: ServerProber;
  readonly bugs: unknown[] = [];

  static async start(addresses: readonly ServerAddress[], password: string): Promise<Watch> {
    const world = smallWorld();
    const made = await world.maker.zoneClient(nameserver(), () => {});
    if (made.kind === 'failed') throw new Error(made.failure.message);
    return new Watch(world, made.client, addresses, password);
  }

  private constructor(
    world: SmallWorld,
    zoneClient: ZoneClient,
    addresses: readonly ServerAddress[],
    password: string,
  ) {
    this.world = world;
    const servers = addresses.map((address) => ({ address, candidate: 'auto' as const }));
    this.#prober = proberFor(addresses, password);
    const { watch, publications } = settingsWith();
    this.#runtime = createClusterRuntime({
      settings: settingsWith({
        servers,
        watch: { ...watch, intervalMs: 100, suspectIntervalMs: 50, freshForMs: 2000, settleMs: 500 },
        publications: publications.map((publication) => ({ ...publication, replicas })),
        allowLoopback: true,
      }),
      remembered: [],
      prober: this.#prober,
      zoneClients: new Map([['ns1', zoneClient]]),
      clock,
      random: systemRandom,
      onRecord: () => {},
      onBug: (error) => this.bugs.push(error),
    });
    this.#runtime.start();
  }

  sees(wanted: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
    return until(() => this.#runtime.snapshot(), wanted);
  }

  /** Waits for the sentence of the alarm about that server. */
  async saysOf(server: ServerAddress, text: string): Promise<string> {
    const said = ({ alarms }: Snapshot) =>
      alarms.find(
        ({ code, subject, sentence }) =>
          code === 'not-replicating' && subject === server && sentence.includes(text),
      )?.sentence;
    return said(await this.sees((snapshot) => said(snapshot) !== undefined)) as string;
  }

  async stop(): Promise<void> {
    await this.#runtime.stop();
    await this.#prober.close();
    expect(this.bugs).toEqual([]);
  }
}

/** The statements of a sentence, with the account filled in. */
function proposed(sentence: string, password: string): readonly string[] {
  const [, statements] = /make it a replica of [^:]+:\d+: (.*)\.$/.exec(sentence) ?? [];
  if (statements === undefined) throw new Error(`no statement: ${sentence}`);
  return statements.replace("'USER'", "'repl'").replace("'PASSWORD'", `'${password}'`).split('; ');
}

const mysqlServers = async (): Promise<Servers> => {
  const mysql = await startMysqlServers(4, {
    replicate: true,
    readOnly: (index) => (index === 0 ? 'off' : 'super-read-only'),
  });
  const account = accountName('source_dns', '127.0.0.%');
  await mysql.servers[0]!.sql(
    `CREATE USER ${account} IDENTIFIED BY '${mysql.password}'`,
    ...grantStatements(account),
  );
  return mysql;
};

const mariadbServers = async (): Promise<Servers> => {
  const mariadb = await startMariadbServers('11.8', 4, { readOnly: (index) => index > 0 });
  for (const replica of [1, 2, 3]) await mariadb.follow(replica, 0);
  return mariadb;
};

describe.each([
  {
    product: 'MySQL',
    start: mysqlServers,
    close: 'SET GLOBAL super_read_only = ON',
    delay: 'CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 3600',
  },
  {
    product: 'MariaDB',
    start: mariadbServers,
    close: 'SET GLOBAL read_only = ON',
    delay: 'CHANGE MASTER TO MASTER_DELAY = 3600',
  },
])('$product servers that get nothing of the source', ({ start, close, delay }) => {
  let all: Servers;
  let watch: Watch;
  const addressOf = (index: number): ServerAddress =>
    `${all.servers[index]!.address}:${all.port}` as ServerAddress;
  const hasReplicas = (...indexes: number[]): boolean => {
    const shown = watch.world.zone.get(`${replicas.name} A`);
    return (
      JSON.stringify(shown?.rdata ?? []) ===
      JSON.stringify(indexes.map((index) => all.servers[index]!.address))
    );
  };
  const isOver =
    (index: number) =>
    ({ alarms }: Snapshot): boolean =>
      !alarms.some(({ code, subject }) => code === 'not-replicating' && subject === addressOf(index));

  beforeAll(async () => {
    all = await start();
    await all.servers[0]!.sql('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)');
    watch = await Watch.start([0, 1, 2, 3].map(addressOf), all.password);
  });

  afterEach(() => expect(watch.bugs).toEqual([]));

  afterAll(async () => {
    await watch?.stop();
    await all?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test('a switchover forgets the old source, and one of its replicas', async () => {
    await watch.sees(({ decision }) => decision.reason === 'steady' && hasReplicas(1, 2, 3));
    await all.servers[0]!.sql('INSERT INTO shop.t VALUES (1)', close);
    await until(
      () => all.servers[1]!.sql('SELECT i FROM shop.t'),
      (rows) => rows.length === 1,
    );
    await all.servers[1]!.sql('STOP REPLICA', 'RESET REPLICA ALL', 'SET GLOBAL read_only = OFF');
    await all.servers[2]!.sql('STOP REPLICA');
    await all.follow(2, 1);
    await all.servers[1]!.sql('INSERT INTO shop.t VALUES (2)');
    await watch.sees(({ ledger }) => ledger?.source === addressOf(1));
    const sentence = await watch.saysOf(addressOf(3), 'make it a replica of');
    expect(sentence).toContain(
      `${addressOf(3)} replicates from ${addressOf(0)}, which does not follow the source ${addressOf(1)}: ${addressOf(0)} replicates from nobody.`,
    );
  });

  test('the statement makes the replica follow the source, and clients read from it again', async () => {
    const sentence = await watch.saysOf(addressOf(3), 'make it a replica of');
    await all.servers[3]!.sql(...proposed(sentence, all.password));
    await watch.sees((snapshot) => isOver(3)(snapshot) && hasReplicas(2, 3));
    await until(
      () => all.servers[3]!.sql('SELECT i FROM shop.t'),
      (rows) => rows.length === 2,
    );
  });

  test('the statement makes the old source follow, and it rejoins', async () => {
    const sentence = await watch.saysOf(addressOf(0), 'make it a replica of');
    expect(sentence).toContain(
      `${addressOf(0)} replicates from nobody, and gets nothing from the source ${addressOf(1)}.`,
    );
    await all.servers[0]!.sql(...proposed(sentence, all.password));
    await watch.sees(
      (snapshot) => isOver(0)(snapshot) && snapshot.ledger?.was.length === 0 && hasReplicas(0, 2, 3),
    );
    await until(
      () => all.servers[0]!.sql('SELECT i FROM shop.t'),
      (rows) => rows.length === 2,
    );
  });

  test('a replica of a delayed replica is late too, and clients do not read from it', async () => {
    await all.servers[3]!.sql('STOP REPLICA', delay, 'START REPLICA');
    await all.servers[0]!.sql('STOP REPLICA');
    await all.follow(0, 3);
    const { servers } = await watch.sees(
      ({ servers: [first] }) => hasReplicas(2) && first?.lagSeconds === 3600,
    );
    expect(servers[0]?.way?.hops).toMatchObject([
      { server: addressOf(3) },
      { server: addressOf(1), lagSeconds: 3600 },
    ]);
  });

  test('the alarm proposes no statement for a server with its own transactions', async () => {
    const own = ['SET GLOBAL read_only = OFF', 'INSERT INTO shop.t VALUES (9)', close];
    await all.servers[2]!.sql('STOP REPLICA', 'RESET REPLICA ALL', ...own);
    const sentence = await watch.saysOf(addressOf(2), 'rebuild');
    expect(sentence).toMatch(
      /It has transactions that \S+ lacks: save them if they matter \(mysqlbinlog\), then rebuild it from \S+ \((?:CLONE|mariadb-backup)\)\.$/,
    );
    expect(sentence).not.toContain('CHANGE');
  });
});
