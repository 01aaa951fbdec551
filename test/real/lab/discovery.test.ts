/** Real MySQL servers of which one is configured: SHOW REPLICAS finds others, some out of scope. */

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ClusterSettings } from '../../../src/core/model/settings.ts';
import type { Fqdn, ServerAddress } from '../../../src/core/model/units.ts';
import { systemRandom } from '../../../src/daemon/clock.ts';
import { type ClusterRuntime, createClusterRuntime } from '../../../src/daemon/runtime.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { accountName, grantStatements, probedTables } from '../../../src/mysql/answer/grants.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { settings as settingsWith } from '../../support/fakes.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { nameserver, type SmallWorld, smallWorld } from '../../support/small-world.ts';
import { clock, factsOf, proberFor, until } from './probing.ts';

const user = 'source_dns';
const account = accountName(user);
/** The second server is inside the scope, the third is not. */
const discoverWithin = [
  { kind: 'network', address: { family: 4, bytes: [127, 0, 0, 12] }, bits: 32 },
] as const;
const replicas = {
  name: 'replicas.shop.db.example.com.' as Fqdn,
  ttlSeconds: 5,
  maxLagMs: 10_000,
  whenEmpty: 'source',
} as const;

let mysql: MysqlServers;
const addressOf = (index: number): ServerAddress =>
  `${mysql.servers[index]!.address}:${mysql.port}` as ServerAddress;

function newProber(): ServerProber {
  const prober = proberFor([addressOf(0)], mysql.password, { discoverWithin });
  onTestFinished(() => prober.close());
  return prober;
}

function clusterSettings(): ClusterSettings {
  const { watch, publications } = settingsWith();
  return settingsWith({
    servers: [{ address: addressOf(0), candidate: 'auto' }],
    discoverWithin,
    watch: { ...watch, intervalMs: 100, freshForMs: 1000, goneAfterMs: 1500 },
    publications: publications.map((publication) => ({ ...publication, replicas })),
    allowLoopback: true,
  });
}

async function start(prober: ServerProber, world: SmallWorld): Promise<ClusterRuntime> {
  const made = await world.maker.zoneClient(nameserver(), () => {});
  if (made.kind === 'failed') throw new Error(made.failure.message);
  const bugs: unknown[] = [];
  const runtime = createClusterRuntime({
    settings: clusterSettings(),
    remembered: [],
    prober,
    zoneClients: new Map([['ns1', made.client]]),
    clock,
    random: systemRandom,
    onRecord: () => {},
    onBug: (error) => bugs.push(error),
  });
  onTestFinished(async () => {
    await runtime.stop();
    expect(bugs).toEqual([]);
  });
  runtime.start();
  return runtime;
}

/** How many connections of ours that server has now, and has had in total. */
async function connectionsOf(index: number): Promise<{ now: number; ever: number }> {
  const [row] = await mysql.servers[index]!.sql(
    `SELECT COALESCE(SUM(CURRENT_CONNECTIONS), 0) AS now, COALESCE(SUM(TOTAL_CONNECTIONS), 0) AS ever FROM performance_schema.users WHERE USER = '${user}'`,
  );
  return { now: Number(row!['now']), ever: Number(row!['ever']) };
}

beforeAll(async () => {
  mysql = await startMysqlServers(3, {
    replicate: true,
    readOnly: (index) => (index === 0 ? 'off' : 'super-read-only'),
    options: (index) => (index === 0 ? [] : [`--report-host=127.0.0.${11 + index}`]),
  });
  await mysql.servers[0]!.sql(
    `CREATE USER ${account} IDENTIFIED BY '${mysql.password}'`,
    ...grantStatements(account),
  );
  // The replication carries the account to the replicas, as it does for users.
  await until(
    () => mysql.servers[1]!.sql(`SELECT 1 FROM mysql.tables_priv WHERE User = '${user}'`),
    (rows) => rows.length === probedTables.length,
  );
});

afterAll(async () => {
  await mysql?.stop();
  expect(livingProcesses()).toEqual([]);
});

describe('a server that is not configured', () => {
  test('is not found without the privilege, and nothing else is missing', async () => {
    expect(await factsOf(newProber(), addressOf(0))).toMatchObject({ readOnly: false });
    expect((await factsOf(newProber(), addressOf(0))).replicas).toBeUndefined();
  });

  test('is found inside the scope, counted, shown, and not published; outside it is never connected to', async () => {
    await mysql.servers[0]!.sql(`GRANT REPLICATION SLAVE ON *.* TO ${account}`);
    const prober = newProber();
    const told = await until(
      async () => (await factsOf(prober, addressOf(0))).replicas ?? [],
      (rows) => rows.length === 2,
    );
    expect(told.map(({ address }) => address).toSorted()).toEqual([addressOf(1), addressOf(2)]);

    const world = smallWorld();
    const runtime = await start(prober, world);
    const found = await until(
      () => runtime.snapshot(),
      ({ servers, decision }) =>
        servers.some(({ discovered }) => discovered?.state === 'verified') && decision.reason === 'steady',
    );
    expect(found.servers).toMatchObject([
      { server: addressOf(0), discovered: null },
      {
        server: addressOf(1),
        role: 'replica',
        discovered: { by: addressOf(0), how: 'replicas', state: 'verified' },
        alarms: ['not-configured'],
      },
    ]);
    expect(found.decision.sentence).toContain('1 of 1 other servers replicate from it');
    expect([...world.zone.values()].filter(({ type }) => type === 'A')).toMatchObject([
      { name: 'source.shop.db.example.com.', rdata: ['127.0.0.11'] },
      { name: replicas.name, rdata: ['127.0.0.11'] },
    ]);
    expect((await connectionsOf(1)).now).toBe(1);
    expect(await connectionsOf(2)).toEqual({ now: 0, ever: 0 });

    // It leaves, and leaves no trace.
    await mysql.servers[1]!.sql('STOP REPLICA');
    await until(
      () => runtime.snapshot().servers,
      (servers) => servers.length === 1,
    );
    await until(
      () => connectionsOf(1),
      ({ now }) => now === 0,
    );
    expect(await connectionsOf(2)).toEqual({ now: 0, ever: 0 });
  });
});
