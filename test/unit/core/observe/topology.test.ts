/** Shows what source-dns concludes from probes: contact, replication, promotions. */

import { describe, expect, test } from 'vitest';
import type { Channel, Probe } from '../../../../src/core/model/observation.ts';
import { newServer } from '../../../../src/core/model/state.ts';
import type { ServerAddress, ServerId } from '../../../../src/core/model/units.ts';
import { observe } from '../../../../src/core/observe/observe.ts';
import { topologyOf, type Upstream } from '../../../../src/core/observe/topology.ts';
import {
  address,
  at,
  channelFrom,
  clusterSettings,
  factsOf,
  refusing,
  replicaOf,
  seen,
  silent,
  stateOf,
  uuid,
} from '../../../support/given.ts';

const topology = (servers: Readonly<Record<string, Probe | undefined>>, nowMs = 1) =>
  topologyOf(stateOf({ servers }), at(nowMs));

describe('contact', () => {
  test.each([
    ['reachable', seen(factsOf('db1')), 1],
    ['alive', refusing, 1],
    ['unknown', silent, 1],
    ['unobserved', undefined, 1],
    ['reachable', seen(factsOf('db1')), 3000],
    ['unobserved', seen(factsOf('db1')), 3001],
    ['unobserved', refusing, 3001],
    ['unknown', silent, 3001],
  ])('%s', (contact, probe, nowMs) =>
    expect(topology({ db1: probe }, nowMs).servers[0]?.contact).toBe(contact),
  );

  test('only a fresh answer makes a server writable', () => {
    expect(topology({ db1: seen(factsOf('db1')) }).servers[0]?.writable).toBe(true);
    expect(topology({ db1: seen(factsOf('db1')) }, 3001).servers[0]).toMatchObject({
      writable: false,
      id: uuid('db1'),
    });
  });

  test.each(['readOnly', 'superReadOnly', 'offlineMode'] as const)('%s is not writable', (flag) => {
    expect(topology({ db1: seen(factsOf('db1', { [flag]: true })) }).servers[0]?.writable).toBe(false);
  });

  test('an observation from before a jump of the clocks does not count', () => {
    const state = {
      ...stateOf({ servers: { db1: seen(factsOf('db1')), db2: silent } }),
      staleBefore: at(1).mono,
    };
    expect(topologyOf(state, at(2)).servers.map((server) => server.contact)).toEqual([
      'unobserved',
      'unobserved',
    ]);
  });
});

/** The one upstream of db2, `nowMs` after the observation, in a cluster of db1 and db2. */
function upstream(
  over: Partial<Channel>,
  nowMs = 1,
  db1: Probe | undefined = seen(factsOf('db1')),
): Upstream | undefined {
  const db2 = replicaOf('db1', 'db2', { channels: [channelFrom('db1', over)] });
  return topology({ db1, db2: seen(db2) }, nowMs).servers[1]?.upstreams[0];
}

