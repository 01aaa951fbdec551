/** Every gtid_mode on real servers: the name moves there and back, and the former source rejoins. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contains, parseGtidSet, restrict } from '../../../src/core/gtid/gtid.ts';
import { type GtidMode, gtidModes } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { ServerSnapshot, Snapshot } from '../../../src/core/report/snapshot-types.ts';
import { systemRandom } from '../../../src/daemon/clock.ts';
import { type ClusterRuntime, createClusterRuntime } from '../../../src/daemon/runtime.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { accountName, grantStatements } from '../../../src/mysql/answer/grants.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { settings as settingsWith } from '../../support/fakes.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { nameserver, smallWorld } from '../../support/small-world.ts';
import { clock, factsOf, proberFor, until } from './probing.ts';
import { rowRecorder } from './row-recorder.ts';

/** The replica's place in the binary log of its source. */
type Positioning = 'places' | 'auto-position';

const user = 'source_dns';
const account = accountName(user, '127.0.0.%');
const both = [0, 1] as const;
const world = smallWorld();

let mysql: MysqlServers;
let prober: ServerProber | undefined;
let runtime: ClusterRuntime | undefined;
const written: string[] = [];
const bugs: unknown[] = [];

const addressOf = (index: number): ServerAddress =>
  `${mysql.servers[index]!.address}:${mysql.port}` as ServerAddress;
const sql = (index: number, ...statements: string[]) => mysql.servers[index]!.sql(...statements);
const facts = (index: number) => factsOf(prober!, addressOf(index));
const snapshot = (): Snapshot => runtime!.snapshot();
const shown = (index: number): ServerSnapshot =>
  snapshot().servers.find(({ server }) => server === addressOf(index))!;

async function start(): Promise<void> {
  const servers = both.map((index) => ({ address: addressOf(index), candidate: 'auto' as const }));
  prober = proberFor(both.map(addressOf), mysql.password);
  const made = await world.maker.zoneClient(nameserver(), () => {});
  if (made.kind === 'failed') throw new Error(made.failure.message);
  const watch = {
    ...settingsWith().watch,
    intervalMs: 100,
    suspectIntervalMs: 20,
    freshForMs: 2000,
    maxMoves: 1000,
  };
  runtime = createClusterRuntime({
    settings: settingsWith({ servers, watch, allowLoopback: true }),
    remembered: [],
    prober,
    zoneClients: new Map([['ns1', made.client]]),
    clock,
    random: systemRandom,
    onRecord: (entry) => entry.kind === 'written' && written.push(entry.sentence),
    onBug: (error) => bugs.push(error),
  });
  runtime.start();
}

async function stop(): Promise<void> {
  await runtime?.stop();
  await prober?.close();
}

/** A privilege counts for new connections only. */
async function changeGrants(statement: string): Promise<void> {
  for (const index of both) {
    const [row] = await sql(index, 'SELECT @@GLOBAL.super_read_only AS closed');
    const isClosed = Number(row!['closed']) === 1;
    await sql(
      index,
      ...(isClosed ? ['SET GLOBAL super_read_only = OFF'] : []),
      'SET sql_log_bin = 0',
      statement,
    );
    if (isClosed) await sql(index, 'SET GLOBAL super_read_only = ON');
  }
  await stop();
  await start();
}

async function endOf(index: number): Promise<{ file: string; position: string }> {
  const [row] = await sql(index, 'SHOW BINARY LOG STATUS');
  return { file: String(row!['File']), position: String(row!['Position']) };
}

