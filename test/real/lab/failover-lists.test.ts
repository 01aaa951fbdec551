/** Asynchronous connection failover of MySQL (manual 19.4.9), with real servers. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Channel, ServerFacts } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { failoverTables } from '../../../src/mysql/answer/failover-list-rows.ts';
import { accountName, grantStatements } from '../../../src/mysql/answer/grants.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { clock, factsOf, proberFor, until } from './probing.ts';
import { rowRecorder } from './row-recorder.ts';

const account = accountName('source_dns', '127.0.0.%');
const group = 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa';

describe('asynchronous connection failover', () => {
  let mysql: MysqlServers;
  let prober: ServerProber;

  const addressOf = (index: number): ServerAddress =>
    `${mysql.servers[index]!.address}:${mysql.port}` as ServerAddress;
  const facts = (index: number): Promise<ServerFacts> => factsOf(prober, addressOf(index));
  const channelOf = async (index: number): Promise<Channel> => (await facts(index)).channels[0]!;
  const recorder = () =>
    rowRecorder('mysql-9.7-failover-lists', { user: 'source_dns', password: mysql.password });
  let rows: ReturnType<typeof recorder>;

  beforeAll(async () => {
    mysql = await startMysqlServers(3, {
      replicate: true,
      readOnly: (index) => (index === 0 ? 'off' : 'super-read-only'),
    });
    await mysql.follow(2, 0);
    await mysql.servers[0]!.sql(
      `CREATE USER ${account} IDENTIFIED BY '${mysql.password}'`,
      ...grantStatements(account),
    );
    prober = proberFor(
      mysql.servers.map((_, index) => addressOf(index)),
      mysql.password,
    );
    rows = recorder();
    await until(
      () => prober.probe(addressOf(2), (clock.mono() + 5000) as never),
      ({ kind }) => kind === 'reachable',
    );
  });

  afterAll(async () => {
    await prober?.close();
    await mysql?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test('off: the prober asks nothing, and finds nothing', async () => {
    expect(await channelOf(2)).toMatchObject({ receiver: 'on', autoFailover: false });
    expect((await channelOf(2)).failoverSources).toBeUndefined();
  });

  test('on: without the grants the server is still seen; the grants show its list, and the groups that keep it', async () => {
    const [host = '', port = 0] = [mysql.servers[0]!.address, mysql.port];
    await mysql.servers[2]!.sql(
      'STOP REPLICA',
      `CHANGE REPLICATION SOURCE TO SOURCE_CONNECTION_AUTO_FAILOVER=1, SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=1`,
      `SELECT asynchronous_connection_failover_add_source('', '${host}', ${port}, '', 80)`,
      `SELECT asynchronous_connection_failover_add_source('', '${mysql.servers[1]!.address}', ${port}, '', 60)`,
      'START REPLICA',
    );
    const denied = await until(
      () => channelOf(2),
      ({ receiver }) => receiver === 'on',
    );
    expect(denied).toMatchObject({ autoFailover: true });
    expect(denied.failoverSources).toBeUndefined();

    const grants = failoverTables.map((table) => `GRANT SELECT ON performance_schema.${table} TO ${account}`);
    await mysql.servers[0]!.sql(...grants);
    const seen = await until(
      () => channelOf(2),
      ({ failoverSources }) => failoverSources !== undefined,
    );
    expect(seen.failoverSources).toEqual([
      { address: addressOf(0), weight: 80 },
      { address: addressOf(1), weight: 60 },
    ]);
    expect(seen.managedGroups).toBeUndefined();
    await rows.take('replica-with-a-list', addressOf(2));
  });

  test('its source crashes: the replica goes to the next in its list, even a read-only one, and back when the first returns', async () => {
    await mysql.servers[0]!.kill9();
    const source = (await facts(1)).id;
    const moved = await until(
      () => channelOf(2),
      ({ receiver, sourceId }) => receiver === 'on' && sourceId === source,
    );
    expect(moved).toMatchObject({ sourceAddress: addressOf(1), autoFailover: true });
    await rows.take('replica-that-moved', addressOf(2));
    await mysql.servers[0]!.start();
    const back = (await facts(0)).id;
    await until(
      () => channelOf(2),
      ({ receiver, sourceId }) => receiver === 'on' && sourceId === back,
    );
  });

  test('a managed group has its name beside each of its members, and its weights', async () => {
    await mysql.servers[2]!.sql(
      `SELECT asynchronous_connection_failover_delete_source('', '${mysql.servers[1]!.address}', ${mysql.port}, '')`,
      `SELECT asynchronous_connection_failover_add_managed('', 'GroupReplication', '${group}', '${mysql.servers[1]!.address}', ${mysql.port}, '', 70, 50)`,
    );
    const { failoverSources, managedGroups } = await channelOf(2);
    expect(failoverSources).toEqual([
      { address: addressOf(0), weight: 80 },
      { address: addressOf(1), weight: expect.any(Number), managed: group },
    ]);
    expect(managedGroups).toEqual([{ name: group, primaryWeight: 70, secondaryWeight: 50 }]);
    await rows.take('replica-with-a-managed-group', addressOf(2));
    rows.write('Recorded from MySQL 9.7.4 of Debian by test/real/lab/failover-lists.test.ts.');
  });
});