describe('the source of a replica', () => {
  test('is known by identity, whatever the address says (it may be the name that we publish)', () => {
    expect(upstream({ sourceAddress: 'source.example:3306' as ServerAddress })).toMatchObject({
      state: 'streams',
      member: address('db1'),
    });
  });

  test('is known by address only without an identity, and only by an address of the inventory', () => {
    const { sourceId: _none, ...unnamed } = channelFrom('db1');
    const servers = {
      db1: seen(factsOf('db1')),
      db2: seen(replicaOf('db1', 'db2', { channels: [unnamed] })),
    };
    expect(topology(servers).servers[1]?.upstreams[0]).toMatchObject({
      member: address('db1'),
      outsider: false,
    });
    const elsewhere = { ...unnamed, sourceAddress: 'source.example:3306' as ServerAddress };
    const odd = topology({ ...servers, db2: seen(replicaOf('db1', 'db2', { channels: [elsewhere] })) })
      .servers[1]?.upstreams[0];
    expect(odd).toMatchObject({ outsider: false });
    expect(odd?.member).toBeUndefined();
  });

  test('is an outsider by a UUID that no member has, once every member has shown its own', () => {
    expect(upstream({ sourceId: uuid('db9') })).toMatchObject({ outsider: true });
    expect(upstream({ sourceId: uuid('db9') }, 1, silent)).toMatchObject({ outsider: false });
  });

  test('is unknown while the receiver is off', () => expect(upstream({ receiver: 'off' })).toBeUndefined());

  test.each([
    ['streams', { heardAgoMs: 2000 }, 1],
    ['silent', { heardAgoMs: 2001 }, 1],
    ['streams', { heardAgoMs: 2000 }, 3000],
    ['streams', { heardAgoMs: 50_000, heartbeatMs: 0 }, 1],
    ['connecting', { receiver: 'connecting' }, 1],
  ] as const)(
    'a replica is %s by what it heard within two heartbeats before its answer, not by what came later',
    (state, over, nowMs) => {
      expect(upstream(over, nowMs)?.state).toBe(state);
    },
  );

  test('streams for two heartbeats from when the receiver was seen on, if it was never heard from', () => {
    const { heardAgoMs: _none, ...channel } = channelFrom('db1');
    const servers = {
      db1: seen(factsOf('db1')),
      db2: seen(replicaOf('db1', 'db2', { channels: [channel] })),
    };
    const first = stateOf({ servers }).servers.get(address('db2'))!;
    const followersAt = (ms: number) =>
      topologyOf(
        stateOf({ servers, memory: { db2: observe(first, servers.db2, at(ms)).memory } }),
        at(ms),
      ).followersOf(address('db1'));
    expect(followersAt(2000)).toHaveLength(1);
    expect(followersAt(2001)).toHaveLength(0);
  });

  test('has only streaming replicas as followers', () => {
    const servers = { db1: seen(factsOf('db1')), db2: seen(replicaOf('db1', 'db2')), db3: silent };
    expect(
      topology(servers)
        .followersOf(address('db1'))
        .map((server) => server.address),
    ).toEqual([address('db2')]);
  });

  test('two servers with one UUID are both marked', () => {
    const servers = {
      db1: seen(factsOf('db1')),
      db2: seen(factsOf('db2', { id: uuid('db1') })),
      db3: seen(factsOf('db3')),
    };
    expect(topology(servers).servers.map((server) => server.duplicate)).toEqual([true, true, false]);
  });
});

describe('a promotion', () => {
  const settings = clusterSettings(['db1']).servers[0]!;
  const readOnly = { readOnly: true, superReadOnly: true };
  const promote = (facts: Parameters<typeof factsOf>[1], elapsedMs = 1000) => {
    const before = observe(newServer(settings, at(0).mono), seen(factsOf('db1', readOnly)), at(0)).memory;
    return observe(before, seen(factsOf('db1', facts)), at(elapsedMs));
  };

  test('is seen from read-only to writable on one connection', () =>
    expect(promote({}).memory.promotedAt).toBeDefined());
  test('is seen on two connections to one process, whose Uptime went on', () => {
    expect(promote({ session: 2, uptimeSeconds: 1001 }).memory.promotedAt).toBeDefined();
  });
  test('is not seen across a restart', () =>
    expect(promote({ session: 2, uptimeSeconds: 1 }).memory.promotedAt).toBeUndefined());
  test('is not seen across a restart long ago, whose Uptime is high by now', () => {
    expect(promote({ session: 2, uptimeSeconds: 1500 }, 3_600_000).memory.promotedAt).toBeUndefined();
  });
  test('is not seen from another server at the same address', () =>
    expect(promote({ id: 'x' as ServerId }).memory.promotedAt).toBeUndefined());
  test('is not seen of a server that was writable at our first look', () => {
    expect(
      observe(newServer(settings, at(0).mono), seen(factsOf('db1')), at(0)).memory.promotedAt,
    ).toBeUndefined();
  });
  test('is suspicious', () => expect(promote({}).suspicious).toBe(true));
  test('survives silence, and ends with read-only and with a restart', () => {
    const { memory } = promote({});
    const quiet = observe(memory, silent, at(2000)).memory;
    expect(
      observe(quiet, seen(factsOf('db1', { session: 2, uptimeSeconds: 1003 })), at(3000)).memory.promotedAt,
    ).toBeDefined();
    expect(
      observe(quiet, seen(factsOf('db1', { session: 2, uptimeSeconds: 1 })), at(3000)).memory.promotedAt,
    ).toBeUndefined();
    expect(observe(memory, seen(factsOf('db1', readOnly)), at(3000)).memory.promotedAt).toBeUndefined();
  });
  test('when transactions of a server vanish, it has to prove its line anew', () => {
    const { memory } = observe(newServer(settings, at(0).mono), seen(factsOf('db1')), at(0));
    const { gtidExecuted: _gone, ...rest } = factsOf('db1');
    expect(observe(memory, seen({ ...rest, gtidExecuted: new Map() }), at(1)).historyVanished).toBe(
      uuid('db1'),
    );
    expect(observe(memory, seen(factsOf('db1')), at(1)).historyVanished).toBeUndefined();
  });
});