async function follow(replica: number, source: number, by: Positioning): Promise<void> {
  const { file, position } = await endOf(source);
  const where =
    by === 'auto-position'
      ? 'SOURCE_AUTO_POSITION=1'
      : `SOURCE_LOG_FILE='${file}', SOURCE_LOG_POS=${position}`;
  await sql(
    replica,
    'SET GLOBAL super_read_only = ON',
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${mysql.servers[source]!.address}', SOURCE_PORT=${mysql.port}, SOURCE_USER='repl', SOURCE_PASSWORD='${mysql.password}',
     ${where}, GET_SOURCE_PUBLIC_KEY=1, SOURCE_CONNECT_RETRY=1, SOURCE_HEARTBEAT_PERIOD=0.2`,
    'START REPLICA',
  );
}

const writeTo = (index: number) => sql(index, 'INSERT INTO shop.orders VALUES ()');

/** Resolves when the replica has applied the whole binary log of the source. */
async function caughtUp(replica: number, source: number): Promise<void> {
  const end = await endOf(source);
  const [row] = await sql(replica, `SELECT SOURCE_POS_WAIT('${end.file}', ${end.position}, 10) AS waited`);
  expect(Number(row!['waited'])).toBeGreaterThanOrEqual(0);
}

/** The manual's procedure (19.4.8): close the source, let the new one catch up, repoint, open the new one. */
async function switchOver(from: number, to: number, by: Positioning): Promise<void> {
  await writeTo(from);
  await sql(from, 'SET GLOBAL super_read_only = ON');
  await caughtUp(to, from);
  await sql(to, 'STOP REPLICA', 'RESET REPLICA ALL');
  await follow(from, to, by);
  await sql(to, 'SET GLOBAL super_read_only = OFF', 'SET GLOBAL read_only = OFF');
  await moved(to);
}

/** Resolves when the name is at the new source. */
const moved = (to: number): Promise<unknown> =>
  until(
    () => snapshot().ledger?.source,
    (source) => source === addressOf(to),
  );

/** Resolves with the sentence by which the former source rejoined. */
async function rejoined(former: number): Promise<string> {
  const { sentence } = await until(
    () => ({ ...shown(former), sentence: written.at(-1) ?? '' }),
    ({ role, sentence: last }) => role === 'replica' && last.startsWith(`${addressOf(former)} `),
  );
  return sentence;
}

const alarm = () => snapshot().alarms.find(({ code }) => code === 'not-comparable');

/** Resolves with the alarm that nothing shows when the former source has caught up. */
const notComparable = async (): Promise<string> =>
  (await until(alarm, (raised) => raised !== undefined))!.sentence;

/**
 * One write on the source, and the former source rejoins. A source with gtid_mode ON shows no places, so to a
 * replica in ON_PERMISSIVE only a write proves anything, after the replica was seen attached
 * (docs/decisions/019). The alarm shows when that was.
 */
async function comesBack(former: number, source: number, modes: readonly GtidMode[]): Promise<string> {
  if (modes[source] === 'ON' && modes[former] !== 'ON') await notComparable();
  await writeTo(source);
  return rejoined(former);
}

/** `modes`: the mode of each server. */
async function thereAndBack(by: Positioning, modes: readonly GtidMode[]): Promise<readonly [string, string]> {
  await switchOver(0, 1, by);
  const there = await comesBack(0, 1, modes);
  await switchOver(1, 0, by);
  return [there, await comesBack(1, 0, modes)];
}

/** A replica may still apply what the source wrote last. */
const noGtidOwned = (index: number) =>
  until(
    async () => (await sql(index, 'SELECT @@GLOBAL.gtid_owned AS owned'))[0]!['owned'],
    (owned) => owned === '',
  );

/** One step at a time, as the manual says (19.1.4.2); with OFF no transaction may have a GTID (19.1.4.3). */
async function setMode(index: number, mode: GtidMode): Promise<void> {
  const [row] = await sql(index, 'SELECT @@GLOBAL.gtid_mode AS mode');
  const wanted = gtidModes.indexOf(mode);
  for (let now = gtidModes.indexOf(row!['mode'] as GtidMode); now !== wanted; ) {
    now += Math.sign(wanted - now);
    if (gtidModes[now] === 'OFF') await noGtidOwned(index);
    await sql(index, `SET GLOBAL gtid_mode = ${gtidModes[now]}`);
  }
}

beforeAll(async () => {
  mysql = await startMysqlServers(2, { options: () => ['--gtid-mode=OFF', '--enforce-gtid-consistency=ON'] });
  const schema = ['CREATE DATABASE shop', 'CREATE TABLE shop.orders (id INT PRIMARY KEY AUTO_INCREMENT)'];
  const grants = [...grantStatements(account), `GRANT REPLICATION CLIENT ON *.* TO ${account}`];
  const statements = [`CREATE USER ${account} IDENTIFIED BY '${mysql.password}'`, ...grants, ...schema];
  for (const index of both) await sql(index, 'SET sql_log_bin = 0', ...statements);
  await follow(1, 0, 'places');
  await start();
  await until(snapshot, ({ decision }) => decision.reason === 'steady');
});

afterAll(async () => {
  await stop();
  await mysql?.stop();
  expect(bugs).toEqual([]);
  expect(livingProcesses()).toEqual([]);
});

describe('without REPLICATION CLIENT', () => {
  test('a former source without GTIDs stays superseded; the statement of the alarm ends that', async () => {
    await changeGrants(`REVOKE REPLICATION CLIENT ON *.* FROM ${account}`);
    await until(snapshot, ({ decision }) => decision.reason === 'steady');
    await switchOver(0, 1, 'places');
    const sentence = await notComparable();
    expect(shown(0).role).toBe('superseded');
    const [statement = ''] = /GRANT .* TO our account/.exec(sentence) ?? [];
    await changeGrants(statement.replace('our account', account));
    expect(await rejoined(0)).toContain('has caught up (without GTIDs, its own transactions are not known)');
    expect(alarm()).toBeUndefined();
    await switchOver(1, 0, 'places');
    await rejoined(1);
  });
});

describe('there and back', () => {
  const unknown = 'its own transactions are not known';
  const nothing = 'has no transactions of its own: no longer superseded';
  const nothingWithGtid = 'has no transactions of its own with a GTID';

  // From OFF to ON and back, one server at a time. A source without GTIDs cannot have a replica with
  // gtid_mode ON or with auto-positioning.
  test.each([
    ['OFF', 'OFF', 'places', unknown, unknown],
    ['OFF', 'OFF_PERMISSIVE', 'places', unknown, unknown],
    ['OFF_PERMISSIVE', 'OFF_PERMISSIVE', 'places', unknown, unknown],
    ['OFF_PERMISSIVE', 'ON_PERMISSIVE', 'places', nothingWithGtid, unknown],
    ['ON_PERMISSIVE', 'ON_PERMISSIVE', 'places', nothing, nothing],
    ['ON_PERMISSIVE', 'ON', 'places', nothing, nothing],
    ['ON', 'ON', 'auto-position', nothing, nothing],
    ['ON', 'ON', 'places', nothing, nothing],
    ['ON', 'ON_PERMISSIVE', 'places', nothing, nothing],
    ['ON_PERMISSIVE', 'OFF_PERMISSIVE', 'places', unknown, nothingWithGtid],
    ['OFF_PERMISSIVE', 'OFF', 'places', unknown, unknown],
  ] as const)('%s and %s, by %s', async (first, second, by, ...[there, back]) => {
    await setMode(1, second);
    await setMode(0, first);
    const [wentThere, cameBack] = await thereAndBack(by, [first, second]);
    expect(wentThere).toContain(there);
    expect(cameBack).toContain(back);
  });
});

describe('an idle source with gtid_mode ON', () => {
  test('proves nothing to a replica that takes transactions without GTIDs; the statement of the alarm ends that', async () => {
    for (const mode of ['OFF_PERMISSIVE', 'ON_PERMISSIVE'] as const)
      for (const index of both) await setMode(index, mode);
    await switchOver(0, 1, 'places');
    await writeTo(1);
    await rejoined(0);
    await setMode(0, 'ON');
    await switchOver(1, 0, 'places');
    const sentence = await notComparable();
    expect(shown(1).role).toBe('superseded');
    const [, statement = ''] = /(SET GLOBAL gtid_mode = \w+) on/.exec(sentence) ?? [];
    await sql(1, statement);
    await rejoined(1);
  });
});

describe('what a set shows in a permissive mode', () => {
  const rows = () => rowRecorder('mysql-9.7-permissive', { user, password: mysql.password });
  let recorded: ReturnType<typeof rows>;
  /** An answer on its way belongs to the previous mode. */
  const inMode = (index: number, mode: GtidMode) =>
    until(
      () => facts(index),
      ({ gtidMode }) => gtidMode === mode,
    );

  test('a transaction without a GTID never gets one, in a replica of any mode', async () => {
    recorded = rows();
    await setMode(0, 'OFF_PERMISSIVE');
    await setMode(1, 'ON_PERMISSIVE');
    const before = await inMode(1, 'ON_PERMISSIVE');
    await writeTo(0);
    const end = await endOf(0);
    const after = await until(
      () => facts(1),
      ({ channels }) => channels[0]?.applied?.position === Number(end.position),
    );
    expect(after.gtidExecuted).toEqual(before.gtidExecuted);
    expect(await inMode(0, 'OFF_PERMISSIVE')).toMatchObject({
      gtidReplicated: expect.any(Map),
      binlogEnd: { file: end.file },
    });
    await recorded.take('source-off-permissive', addressOf(0));
    await recorded.take('replica-on-permissive', addressOf(1));
  });

  test('the set of a replica in OFF_PERMISSIVE has the transactions that came with a GTID', async () => {
    for (const index of both) await setMode(index, 'ON_PERMISSIVE');
    await writeTo(0);
    await caughtUp(1, 0);
    await setMode(1, 'OFF_PERMISSIVE');
    await writeTo(0);
    await caughtUp(1, 0);
    const [row] = await sql(0, 'SELECT @@GLOBAL.gtid_executed AS executed, @@server_uuid AS uuid');
    const written = restrict(parseGtidSet(String(row!['executed']))!, (uuid) => uuid === row!['uuid']);
    await until(
      () => facts(1),
      ({ gtidReplicated }) => gtidReplicated !== undefined && contains(gtidReplicated, written),
    );
    await recorded.take('replica-off-permissive', addressOf(1));
    recorded.write('Recorded from MySQL 9.7.4 of Debian by test/real/lab/gtid-modes.test.ts.');
  });

  test('RESET BINARY LOGS AND GTIDS on the source: the new log shows where the former source is', async () => {
    for (const mode of ['OFF_PERMISSIVE', 'OFF'] as const)
      for (const index of both) await setMode(index, mode);
    await writeTo(0);
    await sql(0, 'SET GLOBAL super_read_only = ON');
    await caughtUp(1, 0);
    await sql(
      1,
      'STOP REPLICA',
      'RESET REPLICA ALL',
      'SET GLOBAL super_read_only = OFF',
      'SET GLOBAL read_only = OFF',
    );
    await moved(1);
    await sql(1, 'RESET BINARY LOGS AND GTIDS');
    await follow(0, 1, 'places');
    await writeTo(1);
    expect(await rejoined(0)).toContain('its own transactions are not known');
  });

  test('ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS: no transaction has the same GTID on both, and the alarm says so', async () => {
    await writeTo(1);
    await sql(1, 'SET GLOBAL super_read_only = ON');
    await caughtUp(0, 1);
    await sql(
      0,
      'STOP REPLICA',
      'RESET REPLICA ALL',
      'SET GLOBAL super_read_only = OFF',
      'SET GLOBAL read_only = OFF',
    );
    await moved(0);
    await setMode(1, 'ON');
    const { file, position } = await endOf(0);
    await sql(
      1,
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${mysql.servers[0]!.address}', SOURCE_PORT=${mysql.port}, SOURCE_USER='repl', SOURCE_PASSWORD='${mysql.password}',
       SOURCE_LOG_FILE='${file}', SOURCE_LOG_POS=${position}, GET_SOURCE_PUBLIC_KEY=1, SOURCE_HEARTBEAT_PERIOD=0.2, ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS=LOCAL`,
      'START REPLICA',
    );
    await writeTo(0);
    await caughtUp(1, 0);
    const sentence = await notComparable();
    expect(sentence).toContain('no transaction has the same GTID on both');
    expect(shown(1).role).toBe('superseded');
  });
});
