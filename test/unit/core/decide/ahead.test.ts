/** Shows what a server lacks that another server of the cluster has. */

import { describe, expect, test } from 'vitest';
import { candidateLacks, lacksOf, promotedBehind } from '../../../../src/core/decide/ahead.ts';
import { countOf, type Lacks, lackWords } from '../../../../src/core/decide/lack.ts';
import { parseMariadbGtids } from '../../../../src/core/gtid/mariadb-gtid.ts';
import type { Channel, Probe, ServerFacts } from '../../../../src/core/model/observation.ts';
import type { ServerId } from '../../../../src/core/model/units.ts';
import {
  address,
  channelFrom,
  factsOf,
  given,
  gtids,
  ledgerOf,
  random,
  refusing,
  replicaOf,
  seen,
  silent,
  uuid,
} from '../../../support/given.ts';

const replica = (name: string, executed: string, retrieved = '', source = 'db1'): Probe =>
  seen(
    replicaOf(source, name, {
      gtidExecuted: gtids(executed),
      channels: [channelFrom(source, { retrieved: gtids(retrieved) })],
    }),
  );
const line = new Set(['db1', 'db2', 'db3', 'db4'].map(uuid));
type World = Parameters<typeof given>[0];

const lacks = (name: string, world: World): Lacks | undefined => {
  const situation = given({ ledger: ledgerOf('db1'), publication: { evidence: { line } }, ...world });
  return lacksOf(situation, situation.members.find((member) => member.address === address(name))!);
};

describe('replicas at different places', () => {
  const servers = {
    db1: silent,
    db2: replica('db2', 'db1:1-100', 'db1:90-105'),
    db3: replica('db3', 'db1:1-103'),
    db4: replica('db4', 'db1:1-90'),
  };

  test('executed sets are compared with executed sets, and received sets with received sets', () => {
    expect(lacks('db2', { servers })).toEqual({
      executed: { server: address('db3'), transactions: 3 },
      received: null,
    });
    expect(lacks('db3', { servers })).toEqual({
      executed: null,
      received: { server: address('db2'), transactions: 2 },
    });
    expect(lacks('db4', { servers })).toEqual({
      executed: { server: address('db3'), transactions: 13 },
      received: { server: address('db2'), transactions: 15 },
    });
    expect(lacks('db1', { servers })).toBeUndefined();
  });

  test('the sentence says how much a server lacks', () => {
    expect(['db2', 'db3', 'db4'].map((name) => lackWords(lacks(name, { servers })!))).toEqual([
      '3 transactions that db3:3306 has executed',
      '2 transactions that db2:3306 has received',
      '13 transactions that db3:3306 has executed (15 that db2:3306 has received)',
    ]);
    expect(lackWords({ executed: null, received: null })).toBeUndefined();
    expect(countOf(lacks('db4', { servers })!)).toBe(15);
  });

  test('a write on a replica puts this replica ahead of nobody, and a server never lacks its own writes', () => {
    const source = seen(factsOf('db1', { gtidExecuted: gtids('db1:1-100,db4:1-3') }));
    expect(
      lacks('db2', {
        servers: {
          db1: source,
          db2: replica('db2', 'db1:1-100,db4:1-3'),
          db3: replica('db3', 'db1:1-100,db3:1-9,db4:1-3'),
        },
      }),
    ).toEqual({
      executed: null,
      received: null,
    });
    expect(lacks('db1', { servers: { db1: source, db2: replica('db2', 'db1:1-110,db4:1-3') } })).toEqual({
      executed: null,
      received: null,
    });
  });

  test('a former source, a stranger and an old answer are not compared', () => {
    const former = ledgerOf('db1', { was: [{ uuid: uuid('db4'), address: address('db4') }] });
    expect(lacks('db4', { servers, ledger: former })).toBeUndefined();
    const ahead = { ...servers, db4: replica('db4', 'db1:1-999') };
    expect(lacks('db2', { servers: ahead, ledger: former })!.executed).toMatchObject({
      server: address('db3'),
    });
    expect(
      lacks('db2', {
        servers: ahead,
        publication: { evidence: { line: new Set([uuid('db2'), uuid('db3')]) } },
      })!.executed,
    ).toMatchObject({
      server: address('db3'),
    });
    expect(lacks('db2', { servers, nowMs: 5000 })).toBeUndefined();
  });

  test('a single server is compared with nobody', () =>
    expect(lacks('db2', { servers: { db1: silent, db2: servers.db2 } })).toBeUndefined());
});

