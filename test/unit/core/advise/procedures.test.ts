/** Shows what the procedures say: which statements, where, in which order, with which warnings. */

import { describe, expect, test } from 'vitest';
import type { Channel } from '../../../../src/core/model/observation.ts';
import type { ServerAddress, ServerId } from '../../../../src/core/model/units.ts';
import {
  address,
  channelFrom,
  factsOf,
  type Given,
  given,
  gtids,
  replicaOf,
  seen,
  uuid,
} from '../../../support/given.ts';
import { ask, back, dead, healthy, orphan, proceduresOf, told, toSource, without } from './asked.ts';

describe('promote', () => {
  test('the most advanced server by what it received, and what would be lost at least', () => {
    const world = without(dead, {
      db2: orphan('db2'),
      db3: orphan('db3', { retrieved: gtids('db1:50-105') }),
    });
    const known = given({
      ...world,
      servers: { db1: seen(factsOf('db1', { gtidExecuted: gtids('db1:1-110') })) },
    });
    const facts = known.state.servers.get(address('db1'))!.facts;
    const advice = ask({ ...world, memory: { db1: { facts } } });
    expect(advice).toMatchObject({ kind: 'procedures', server: 'db3:3306' });
    const [promote] = proceduresOf({ ...world, memory: { db1: { facts } } });
    expect(promote!.why).toContain('AT LEAST 5 transactions of db1:3306 would be lost');
    expect(told(promote!)).toContain(
      `db3:3306: SELECT WAIT_FOR_EXECUTED_GTID_SET('${uuid('db1')}:1-105', 60)`,
    );
  });

  test('the receivers stop first, and a list of sources forgets the lost one: it may come back stale', () => {
    const list = [{ address: address('db1'), weight: 90 }];
    const [promote] = proceduresOf(
      without(dead, { db3: orphan('db3', { autoFailover: true, failoverSources: list }) }),
    );
    const order = told(promote!);
    const at = (text: string) => order.findIndex((each) => each.includes(text));
    expect(at('db3:3306: STOP REPLICA IO_THREAD')).toBeLessThan(at('db2:3306: RESET REPLICA'));
    expect(order).toContain(
      "db3:3306: SELECT asynchronous_connection_failover_delete_source('', 'db1', 3306, '')",
    );
  });

  test('a delay on purpose ends while the receiver runs: else CHANGE deletes what it holds back', () => {
    const delayed = (over: Partial<Channel>) =>
      without(dead, { db2: orphan('db2', { delaySeconds: 3600, retrieved: gtids('db1:50-109'), ...over }) });
    const ofDb2 = (world: Given) =>
      told(proceduresOf(world, { server: address('db2') })[0]!)
        .filter((each) => /^db2:3306: (?:STOP|START|CHANGE|RESET)/.test(each))
        .map((each) => each.replace('db2:3306: ', ''));
    const ends = [
      'STOP REPLICA SQL_THREAD',
      'CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 0',
      'START REPLICA SQL_THREAD',
      'STOP REPLICA IO_THREAD',
      'STOP REPLICA',
      'RESET REPLICA ALL',
    ];
    expect(ofDb2(delayed({}))).toEqual(ends);
    expect(ofDb2(delayed({ receiver: 'off' }))).toEqual(['START REPLICA IO_THREAD', ...ends]);
    expect(ofDb2(delayed({ applier: 'off' }))).toEqual(ends.slice(1));
  });

  test('a stopped applier with an error is named: what waits behind it would be lost', () => {
    const [promote] = proceduresOf(
      without(dead, { db2: orphan('db2', { applier: 'off', lastError: 'Duplicate entry' }) }),
    );
    expect(promote!.warnings.join()).toContain('is stopped by an error (Duplicate entry)');
  });

  test('a channel from another cluster stays, and every statement names its channel', () => {
    const crm = channelFrom('db9', {
      name: 'crm',
      sourceAddress: 'crm:3306' as ServerAddress,
      sourceId: 'crm' as ServerId,
    });
    const own = channelFrom('db1');
    const servers = { db2: seen(replicaOf('db1', 'db2', { channels: [own, crm] })) };
    const [promote] = proceduresOf(without(healthy, servers), toSource);
    const changes = told(promote!).filter((each) => /^db2:3306: (?:STOP|RESET|CHANGE|START)/.test(each));
    expect(changes.length).toBe(2);
    expect(changes.filter((each) => !each.endsWith("FOR CHANNEL ''"))).toEqual([]);
  });

  test('without GTIDs the place is written down before the first own write, and replicas begin there', () => {
    const place = { file: 'binlog.000003', position: 777 };
    const bare = (name: string, received = place) => {
      const { gtidExecuted: _none, ...facts } = replicaOf('db1', name, {
        gtidMode: 'OFF',
        channels: [channelFrom('db1', { receiver: 'connecting', received, applied: place })],
      });
      return seen(facts);
    };
    const [promote] = proceduresOf(without(dead, { db2: bare('db2'), db3: bare('db3') }));
    const order = told(promote!).filter((each) => /BINARY LOG STATUS|read_only = OFF|_LOG_FILE/.test(each));
    expect(order).toEqual([
      'db2:3306: SHOW BINARY LOG STATUS',
      'db2:3306: SET GLOBAL read_only = OFF',
      "db3:3306: CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db2', SOURCE_PORT = 3306, SOURCE_AUTO_POSITION = 0, SOURCE_LOG_FILE = 'FILE', SOURCE_LOG_POS = POSITION",
    ]);
    const checks = promote!.steps.flatMap(({ verify }) => verify.map(({ expect: wanted }) => wanted));
    expect(checks).toContain('Relay_Source_Log_File: binlog.000003, Exec_Source_Log_Pos: 777');
  });
});

