/** The sentences of alarms propose statements: on real servers these statements help. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contains } from '../../../src/core/gtid/gtid.ts';
import { emptyGtidSet } from '../../../src/core/gtid/gtid-set.ts';
import type { ServerFacts } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { Snapshot } from '../../../src/core/report/snapshot-types.ts';
import { findFreePort } from '../../../src/lab/host/free-ports.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { SqlServer } from '../../../src/lab/servers/sql-server.ts';
import { failoverTables } from '../../../src/mysql/answer/failover-list-rows.ts';
import { accountName, grantStatements } from '../../../src/mysql/answer/grants.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { type MariadbServers, startMariadbServers } from '../../support/servers/mariadb-fixture.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { notRun, type Proposal, proposals, proposalsOf, statementsIn } from '../../support/statements.ts';
import { type Advised, advise, alarmOf, holdsBack, of } from './advised.ts';
import { Operated } from './carried-out.ts';
import { clock, factsOf, proberFor, until } from './probing.ts';

const account = accountName('source_dns', '127.0.0.%');

/** The servers of a product and a prober: what a test needs to follow a sentence. */
interface Scene {
  readonly servers: readonly SqlServer[];
  readonly prober: ServerProber;
  readonly addressOf: (index: number) => ServerAddress;
  /** The kinds of statements that a sentence proposed and that were run. */
  readonly ran: Set<Proposal>;
}

function sceneOf(
  { servers, port, password }: { servers: readonly SqlServer[]; port: number; password: string },
  user = 'source_dns',
): Scene {
  const addressOf = (index: number): ServerAddress => `${servers[index]!.address}:${port}` as ServerAddress;
  const prober = proberFor(
    servers.map((_, index) => addressOf(index)),
    password,
    { user },
  );
  return { servers, prober, addressOf, ran: new Set() };
}

/** Does what the sentence says, in its order. Before a reset, the replica executes what it has received. */
async function doAs(
  { servers, prober, addressOf, ran }: Scene,
  index: number,
  sentence: string,
): Promise<readonly string[]> {
  const statements = statementsIn(sentence);
  expect(statements.length, sentence).toBeGreaterThan(0);
  for (const statement of statements) {
    if (statement.startsWith('STOP') && sentence.includes('first let it execute'))
      await until(
        () => factsOf(prober, addressOf(index)),
        ({ channels, gtidExecuted = emptyGtidSet }) =>
          channels.every(({ retrieved }) => !retrieved || contains(gtidExecuted, retrieved)),
      );
    await servers[index]!.sql(statement);
    ran.add((Object.keys(proposals) as Proposal[]).find((proposal) => statement.startsWith(proposal))!);
  }
  return statements;
}

const rowsOf = async (server: SqlServer): Promise<number> =>
  Number((await server.sql('SELECT COUNT(*) AS n FROM shop.t'))[0]?.['n']);

const changes = ({ publications }: Snapshot): string => publications[0]!.wouldChange.join(' ');