describe('a candidate', () => {
  const candidate = seen(factsOf('db2', { gtidExecuted: gtids('db1:1-90') }));
  const wanting = (db3: Probe, db3Memory = {}) => {
    const situation = given({
      servers: { db1: silent, db2: candidate, db3 },
      ledger: ledgerOf('db1'),
      publication: { evidence: { line } },
      memory: { db3: db3Memory },
    });
    return candidateLacks(situation, situation.members[1]!);
  };

  test('also lacks what a server has that refuses us, by its last answer; but not what a silent server has', () => {
    const facts = replicaOf('db1', 'db3', { gtidExecuted: gtids('db1:1-100') });
    expect(wanting(seen(facts))!.executed).toEqual({ server: address('db3'), transactions: 10 });
    expect(wanting(refusing, { facts })!.executed).toEqual({ server: address('db3'), transactions: 10 });
    expect(wanting(silent, { facts })).toBeUndefined();
  });

  test('has no result (undefined) when it lacks nothing, and without GTIDs', () => {
    expect(wanting(replica('db3', 'db1:1-90'))).toBeUndefined();
    const { gtidExecuted: _none, ...without } = replicaOf('db1', 'db3');
    expect(wanting(seen(without))).toBeUndefined();
  });
});

describe('after a promotion', () => {
  const mark = { uuid: uuid('db1'), gno: 90 };
  const was = [{ uuid: uuid('db1'), address: address('db1') }];
  const promoted = seen(factsOf('db2', { gtidExecuted: gtids('db1:1-90,db2:1-5') }));
  const behind = (over: Partial<World> = {}, ledger = ledgerOf('db2', { line: mark, was })) => {
    const servers = { db1: silent, db2: promoted, db3: replica('db3', 'db1:1-97', 'db1:98', 'db2') };
    return promotedBehind(given({ servers, ledger, ...over }));
  };

  test('the published server lacks what the others have of the previous source', () => {
    expect(behind()).toEqual({
      previous: address('db1'),
      lacks: {
        executed: { server: address('db3'), transactions: 7 },
        received: { server: address('db3'), transactions: 8 },
      },
      mayBeStale: false,
    });
  });

  test('transactions that a server got from the former source after the promotion are stale, not lost', () => {
    const db3 = replica('db3', 'db1:1-97', '', 'db1');
    const former = seen(factsOf('db1', { gtidExecuted: gtids('db1:1-97') }));
    const servers = { db1: former, db2: promoted, db3 };
    const before = replicaOf('db1', 'db3', { gtidExecuted: gtids('db1:1-92') });
    // We saw what the server had at the promotion.
    const there = behind({
      servers,
      publication: { evidence: { line, beforeStale: new Map([[address('db3'), before]]) } },
    });
    expect(there?.lacks.executed).toEqual({ server: address('db3'), transactions: 2 });
    // We did not see the promotion: nobody can tell.
    expect(behind({ servers })).toMatchObject({ lacks: { executed: { transactions: 7 } }, mayBeStale: true });
  });

  test('tagged transactions count, and transactions of other servers do not', () => {
    const db3 = replica('db3', 'db1:1-90:tag:1-4,db3:1-9', '', 'db2');
    expect(behind({ servers: { db2: promoted, db3 } })!.lacks.executed!.transactions).toBe(4);
  });

  test('the alarm ends when the source has the transactions, or no server has them any more', () => {
    const got = seen(factsOf('db2', { gtidExecuted: gtids('db1:1-98,db2:1-5') }));
    expect(
      behind({ servers: { db1: silent, db2: got, db3: replica('db3', 'db1:1-97', 'db1:98', 'db2') } }),
    ).toBeUndefined();
    expect(
      behind({ servers: { db1: silent, db2: promoted, db3: replica('db3', 'db1:1-90,db2:1-5', '', 'db2') } }),
    ).toBeUndefined();
  });

  test('transactions that only the former source has do not count: no other server ever got them', () => {
    const former = seen(factsOf('db1', { gtidExecuted: gtids('db1:1-120') }));
    expect(behind({ servers: { db1: former, db2: promoted } })).toBeUndefined();
  });

  test('a server that is silent since the promotion keeps the alarm, until it is unknown for gone_after', () => {
    const servers = { db2: promoted, db3: silent };
    const memory = { db3: { facts: replicaOf('db2', 'db3', { gtidExecuted: gtids('db1:1-97') }) } };
    expect(behind({ servers, memory })!.lacks.executed!.transactions).toBe(7);
    expect(
      behind({ servers, memory, publication: { evidence: { gone: new Set([address('db3')]) } } }),
    ).toBeUndefined();
  });

  test('nothing is lost without a mark, with a mark of the server itself, or with a mark of a source outside', () => {
    expect(behind({}, ledgerOf('db2', { was }))).toBeUndefined();
    expect(behind({}, ledgerOf('db2', { line: { uuid: uuid('db2'), gno: 1 }, was }))).toBeUndefined();
    const outside = {
      db2: seen(factsOf('db2', { gtidExecuted: gtids('db9:1-90') })),
      db3: replica('db3', 'db9:1-97', '', 'db2'),
    };
    expect(
      behind({ servers: outside }, ledgerOf('db2', { line: { uuid: uuid('db9'), gno: 80 } })),
    ).toBeUndefined();
  });
});