describe('rejoin', () => {
  const errant = back({ gtidExecuted: gtids('db1:1-103') });

  test('own transactions: rebuild, or keep them by empty transactions and accept that the data differ', () => {
    const [rebuild, keep] = proceduresOf(errant);
    expect(rebuild!.title).toContain('rebuild it from a copy');
    expect(told(rebuild!).join('\n')).toContain(`--include-gtids='${uuid('db1')}:101-103'`);
    expect(keep!.why).toContain('The DATA stay different');
    const empty = told(keep!).filter((each) => each.startsWith('db2:3306: SET GTID_NEXT'));
    expect(empty).toEqual([
      ...[101, 102, 103].map((gno) => `db2:3306: SET GTID_NEXT = '${uuid('db1')}:${gno}'`),
      // A session that keeps a given GTID cannot write (error 1837).
      "db2:3306: SET GTID_NEXT = 'AUTOMATIC'",
    ]);
  });

  test('the own transactions of a tag keep their tag', () => {
    const tagged = new Map([...gtids('db1:1-100'), [`${uuid('db1')}:mine`, [[7, 7]] as const]]);
    const [, keep] = proceduresOf(back({ gtidExecuted: tagged }));
    expect(told(keep!)).toContain(`db2:3306: SET GTID_NEXT = '${uuid('db1')}:mine:7'`);
  });

  test('too many own transactions, and those of MariaDB, are not kept', () => {
    expect(proceduresOf(back({ gtidExecuted: gtids('db1:1-201') })).length).toBe(1);
  });

  test('a returned server is never opened again to undo a step', () => {
    for (const procedure of proceduresOf(errant))
      expect(procedure.steps.map(({ undo }) => undo ?? '').join()).not.toContain('read_only = OFF');
  });

  test('a purged binary log is seen before replication stops with error 1236', () => {
    const [rejoin] = proceduresOf(back());
    const [check] = rejoin!.steps.filter(({ on, verify }) => on === 'db2:3306' && verify.length > 0);
    expect(check!.verify[0]!.statement).toContain('GTID_SUBSET(@@GLOBAL.gtid_purged, ');
    expect(check!.say).toContain('rebuild it');
  });

  test('its own replicas have what only it had: they come first', () => {
    const world = without(back(), { db3: seen(replicaOf('db1', 'db3')) });
    const [rejoin] = proceduresOf(world, { server: address('db1') });
    expect(rejoin!.warnings[0]).toBe(
      'db3:3306 replicates from db1:3306, and may have what only db1:3306 had. Before this procedure ask for another one: source-dns advise shop --to rejoin --server db3:3306',
    );
  });

  test('the replicas of a source that is well need no other procedure', () => {
    const [toDb2] = proceduresOf(healthy, toSource);
    expect(toDb2!.warnings.join()).not.toContain('--to rejoin');
    expect(toDb2!.steps.map(({ say }) => say)).toContain('Make db3:3306 a replica of db2:3306.');
  });

  test('a stranger has another history: only a rebuild', () => {
    const world = without(healthy, { db3: seen(factsOf('db9', { gtidExecuted: gtids('db9:1-50') })) });
    const procedures = proceduresOf(world, { aim: 'rejoin', server: address('db3') });
    expect(procedures.map(({ why }) => why)).toEqual([expect.stringContaining('has 50 transactions')]);
  });

  test('a server that replicates already needs nothing', () =>
    expect(ask(healthy, { aim: 'rejoin', server: address('db2') })).toMatchObject({ kind: 'nothing' }));
});

