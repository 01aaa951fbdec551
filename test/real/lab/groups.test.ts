/** Real groups that shrink in order, a channel between two groups, and a server with two addresses. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { findFreePort } from '../../../src/lab/host/free-ports.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { accountName, grantStatements } from '../../../src/mysql/answer/grants.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { statementsIn } from '../../support/statements.ts';
import { type FollowedName, followedName } from './followed-name.ts';
import { factsOf, proberFor, until } from './probing.ts';

const account = accountName('source_dns', '127.0.0.%');
const withoutLog = 'SET sql_log_bin = 0';
const hosts = ['127.0.0.11', '127.0.0.12', '127.0.0.13'];

describe('a group of two, and a group of one that replicates from it', () => {
  const groups = [
    'aaaaaaaa-5ce7-4d15-8e9d-00000000000a',
    'aaaaaaaa-5ce7-4d15-8e9d-00000000000a',
    'bbbbbbbb-5ce7-4d15-8e9d-00000000000b',
  ];
  let mysql: MysqlServers;
  let prober: ServerProber;
  let name: FollowedName;
  const addressOf = (index: number): ServerAddress =>
    `${mysql.servers[index]!.address}:${mysql.port}` as ServerAddress;
  const sql = (index: number, ...statements: string[]) => mysql.servers[index]!.sql(...statements);
  const start = (index: number) =>
    sql(index, `START GROUP_REPLICATION USER='repl', PASSWORD='${mysql.password}'`);
  const serverOf = (index: number) => name.snapshot().servers[index]!;
  const stateOf = async (index: number) => {
    const { group, id } = await factsOf(prober, addressOf(index));
    return group?.members.find((member) => member.id === id)?.state;
  };

  async function bootstrap(index: number): Promise<void> {
    await sql(index, 'SET GLOBAL group_replication_bootstrap_group = ON');
    await start(index);
    await sql(index, 'SET GLOBAL group_replication_bootstrap_group = OFF');
  }

  /** A channel between the primaries of two groups; it does not stop with the group. */
  async function replicate(replica: number, source: number): Promise<void> {
    await sql(
      replica,
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${mysql.servers[source]!.address}', SOURCE_PORT=${mysql.port}, SOURCE_USER='repl', SOURCE_PASSWORD='${mysql.password}',
       SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1, SOURCE_CONNECT_RETRY=1, SOURCE_HEARTBEAT_PERIOD=0.5 FOR CHANNEL 'clusterset_replication'`,
      "START REPLICA FOR CHANNEL 'clusterset_replication'",
    );
  }

  /** Makes a replica cluster the primary cluster. */
  async function open(index: number): Promise<void> {
    const channel = "FOR CHANNEL 'clusterset_replication'";
    await sql(index, `STOP REPLICA ${channel}`, `RESET REPLICA ALL ${channel}`, 'SET GLOBAL read_only = OFF');
  }

  beforeAll(async () => {
    // A group needs an address of an interface: on loopback the members differ by port.
    const ports: number[] = [];
    for (const _ of hosts) ports.push(await findFreePort(['127.0.0.1'], { butNot: ports }));
    const seeds = (name: string | undefined) =>
      ports.filter((_, index) => groups[index] === name).map((port) => `127.0.0.1:${port}`);
    const options = (index: number): readonly string[] => [
      '--plugin-load-add=group_replication.so',
      `--group-replication-group-name=${groups[index]}`,
      `--group-replication-local-address=127.0.0.1:${ports[index]}`,
      `--group-replication-group-seeds=${seeds(groups[index]).join(',')}`,
      '--group-replication-start-on-boot=OFF',
      '--group-replication-ip-allowlist=127.0.0.0/8',
      '--group-replication-recovery-get-public-key=ON',
      '--group-replication-recovery-reconnect-interval=1',
    ];
    mysql = await startMysqlServers(3, { options });
    const statements = [
      withoutLog,
      `CREATE USER ${account} IDENTIFIED BY '${mysql.password}'`,
      ...grantStatements(account),
    ];
    await Promise.all(mysql.servers.map((server) => server.sql(...statements)));
    const servers = mysql.servers.map((_, index) => addressOf(index));
    prober = proberFor(servers, mysql.password);
  });

  afterAll(async () => {
    await name?.stop();
    await prober?.close();
    await mysql?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  /** Every former source in the ledger, which is read a moment after the move. */
  const rejoined = (wanted: number) =>
    until(
      () => name.snapshot().ledger,
      (ledger) => ledger?.epoch === wanted && ledger.was.length === 0,
    );

  test('a server outside its group says so', async () => {
    const { group, id } = await factsOf(prober, addressOf(0));
    // In older versions this row had no identity.
    expect(group).toMatchObject({
      name: groups[0],
      singlePrimary: true,
      members: [{ id, state: 'OFFLINE' }],
    });
  });

  test('the primary of the first group is published; that of the other one is read-only, and replicates', async () => {
    await bootstrap(0);
    await sql(
      2,
      "DO group_replication_disable_member_action('mysql_disable_super_read_only_if_primary', 'AFTER_PRIMARY_ELECTION')",
    );
    await bootstrap(2);
    await Promise.all([start(1), replicate(2, 0)]);
    for (const index of [0, 1, 2])
      await until(
        () => stateOf(index),
        (state) => state === 'ONLINE',
      );
    name = await followedName(
      [0, 1, 2].map((index) => addressOf(index)),
      prober,
    );
    await name.recorded('move', ({ to }) => to.server === addressOf(0));
    await until(
      () => name.snapshot().decision,
      ({ sentence }) => sentence.includes('a majority of the group says PRIMARY'),
    );
    expect(serverOf(2)).toMatchObject({
      writable: false,
      replicatesFrom: [{ source: addressOf(0), receiver: 'on' }],
    });
  });

  test('a member leaves in order: the last member is the source, and the hint for the other is to join, not to open', async () => {
    await sql(0, 'STOP GROUP_REPLICATION');
    expect(await name.recorded('move', ({ to }) => to.server === addressOf(1))).toMatchObject({
      reason: 'switchover',
    });
    expect(serverOf(0).evidence.join('; ')).toContain('is read-only and OFFLINE in its group');
    const missing = serverOf(0).missing.join('; ');
    expect(missing).toContain('START GROUP_REPLICATION');
    expect(missing).not.toContain('read_only');
  });

  test('START GROUP_REPLICATION: the member has rejoined, and the group can give it its role back', async () => {
    await start(0);
    await rejoined(2);
    await sql(0, 'DO group_replication_set_as_primary(@@server_uuid)');
    await name.recorded('move', ({ to, epoch }) => to.server === addressOf(0) && epoch === 3);
    await rejoined(3);
  });

  test('the hint for a member in ERROR stops the plugin first: MySQL refuses START alone', async () => {
    // By default (OFFLINE_MODE) it would let no client in.
    const brief = [
      'SET GLOBAL group_replication_recovery_retry_count = 1',
      "SET GLOBAL group_replication_exit_state_action = 'READ_ONLY'",
    ];
    await sql(1, 'STOP GROUP_REPLICATION', ...brief);
    // A transaction to fetch, and an account that may not fetch it.
    await sql(0, 'CREATE DATABASE fetched');
    await sql(1, "START GROUP_REPLICATION USER='repl', PASSWORD='wrong'");
    await until(
      () => stateOf(1),
      (state) => state === 'ERROR',
    );
    const told = await until(
      () => serverOf(1).missing.flatMap(statementsIn),
      (statements) => statements.includes('STOP GROUP_REPLICATION'),
    );
    expect(told.slice(0, 2)).toEqual(['STOP GROUP_REPLICATION', 'START GROUP_REPLICATION']);
    await expect(start(1)).rejects.toThrow('already running');
    await sql(1, told[0]!);
    await start(1);
    await until(
      () => stateOf(1),
      (state) => state === 'ONLINE',
    );
  });

  test('a planned change of the primary cluster: the other group takes over, and the first one replicates from it', async () => {
    await sql(0, 'SET GLOBAL super_read_only = ON');
    await open(2);
    await replicate(0, 2);
    expect(await name.recorded('move', ({ to }) => to.server === addressOf(2))).toMatchObject({
      reason: 'switchover',
    });
    await rejoined(4);
  });

  test('the primary cluster is lost, and the other one is opened by force: a person must decide, and the hold names both', async () => {
    await mysql.servers[2]!.kill9();
    await open(0);
    const { sentence } = await until(
      () => name.snapshot().decision,
      ({ reason, sentence: said }) =>
        reason === 'unproven-candidate' && said.includes(`No member of the group of ${addressOf(2)} answers`),
    );
    expect(sentence).toContain(`source-dns follow shop ${addressOf(0)}`);
  });
});

describe('one server under two configured addresses', () => {
  let mysql: MysqlServers;
  let prober: ServerProber;
  let name: FollowedName;

  beforeAll(async () => {
    mysql = await startMysqlServers(1, { options: () => [`--bind-address=${hosts[0]},${hosts[1]}`] });
    await mysql.servers[0]!.sql(
      `CREATE USER ${account} IDENTIFIED BY '${mysql.password}'`,
      ...grantStatements(account),
    );
    const servers = [0, 1].map((index) => `${hosts[index]}:${mysql.port}` as ServerAddress);
    prober = proberFor(servers, mysql.password);
    name = await followedName(servers, prober);
  });

  afterAll(async () => {
    await name?.stop();
    await prober?.close();
    await mysql?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test('is published under the first one, also after a restart; the alarm names the other one, and no copied data folder', async () => {
    const codes = () => name.snapshot().alarms.map(({ code }) => code);
    await name.recorded('move', ({ to }) => to.server === `${hosts[0]}:${mysql.port}`);
    await until(codes, (seen) => seen.includes('same-server'));
    await mysql.servers[0]!.restart();
    await until(
      () => name.snapshot(),
      ({ decision, servers }) =>
        decision.reason === 'steady' && servers.every(({ writable }) => writable === true),
    );
    expect(codes()).toEqual(['same-server']);
    expect(
      name
        .snapshot()
        .servers.flatMap(({ missing }) => missing)
        .join('; '),
    ).not.toContain('auto.cnf');
  });
});