test('on MariaDB a server lacks what follows the newest transaction that both have', () => {
  const server = (
    name: string,
    serverId: number,
    position: string,
    channels: readonly Channel[] = [],
  ): ServerFacts =>
    factsOf(name, {
      flavour: 'mariadb',
      id: `mariadb:${serverId}@${name}:3306` as ServerId,
      serverId,
      gtidExecuted: parseMariadbGtids(position)!,
      channels,
      readOnly: channels.length > 0,
    });
  const channels = [channelFrom('db2', { retrieved: parseMariadbGtids('0-1-113')! })];
  const situation = given({
    servers: {
      db1: silent,
      db2: seen(server('db2', 2, '0-1-100,0-2-104')),
      db3: seen(server('db3', 3, '0-1-110', channels)),
    },
    ledger: ledgerOf('db2', {
      uuid: 'mariadb:2@db2:3306' as ServerId,
      line: { uuid: '0-1', gno: 90 },
      was: [{ uuid: 'mariadb:1@db1:3306' as ServerId, address: address('db1') }],
    }),
    memory: { db1: { facts: server('db1', 1, '0-1-113') } },
    publication: { evidence: { line: new Set(['mariadb:3@db3:3306' as ServerId]) } },
  });
  expect(promotedBehind(situation)?.lacks).toEqual({
    executed: { server: address('db3'), transactions: 10 },
    received: { server: address('db3'), transactions: 13 },
  });
});