describe('source', () => {
  test('close, wait, detach, open, and then the others', () => {
    const [source] = proceduresOf(healthy, toSource);
    expect(told(source!).filter((each) => !/SELECT COUNT|SERVICE_STATE|GTID_SUBSET/.test(each))).toEqual([
      'db2:3306: SELECT @@GLOBAL.log_bin, @@GLOBAL.log_replica_updates',
      'db1:3306: SET GLOBAL super_read_only = ON',
      'db1:3306: SELECT @@GLOBAL.super_read_only',
      "db1:3306: SELECT REPLACE(@@GLOBAL.gtid_executed, CHAR(10), '') AS gtids",
      "db2:3306: SELECT WAIT_FOR_EXECUTED_GTID_SET('GTIDS', 60)",
      'db2:3306: STOP REPLICA',
      'db2:3306: RESET REPLICA ALL',
      'db2:3306: SET GLOBAL read_only = OFF',
      'db2:3306: SELECT @@GLOBAL.read_only, @@GLOBAL.super_read_only',
      'shell: source-dns status shop',
      'db3:3306: STOP REPLICA',
      "db3:3306: CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db2', SOURCE_PORT = 3306, SOURCE_AUTO_POSITION = 1",
      'db3:3306: START REPLICA',
      "db1:3306: CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db2', SOURCE_PORT = 3306, SOURCE_USER = 'USER', SOURCE_PASSWORD = 'PASSWORD', SOURCE_SSL = 1, SOURCE_AUTO_POSITION = 1",
      'db1:3306: START REPLICA',
      'shell: source-dns status shop',
    ]);
  });

  test('a source that is closed already: nothing is lost', () => {
    const closed = seen(factsOf('db1', { readOnly: true, superReadOnly: true }));
    const [source] = proceduresOf(without(healthy, { db1: closed }), toSource);
    expect(source!.preconditions[0]).toBe('db1:3306 is the source, and is closed already.');
    expect(told(source!)).toContain("db2:3306: SELECT WAIT_FOR_EXECUTED_GTID_SET('GTIDS', 60)");
  });

  test('the replication account is named if a replica tells it; its password never', () => {
    const channels = [channelFrom('db1', { user: "re'pl" })];
    const [source] = proceduresOf(
      without(healthy, { db3: seen(replicaOf('db1', 'db3', { channels })) }),
      toSource,
    );
    expect(told(source!).join()).toContain("SOURCE_USER = 're''pl', SOURCE_PASSWORD = 'PASSWORD'");
  });

  test('a replica of the published name only connects again', () => {
    const named = channelFrom('db1', { sourceAddress: 'source.example:3306' as ServerAddress });
    const [source] = proceduresOf(
      without(healthy, { db3: seen(replicaOf('db1', 'db3', { channels: [named] })) }),
      toSource,
    );
    expect(told(source!).filter((each) => /^db3:3306: (?:STOP|START|CHANGE)/.test(each))).toEqual([
      'db3:3306: STOP REPLICA',
      'db3:3306: START REPLICA',
    ]);
  });

  test('a server that filters what it replicates is seen beforehand: it lacks data', () => {
    const [source] = proceduresOf(healthy, toSource);
    expect(source!.steps[0]!.verify).toContainEqual({
      statement:
        "SELECT COUNT(*) FROM performance_schema.replication_applier_filters WHERE CHANNEL_NAME = ''",
      expect: '0',
    });
  });

  test('a newer server: an older one cannot replicate from it', () => {
    const version = { major: 10, minor: 0, patch: 0, text: '10.0.0' };
    const [source] = proceduresOf(
      without(healthy, { db2: seen(replicaOf('db1', 'db2', { version })) }),
      toSource,
    );
    expect(source!.warnings.join()).toContain('there is no way back');
  });

  test.each([
    ['5.7.44', 'CHANGE MASTER', 'MASTER_AUTO_POSITION = 1'],
    ['8.0.22', 'CHANGE MASTER', 'MASTER_AUTO_POSITION = 1'],
    ['8.0.23', 'CHANGE REPLICATION SOURCE', 'SOURCE_AUTO_POSITION = 1'],
  ])('MySQL %s has its own spelling', (text, change, position) => {
    const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number);
    const version = { major, minor, patch, text };
    const servers = {
      db1: seen(factsOf('db1', { version })),
      db2: seen(replicaOf('db1', 'db2', { version })),
      db3: seen(replicaOf('db1', 'db3', { version })),
    };
    const [source] = proceduresOf({ ...healthy, servers }, toSource);
    const all = told(source!).join('\n');
    expect(all).toContain(change);
    expect(all).toContain(position);
    if (major === 5) expect(all).not.toMatch(/REPLICA|SOURCE_|log_replica/);
  });
});

describe('another tool does it', () => {
  const managed = { kind: 'aurora' as const, self: 'db-2', members: [{ name: 'db-2', writer: false }] };
  test('Aurora: the service makes the writer', () => {
    const [source] = proceduresOf(
      without(healthy, { db2: seen(replicaOf('db1', 'db2', { managed, channels: [] })) }),
      toSource,
    );
    expect(told(source!)).toContain(
      'shell: aws rds failover-db-cluster --db-cluster-identifier CLUSTER --target-db-instance-identifier db-2',
    );
  });

  test('Galera has no promotion', () => {
    const wsrep = {
      clusterUuid: 'c',
      primaryComponent: true,
      ready: true,
      state: 'synced' as const,
      size: 2,
      lastCommitted: 9,
      closed: false,
      desynced: false,
    };
    const db2 = seen(factsOf('db2', { flavour: 'mariadb', wsrep }));
    const world = without(healthy, { db2, db1: seen(factsOf('db1', { flavour: 'mariadb', wsrep })) });
    expect(ask(world, { aim: 'promote', server: address('db2') })).toMatchObject({
      kind: 'refused',
      sentence: expect.stringContaining('Galera has no promotion'),
    });
    expect(told(proceduresOf(world, toSource)[0]!)).toContain('shell: source-dns follow shop db2:3306');
  });
});
