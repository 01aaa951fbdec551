/** Probes of real MariaDB servers. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { contains, countGtids, formatGtidSet, subtract } from '../../../src/core/gtid/gtid.ts';
import type { ServerFacts } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { ProberOptions } from '../../../src/mysql/probe.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { type MariadbServers, startMariadbServers } from '../../support/servers/mariadb-fixture.ts';
import { deadline, factsOf, proberFor, until } from './probing.ts';
import { type RowRecorder, rowRecorder } from './row-recorder.ts';

describe.each(['10.11', '11.8'] as const)('MariaDB %s', (series) => {
  let mariadb: MariadbServers;
  let prober: ServerProber;
  let recorder: RowRecorder;

  const addressOf = (index: number): ServerAddress =>
    `${mariadb.servers[index]!.address}:${mariadb.port}` as ServerAddress;
  const facts = (index: number): Promise<ServerFacts> => factsOf(prober, addressOf(index));
  const receiverIs = (state: string) => (seen: ServerFacts) => seen.channels[0]?.receiver === state;
  const executed = async (index: number) => (await facts(index)).gtidExecuted!;
  const caughtUp = (): Promise<unknown> =>
    until(
      async () => contains(await executed(1), await executed(0)),
      (all) => all,
    );
  const write = (index: number, ...ids: number[]): Promise<unknown> =>
    mariadb.servers[index]!.sql(...ids.map((id) => `INSERT INTO shop.t VALUES (${id})`));

  beforeAll(async () => {
    mariadb = await startMariadbServers(series, 2, {
      readOnly: (index) => index > 0,
      options: (index) => (index > 0 ? [`--report-host=127.0.0.${21 + index}`] : []),
    });
    recorder = rowRecorder(`mariadb-${series}`, mariadb);
    await mariadb.servers[0]!.sql('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)');
    await mariadb.follow(1, 0);
  });

  afterAll(async () => {
    recorder?.write(
      `MariaDB ${mariadb.programs.version} of Debian: server 1 is the source, server 2 its replica.`,
    );
    await mariadb?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  function newProber(options: Partial<ProberOptions> = {}): ServerProber {
    const { user, password } = mariadb;
    return proberFor(
      mariadb.servers.map((_, index) => addressOf(index)),
      password,
      { user, ...options },
    );
  }

  beforeEach(() => {
    prober = newProber();
  });

  afterEach(() => prober.close());

  test('one privilege, which docs/SERVERS.md names, shows a source and its replica', async () => {
    const source = await facts(0);
    expect(source).toMatchObject({
      id: `mariadb:1@${addressOf(0)}`,
      flavour: 'mariadb',
      serverId: 1,
      readOnly: false,
      superReadOnly: false,
      offlineMode: false,
      channels: [],
    });
    expect(`${source.version.major}.${source.version.minor}`).toBe(series);
    expect(source.uptimeSeconds).toBeLessThan(300);
    const replica = await until(
      () => facts(1),
      // On a busy machine a new replica lags for a moment.
      ({ channels: [channel] }) =>
        channel?.receiver === 'on' && channel.heardAgoMs !== undefined && channel.lagSeconds === 0,
    );
    expect(replica).toMatchObject({ id: `mariadb:2@${addressOf(1)}`, serverId: 2, readOnly: true });
    expect(replica.channels).toMatchObject([
      {
        name: '',
        sourceServerId: 1,
        sourceAddress: addressOf(0),
        receiver: 'on',
        applier: 'on',
        heartbeatMs: 200,
        lagSeconds: 0,
        autoFailover: false,
      },
    ]);
    await caughtUp();
    expect(formatGtidSet(await executed(1))).toBe(formatGtidSet(await executed(0)));
    await recorder.take('source', addressOf(0));
    await recorder.take('replica-on', addressOf(1));
  });

  test('the core counts what a replica lacks, and what only the replica has', async () => {
    await caughtUp();
    await mariadb.servers[1]!.sql('STOP REPLICA');
    await write(0, 1, 2, 3);
    await mariadb.servers[1]!.sql('INSERT INTO shop.t VALUES (-1)');
    expect(countGtids(subtract(await executed(0), await executed(1)))).toBe(3);
    const errant = subtract(await executed(1), await executed(0));
    expect(countGtids(errant)).toBe(1);
    expect([...errant.keys()]).toEqual(['0-2']);
    await recorder.take('replica-stopped-errant', addressOf(1));
    const stopped = (await facts(1)).channels[0]!;
    expect(stopped).toMatchObject({ receiver: 'off', applier: 'off' });
    expect(stopped.lagSeconds).toBeUndefined();
    // Repaired as a person would: the position and the row are taken back.
    const position = (await facts(0)).positions!.current;
    await mariadb.servers[1]!.sql(
      'DELETE FROM shop.t',
      'RESET MASTER',
      `SET GLOBAL gtid_slave_pos = '${formatGtidSet(position)}'`,
    );
    await mariadb.servers[1]!.sql('START REPLICA');
    await until(() => facts(1), receiverIs('on'));
    await caughtUp();
  });

  test('a replica is late if it cannot apply a transaction', async () => {
    const holder = await mariadb.servers[1]!.connect();
    await holder.query('LOCK TABLES shop.t READ');
    await write(0, 10);
    const late = await until(
      () => facts(1),
      ({ channels }) => (channels[0]?.lagSeconds ?? 0) >= 1,
    );
    expect(late.channels[0]).toMatchObject({ receiver: 'on', applier: 'on' });
    expect(countGtids(subtract(late.channels[0]!.retrieved!, late.gtidExecuted!))).toBe(1);
    await recorder.take('replica-behind', addressOf(1));
    await holder.query('UNLOCK TABLES');
    holder.destroy();
    await caughtUp();
  });

  test('a source that hangs: the receiver says "on", but nothing was heard for longer than twice the heartbeat', async () => {
    await until(
      () => facts(1),
      ({ channels }) => (channels[0]?.heardAgoMs ?? 1000) < 400,
    );
    await mariadb.servers[0]!.suspend();
    try {
      const silent = await until(
        () => facts(1),
        ({ channels }) => (channels[0]?.heardAgoMs ?? 0) > 800,
      );
      expect(silent.channels[0]).toMatchObject({ receiver: 'on', sourceServerId: 1 });
      expect(await prober.probe(addressOf(0), deadline())).toMatchObject({
        kind: 'unknown',
        failure: { code: 'deadline' },
      });
    } finally {
      mariadb.servers[0]!.resume();
    }
    await until(
      () => facts(1),
      ({ channels }) => (channels[0]?.heardAgoMs ?? 1000) < 400,
    );
  });

  test('a source that crashed: the receiver connects, and the prober remembers the server for that address only', async () => {
    await until(() => facts(1), receiverIs('on'));
    await mariadb.servers[0]!.kill9();
    const connecting = await until(() => facts(1), receiverIs('connecting'));
    expect(connecting.channels[0]).toMatchObject({ sourceServerId: 1, applier: 'on' });
    await until(
      () => facts(1),
      ({ channels }) => /error (?:re)?connecting/.test(channels[0]?.lastError ?? ''),
    );
    await recorder.take('replica-connecting', addressOf(1));
    await mariadb.servers[0]!.start();
    await until(() => facts(1), receiverIs('on'));
    // MariaDB still shows the last Master_Server_Id after the address has changed: it belongs to another
    // server.
    await mariadb.servers[1]!.sql('STOP REPLICA', 'CHANGE MASTER TO MASTER_PORT=1', 'START REPLICA');
    const elsewhere = await until(() => facts(1), receiverIs('connecting'));
    expect(elsewhere.channels[0]?.sourceAddress).toBe(`${mariadb.servers[0]!.address}:1`);
    expect(elsewhere.channels[0]?.sourceServerId).toBeUndefined();
    await recorder.take('replica-connecting-elsewhere', addressOf(1));
    await mariadb.servers[1]!.sql(
      'STOP REPLICA',
      `CHANGE MASTER TO MASTER_PORT=${mariadb.port}`,
      'START REPLICA',
    );
    await until(() => facts(1), receiverIs('on'));
  });

  test('several channels', async () => {
    await mariadb.servers[1]!.sql(
      "CHANGE MASTER 'second' TO MASTER_HOST='db9.example.com', MASTER_USER='repl', MASTER_HEARTBEAT_PERIOD=0",
    );
    const [first, second] = (await facts(1)).channels;
    expect([first?.name, second?.name]).toEqual(['', 'second']);
    expect(second).toMatchObject({
      sourceAddress: 'db9.example.com:3306',
      receiver: 'off',
      applier: 'off',
      heartbeatMs: 0,
    });
    expect(second?.sourceServerId).toBeUndefined();
    await recorder.take('replica-two-channels', addressOf(1));
    await mariadb.servers[1]!.sql("RESET REPLICA 'second' ALL");
    expect((await facts(1)).channels).toHaveLength(1);
  });

  test('one more privilege shows its replicas, if servers may be discovered', async () => {
    const account = "'source_dns'@'127.0.0.%'";
    const discoverWithin = [{ kind: 'suffix', suffix: '.lan' }] as const;
    const without = newProber({ discoverWithin });
    expect((await factsOf(without, addressOf(0))).replicas).toBeUndefined();
    await without.close();
    await mariadb.servers[0]!.sql(
      'SET sql_log_bin = 0',
      `GRANT REPLICATION MASTER ADMIN ON *.* TO ${account}`,
    );
    const having = newProber({ discoverWithin });
    await until(
      async () => (await factsOf(having, addressOf(0))).replicas,
      (replicas) => JSON.stringify(replicas) === JSON.stringify([{ address: addressOf(1), claim: 2 }]),
    );
    await having.close();
    await mariadb.servers[0]!.sql(
      'SET sql_log_bin = 0',
      `REVOKE REPLICATION MASTER ADMIN ON *.* FROM ${account}`,
    );
  });

  test('without the privilege the server is alive, and the hint grants it', async () => {
    const account = "'source_dns'@'127.0.0.%'";
    await mariadb.servers[0]!.sql('SET sql_log_bin = 0', `REVOKE REPLICA MONITOR ON *.* FROM ${account}`);
    const answer = await prober.probe(addressOf(0), deadline());
    const hint = expect.stringMatching(
      /^Run on the source, .*: GRANT REPLICA MONITOR ON \*\.\* TO 'source_dns'@'127\.0\.0\.%';$/,
    );
    expect(answer).toMatchObject({ kind: 'alive', failure: { code: 'mysql-1227', hint } });
    await mariadb.servers[0]!.sql('SET sql_log_bin = 0', `GRANT REPLICA MONITOR ON *.* TO ${account}`);
    // It counts for new connections only, so the prober must have opened one.
    await facts(0);
  });

  test('a server without binary log shows what it has replicated, and nothing of its own', async () => {
    await mariadb.servers[1]!.restart(['--skip-log-bin', '--read-only=OFF']);
    await mariadb.servers[1]!.sql('INSERT INTO shop.t VALUES (99)', 'START REPLICA');
    const seen = await until(() => facts(1), receiverIs('on'));
    expect(seen.gtidExecuted).toBeUndefined();
    const source = await executed(0);
    await until(
      async () => contains((await facts(1)).gtidReplicated!, source),
      (all) => all,
    );
    expect(formatGtidSet((await facts(1)).gtidReplicated!)).not.toContain('-2-');
    await mariadb.servers[1]!.sql('DELETE FROM shop.t WHERE i = 99');
    await mariadb.servers[1]!.restart();
    await until(() => facts(1), receiverIs('on'));
  });

  test('a promotion, within one session', async () => {
    await caughtUp();
    const before = await facts(1);
    await mariadb.servers[1]!.sql(
      'STOP REPLICA',
      'RESET REPLICA ALL',
      'SET GLOBAL read_only = OFF',
      'INSERT INTO shop.t VALUES (100)',
    );
    const promoted = await facts(1);
    expect(promoted).toMatchObject({ readOnly: false, channels: [], session: before.session });
    expect([...promoted.gtidExecuted!.keys()].toSorted()).toEqual(['0-1', '0-2']);
    expect(contains(promoted.gtidExecuted!, await executed(0))).toBe(true);
    await recorder.take('promoted', addressOf(1));
    // The old source becomes its replica, and knows the new one by its server_id.
    await mariadb.servers[0]!.sql(
      'SET GLOBAL read_only = ON',
      `SET GLOBAL gtid_slave_pos = @@gtid_binlog_pos`,
    );
    await mariadb.follow(0, 1);
    const demoted = await until(() => facts(0), receiverIs('on'));
    expect(demoted).toMatchObject({
      readOnly: true,
      channels: [{ sourceServerId: 2, sourceAddress: addressOf(1) }],
    });
    await until(
      async () => contains(await executed(0), await executed(1)),
      (all) => all,
    );
  });
});