test('in Galera a server lacks write sets, which all nodes number alike, whatever their own GTIDs say', () => {
  const node = (name: string, lastCommitted: number, clusterUuid = 'c'): Probe => {
    const known = {
      primaryComponent: true,
      ready: true,
      state: 'synced',
      size: 3,
      closed: false,
      desynced: false,
    } as const;
    return seen(
      factsOf(name, { gtidExecuted: gtids(`${name}:1-50`), wsrep: { ...known, clusterUuid, lastCommitted } }),
    );
  };
  const servers = {
    db1: node('db1', 100),
    db2: node('db2', 97),
    db3: node('db3', 95),
    db4: node('db4', 900, 'other'),
  };
  const of = (name: string) => lacks(name, { servers });
  expect([of('db1'), of('db3'), of('db4')]).toEqual([
    { executed: null, received: null },
    { executed: { server: address('db1'), transactions: 5 }, received: null },
    undefined,
  ]);
  const situation = given({ servers, ledger: ledgerOf('db1') });
  expect(candidateLacks(situation, situation.members[2]!)).toBeUndefined();
});

describe('what a server lacks, compared with a slow and simple twin', () => {
  const names = ['db1', 'db2', 'db3', 'db4'];
  type Sets = Readonly<
    Record<string, { readonly executed: ReadonlySet<string>; readonly retrieved: ReadonlySet<string> }>
  >;

  /** Every transaction by its name, one by one. */
  function slow(sets: Sets, former: string | undefined, name: string, kind: 'executed' | 'received'): number {
    const of = (server: string) =>
      kind === 'executed'
        ? sets[server]!.executed
        : new Set([...sets[server]!.executed, ...sets[server]!.retrieved]);
    const writers = new Set(['db1', ...[...sets['db1']!.executed].map((gtid) => gtid.split(':')[0])]);
    const lacking = (other: string) =>
      [...of(other)].filter(
        (gtid) => !of(name).has(gtid) && writers.has(gtid.split(':')[0]) && gtid.split(':')[0] !== name,
      ).length;
    return Math.max(...names.filter((other) => other !== name && other !== former).map(lacking));
  }

  const setOf = (gtid: ReadonlySet<string>) => gtids([...gtid].join(','));

  /** A random cluster, and its former source. */
  function clusterFrom(seed: number): { readonly sets: Sets; readonly former: string | undefined } {
    const pick = random(seed);
    const some = () => new Set(Array.from({ length: pick(12) }, () => `${names[pick(4)]}:${1 + pick(9)}`));
    const sets: Sets = Object.fromEntries(
      names.map((name) => [name, { executed: some(), retrieved: some() }]),
    );
    return { sets, former: pick(3) === 0 ? 'db4' : undefined };
  }

  function probeOf(sets: Sets, name: string): Probe {
    const channels = [channelFrom('db1', { retrieved: setOf(sets[name]!.retrieved) })];
    return seen(
      factsOf(name, { readOnly: name !== 'db1', channels, gtidExecuted: setOf(sets[name]!.executed) }),
    );
  }

  const counts = (told: Lacks | undefined) =>
    told && [told.executed?.transactions ?? 0, told.received?.transactions ?? 0];

  test('agrees on 1500 random clusters', () => {
    let lacking = 0;
    for (let seed = 1; seed <= 1500; seed += 1) {
      const { sets, former } = clusterFrom(seed);
      const servers = Object.fromEntries(names.map((name) => [name, probeOf(sets, name)]));
      const ledger = ledgerOf('db1', {
        was: former === undefined ? [] : [{ uuid: uuid(former), address: address(former) }],
      });
      for (const name of names) {
        const expected =
          name === former
            ? undefined
            : [slow(sets, former, name, 'executed'), slow(sets, former, name, 'received')];
        expect(counts(lacks(name, { servers, ledger })), `seed ${seed} ${name}`).toEqual(expected);
        if (expected?.some((count) => count > 0)) lacking += 1;
      }
    }
    expect(lacking).toBeGreaterThan(3000);
  });
});