describe('MySQL: what a sentence proposes helps in that situation', () => {
  let mysql: MysqlServers;
  let scene: Scene;
  let advised: Advised;
  let db1: ServerAddress;
  let db2: ServerAddress;

  const promotion = (snapshot: Snapshot, server: ServerAddress): string =>
    of(snapshot, server).promotion ?? '';
  const factsOfDb2 = (): Promise<ServerFacts> => factsOf(scene.prober, db2);
  const channel = async (name: string) => (await factsOfDb2()).channels.find((each) => each.name === name);
  const wait = (name: string, receiver: string): Promise<unknown> =>
    until(
      () => channel(name),
      (each) => each?.receiver === receiver,
    );

  beforeAll(async () => {
    mysql = await startMysqlServers(3, { readOnly: (index) => (index === 1 ? 'super-read-only' : 'off') });
    await mysql.servers[0]!.sql(
      `CREATE USER ${account} IDENTIFIED BY '${mysql.password}'`,
      ...grantStatements(account),
      ...failoverTables.map((table) => `GRANT SELECT ON performance_schema.${table} TO ${account}`),
      `GRANT CONNECTION_ADMIN ON *.* TO ${account}`,
      'CREATE DATABASE shop',
      'CREATE TABLE shop.t (i INT PRIMARY KEY)',
    );
    await mysql.follow(1, 0);
    scene = sceneOf(mysql);
    [db1, db2] = [scene.addressOf(0), scene.addressOf(1)];
    await until(
      () => scene.prober.probe(db2, (clock.mono() + 2000) as never),
      ({ kind }) => kind === 'reachable',
    );
    // The third server belongs to another cluster.
    advised = await advise(scene.prober, [db1, db2], db1);
  });

  afterAll(async () => {
    await scene?.prober.close();
    await mysql?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test('the statement starts a stopped replica', async () => {
    await mysql.servers[1]!.sql('STOP REPLICA');
    const stopped = await advised.lookUntil((seen) => alarmOf(seen, 'not-replicating', db2) !== '');
    expect(await doAs(scene, 1, alarmOf(stopped, 'not-replicating', db2))).toEqual(['START REPLICA']);
    await advised.lookUntil((seen) => alarmOf(seen, 'not-replicating', db2) === '');
  });

  test('the statement starts only one of two channels: the other was stopped on purpose', async () => {
    const { address, port } = mysql.servers[2]!;
    await mysql.servers[1]!.sql(
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${address}', SOURCE_PORT=${port}, SOURCE_USER='repl', SOURCE_PASSWORD='${mysql.password}',
       SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1, SOURCE_CONNECT_RETRY=1 FOR CHANNEL 'crm'`,
      "START REPLICA FOR CHANNEL 'crm'",
    );
    await wait('crm', 'on');
    await mysql.servers[1]!.sql("STOP REPLICA FOR CHANNEL 'crm'", "STOP REPLICA FOR CHANNEL ''");
    const stopped = await advised.lookUntil((seen) => alarmOf(seen, 'not-replicating', db2) !== '');
    expect(await doAs(scene, 1, alarmOf(stopped, 'not-replicating', db2))).toEqual([
      "START REPLICA FOR CHANNEL ''",
    ]);
    await advised.lookUntil((seen) => alarmOf(seen, 'not-replicating', db2) === '');
    expect((await channel('crm'))!.receiver).toBe('off');
    await mysql.servers[1]!.sql("START REPLICA FOR CHANNEL 'crm'");
    await wait('crm', 'on');
  });

  test('a switchover: close the source, promote the replica; the channel from another cluster stays', async () => {
    const healthy = await advised.look();
    expect(promotion(healthy, db2)).toBe(`do not promote it now: the source ${db1} takes writes`);
    expect(await doAs(scene, 0, changes(healthy))).toEqual(['SET GLOBAL super_read_only = ON']);
    const closed = await advised.lookUntil((seen) => promotion(seen, db2).startsWith('to promote'));
    await doAs(scene, 1, promotion(closed, db2));
    const promoted = await advised.look();
    expect(of(promoted, db2)).toMatchObject({ writable: true, missing: [], promotion: null });
    expect((await factsOfDb2()).channels.map(({ name, receiver }) => [name, receiver])).toEqual([
      ['crm', 'on'],
    ]);
    expect(promotion(promoted, db1)).toBe(`do not open it now: the source ${db2} takes writes`);
  });

  test('two sources: the statement closes the unwanted one', async () => {
    // No sentence proposes these.
    await mysql.servers[0]!.sql('SET GLOBAL read_only = OFF');
    const two = await advised.lookUntil(({ decision }) => decision.reason === 'two-sources');
    expect(changes(two)).toContain(`On ${db2}: `);
    await doAs(scene, 1, changes(two));
    const one = await advised.lookUntil(({ decision }) => decision.reason === 'steady');
    expect(alarmOf(one, 'two-sources', db2)).toBe('');
  });

  test('the statement opens a closed source again', async () => {
    await mysql.servers[0]!.sql('SET GLOBAL super_read_only = ON', 'SET GLOBAL offline_mode = ON');
    const closed = await advised.lookUntil((seen) => of(seen, db1).writable === false);
    const statements = await doAs(scene, 0, promotion(closed, db1));
    expect(statements).toEqual(['SET GLOBAL offline_mode = OFF', 'SET GLOBAL read_only = OFF']);
    await advised.lookUntil(({ decision }) => decision.reason === 'steady');
  });

  test('the statement removes a server from a failover list', async () => {
    await mysql.servers[1]!.sql("STOP REPLICA FOR CHANNEL 'crm'", "RESET REPLICA ALL FOR CHANNEL 'crm'");
    await mysql.follow(1, 0);
    await mysql.servers[1]!.sql(
      'STOP REPLICA',
      'CHANGE REPLICATION SOURCE TO SOURCE_CONNECTION_AUTO_FAILOVER=1, SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=1000',
      `SELECT asynchronous_connection_failover_add_source('', '127.0.0.99', ${mysql.port}, '', 50)`,
      `SELECT asynchronous_connection_failover_add_source('', '${mysql.servers[0]!.address}', ${mysql.port}, '', 60)`,
      'START REPLICA',
    );
    const listed = await advised.lookUntil((seen) => alarmOf(seen, 'failover-list', db2) !== '');
    await doAs(scene, 1, alarmOf(listed, 'failover-list', db2));
    const mended = await advised.lookUntil((seen) => alarmOf(seen, 'failover-list', db2) === '');
    expect(of(mended, db2).replicatesFrom[0]!.failoverSources).toEqual([{ address: db1, weight: 60 }]);
  });

  test('a failover: the replica executes what it has received before its relay log is deleted', async () => {
    await wait('', 'on');
    await mysql.servers[1]!.sql('STOP REPLICA SQL_THREAD');
    await mysql.servers[0]!.sql('INSERT INTO shop.t VALUES (1)', 'INSERT INTO shop.t VALUES (2)');
    await advised.lookUntil((seen) => holdsBack(of(seen, db2), 2));
    await mysql.servers[0]!.kill9();
    const dead = await advised.lookUntil((seen) => promotion(seen, db2).startsWith('to promote'));
    expect(promotion(dead, db2)).toContain('first let it execute the 2 transactions that it has received');
    expect(await doAs(scene, 1, promotion(dead, db2))).toEqual([
      'START REPLICA SQL_THREAD',
      'STOP REPLICA',
      'RESET REPLICA ALL',
      'SET GLOBAL read_only = OFF',
    ]);
    expect(await rowsOf(mysql.servers[1]!)).toBe(2);
    const promoted = await advised.look();
    expect(of(promoted, db2)).toMatchObject({ writable: true, missing: [], replicatesFrom: [] });
  });

  test('the tests ran each kind of statement, except that of a group', () => {
    const ofGroup: Proposal = 'SELECT group_replication_set_as_primary';
    expect([...scene.ran, ofGroup].toSorted()).toEqual(proposalsOf('mysql').toSorted());
  });
});

describe('a MySQL group: another primary', () => {
  let mysql: MysqlServers;
  let scene: Scene;

  beforeAll(async () => {
    // Group Replication listens on all addresses, so each member needs its own port.
    const one = await findFreePort(['0.0.0.0']);
    const addresses = [one, await findFreePort(['0.0.0.0'], { butNot: [one] })].map(
      (port) => `127.0.0.1:${port}`,
    );
    mysql = await startMysqlServers(2, {
      options: (index) => [
        '--plugin-load-add=group_replication.so',
        '--group-replication-group-name=aaaaaaaa-5ce7-4d15-8e9d-000000000010',
        `--group-replication-local-address=${addresses[index]}`,
        `--group-replication-group-seeds=${addresses.join(',')}`,
        '--group-replication-start-on-boot=OFF',
        '--group-replication-ip-allowlist=127.0.0.0/8',
        '--group-replication-recovery-get-public-key=ON',
        '--group-replication-recovery-reconnect-interval=1',
        `--report-host=127.0.0.${11 + index}`,
      ],
    });
    const [first, second] = mysql.servers as [SqlServer, SqlServer];
    const join = `START GROUP_REPLICATION USER='repl', PASSWORD='${mysql.password}'`;
    await first.sql(
      'SET GLOBAL group_replication_bootstrap_group = ON',
      join,
      'SET GLOBAL group_replication_bootstrap_group = OFF',
    );
    await second.sql(join);
    const recovery = `CHANGE REPLICATION SOURCE TO SOURCE_USER = 'repl', SOURCE_PASSWORD = '${mysql.password}' FOR CHANNEL 'group_replication_recovery'`;
    for (const member of mysql.servers) await member.sql(recovery);
    scene = sceneOf(mysql, 'admin');
  });

  afterAll(async () => {
    await scene?.prober.close();
    await mysql?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test('becomes the primary by the statement', async () => {
    const [db1, db2] = [scene.addressOf(0), scene.addressOf(1)];
    const advised = await advise(scene.prober, [db1, db2], db1);
    const together = await advised.lookUntil((seen) =>
      of(seen, db2).missing.some((condition) => condition.includes('set_as_primary')),
    );
    await doAs(scene, 0, of(together, db2).missing.join(' '));
    await advised.lookUntil((seen) => of(seen, db2).missing.length === 0 && of(seen, db1).writable === false);
    expect([...scene.ran]).toEqual(['SELECT group_replication_set_as_primary']);
  });

  test('the procedures: a member leaves and joins again, and becomes the primary', async () => {
    const operated = await Operated.start(mysql, { watcher: 'admin', replication: 'repl' });
    try {
      const [db1, db2] = [operated.at(0), operated.at(1)];
      await operated.isHealthy(db2, 1);
      const [leave] = await operated.procedures({ aim: 'remove', server: db1 }, 'remove', db1);
      await operated.carryOut(leave!);
      const [join] = await operated.procedures({}, 'rejoin', db1);
      await operated.carryOut(join!);
      await operated.isHealthy(db2, 1);
      expect(await operated.advice({ aim: 'promote' }, () => true)).toMatchObject({ kind: 'refused' });
      const [elect] = await operated.procedures({ aim: 'source', server: db1 }, 'source', db1);
      await operated.carryOut(elect!);
      await operated.isHealthy(db1, 1);
      expect(notRun('group', operated.ran)).toEqual([]);
    } finally {
      await operated.stop();
    }
  });
});

describe('MariaDB: what a sentence proposes helps in that situation', () => {
  let mariadb: MariadbServers;
  let scene: Scene;
  let advised: Advised;
  let db1: ServerAddress;
  let db2: ServerAddress;

  const promotion = (snapshot: Snapshot, server: ServerAddress): string =>
    of(snapshot, server).promotion ?? '';

  beforeAll(async () => {
    mariadb = await startMariadbServers('11.8', 2, { readOnly: (index) => index > 0 });
    await mariadb.servers[0]!.sql('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)');
    await mariadb.follow(1, 0, 'c1');
    scene = sceneOf(mariadb);
    [db1, db2] = [scene.addressOf(0), scene.addressOf(1)];
    advised = await advise(scene.prober, [db1, db2], db1);
  });

  afterAll(async () => {
    await scene?.prober.close();
    await mariadb?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test('the statement starts a stopped replica, by the name of its connection', async () => {
    await mariadb.servers[1]!.sql("STOP REPLICA 'c1'");
    const stopped = await advised.lookUntil((seen) => alarmOf(seen, 'not-replicating', db2) !== '');
    expect(await doAs(scene, 1, alarmOf(stopped, 'not-replicating', db2))).toEqual(["START REPLICA 'c1'"]);
    await advised.lookUntil((seen) => alarmOf(seen, 'not-replicating', db2) === '');
  });

  test('a switchover: close the source, promote the replica; and back to the source', async () => {
    expect(await doAs(scene, 0, changes(await advised.look()))).toEqual(['SET GLOBAL read_only = ON']);
    const closed = await advised.lookUntil((seen) => promotion(seen, db2).startsWith('to promote'));
    const statements = await doAs(scene, 1, promotion(closed, db2));
    expect(statements.slice(-3)).toEqual([
      "STOP REPLICA 'c1'",
      "RESET REPLICA 'c1' ALL",
      'SET GLOBAL read_only = OFF',
    ]);
    expect(of(await advised.look(), db2)).toMatchObject({ writable: true, missing: [], replicatesFrom: [] });
    await mariadb.servers[1]!.sql('SET GLOBAL read_only = ON');
    const both = await advised.lookUntil((seen) => promotion(seen, db1).startsWith('to make'));
    await doAs(scene, 0, promotion(both, db1));
    await advised.lookUntil(({ decision }) => decision.reason === 'steady');
  });

  test('a failover: the replica executes what it has received before its relay log is deleted', async () => {
    // A server of another cluster, which is not probed here.
    await mariadb.servers[1]!.sql("CHANGE MASTER 'crm' TO MASTER_HOST='127.0.0.99', MASTER_USER='repl'");
    await mariadb.follow(1, 0);
    await advised.lookUntil(
      (seen) =>
        of(seen, db2).replicatesFrom[0]?.receiver === 'on' &&
        of(seen, db2).gtidExecuted === of(seen, db1).gtidExecuted,
    );
    await mariadb.servers[1]!.sql('STOP REPLICA SQL_THREAD');
    await mariadb.servers[0]!.sql('INSERT INTO shop.t VALUES (1)', 'INSERT INTO shop.t VALUES (2)');
    await advised.lookUntil((seen) => holdsBack(of(seen, db2), 2));
    await mariadb.servers[0]!.kill9();
    const dead = await advised.lookUntil((seen) => promotion(seen, db2).startsWith('to promote'));
    expect(await doAs(scene, 1, promotion(dead, db2))).toEqual([
      "START REPLICA '' SQL_THREAD",
      "STOP REPLICA ''",
      "RESET REPLICA '' ALL",
      'SET GLOBAL read_only = OFF',
    ]);
    expect(await rowsOf(mariadb.servers[1]!)).toBe(2);
    expect(of(await advised.look(), db2)).toMatchObject({
      writable: true,
      missing: [],
      replicatesFrom: [{ channel: 'crm' }],
    });
  });

  test('the tests ran each kind of statement', () => {
    expect([...scene.ran].toSorted()).toEqual(proposalsOf('mariadb').toSorted());
  });

  test('the procedures: it rejoins, becomes the source again, and after a crash the other one is promoted', async () => {
    const operated = await Operated.start(mariadb, { watcher: 'source_dns', replication: 'repl' });
    try {
      await mariadb.servers[1]!.sql('INSERT INTO shop.t VALUES (3)');
      await mariadb.servers[0]!.start(['--read-only=ON']);
      await operated.sees(({ ledger }) => ledger?.source === db2);
      const [rejoin] = await operated.procedures({}, 'rejoin', db1);
      await operated.carryOut(rejoin!);
      await operated.isHealthy(db2, 1);
      const [source] = await operated.procedures({ aim: 'source', server: db1 }, 'source', db1);
      await mariadb.servers[1]!.sql('INSERT INTO shop.t VALUES (4)');
      await operated.carryOut(source!);
      await operated.isHealthy(db1, 1);
      expect(await rowsOf(mariadb.servers[0]!)).toBe(4);

      await mariadb.servers[1]!.sql("STOP REPLICA ''");
      await mariadb.servers[0]!.sql('INSERT INTO shop.t VALUES (5)');
      await operated.sees(({ servers }) => servers[1]!.lacks?.executed?.transactions === 1);
      await mariadb.servers[0]!.kill9();
      const [promote] = await operated.procedures({}, 'promote', db2);
      expect(promote!.why).toContain('AT LEAST 1 transaction of');
      await operated.carryOut(promote!);
      await operated.sees(({ servers }) => servers[1]!.writable === true);

      await mariadb.servers[0]!.start();
      const procedures = await operated.procedures({ server: db1 }, 'rejoin', db1);
      // MariaDB compares positions, and knows no empty transactions.
      expect(procedures.map(({ title }) => title)).toEqual([
        expect.stringContaining('rebuild it from a copy'),
      ]);
    } finally {
      await operated.stop();
    }
  });
});