describe('without GTIDs', () => {
  /** `4/700` as coordinates. */
  const at = (text: string) => ({
    file: `binlog.${text.split('/')[0]!.padStart(6, '0')}`,
    position: Number(text.split('/')[1]),
  });
  const bare = (name: string, over: Partial<ServerFacts>): Probe => {
    const { gtidExecuted: _none, ...facts } = factsOf(name, over);
    return seen(facts);
  };
  const reading = (name: string, received: string, applied: string, channel: Partial<Channel> = {}): Probe =>
    bare(name, {
      readOnly: true,
      channels: [channelFrom('db1', { received: at(received), applied: at(applied), ...channel })],
    });

  test('bytes count within one file, only the order over two files, and the source itself counts by the end of its log', () => {
    const servers = {
      db1: silent,
      db2: reading('db2', '10/900', '10/700'),
      db3: reading('db3', '10/500', '10/500'),
      db4: reading('db4', '9/9000', '9/9000'),
    };
    expect(lacks('db2', { servers })).toEqual({ executed: null, received: null });
    expect(lacks('db3', { servers })).toEqual({
      executed: { server: address('db2'), bytes: 200 },
      received: { server: address('db2'), bytes: 400 },
    });
    expect(lacks('db4', { servers })).toEqual({
      executed: { server: address('db2') },
      received: { server: address('db2') },
    });
    expect(lackWords(lacks('db4', { servers })!)).toBe(
      'an unknown amount (a later binary log file) that db2:3306 has executed',
    );
    const db1 = bare('db1', { binlogEnd: at('10/950') });
    expect(lacks('db2', { servers: { ...servers, db1 } })!.executed).toEqual({
      server: address('db1'),
      bytes: 250,
    });
    expect(lacks('db1', { servers: { ...servers, db1 } })).toEqual({ executed: null, received: null });
  });

  test('replicas of another source and files of another name are not compared; a replica whose receiver is off is, by identity', () => {
    const db2 = reading('db2', '4/900', '4/900');
    const other = reading('db3', '4/100', '4/100', { sourceId: uuid('db9'), sourceAddress: address('db9') });
    expect(lacks('db3', { servers: { db1: silent, db2, db3: other } })).toBeUndefined();
    const renamed = { file: 'mysql-bin.000001', position: 4 };
    expect(
      lacks('db3', {
        servers: {
          db1: silent,
          db2,
          db3: reading('db3', '4/100', '4/100', { received: renamed, applied: renamed }),
        },
      }),
    ).toEqual({
      executed: null,
      received: null,
    });
    const off = reading('db3', '4/100', '4/100', { receiver: 'off', sourceAddress: address('db1-alias') });
    const db1 = bare('db1', { binlogEnd: at('4/950') });
    expect(lacks('db3', { servers: { db1, db2, db3: off } })!.executed).toEqual({
      server: address('db1'),
      bytes: 850,
    });
  });

  type Place = readonly [file: number, position: number];
  const told = (place: Place) => place.join('/');

  /** Sorted: the last server is ahead. */
  function slow(places: readonly Place[], [file, position]: Place): number | string | undefined {
    const [lastFile, lastPosition] = places.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]).at(-1)!;
    if (file !== lastFile) return 'a later file';
    return position === lastPosition ? undefined : lastPosition - position;
  }

  test('the comparison agrees with a slow twin on 500 random clusters', () => {
    for (let seed = 1; seed <= 500; seed += 1) {
      const pick = random(seed);
      const places = ['db2', 'db3', 'db4'].map((name) => ({
        name,
        place: [9 + pick(3), 100 + pick(9)] as Place,
      }));
      const replicas = places.map(({ name, place }) => [name, reading(name, told(place), told(place))]);
      const servers = { db1: silent, ...Object.fromEntries(replicas) };
      for (const { name, place } of places) {
        const lack = lacks(name, { servers })!.executed;
        const expected = slow(
          places.map((each) => each.place),
          place,
        );
        expect(lack ? (lack.bytes ?? 'a later file') : undefined, `seed ${seed} ${name}`).toBe(expected);
      }
    }
  });
});
