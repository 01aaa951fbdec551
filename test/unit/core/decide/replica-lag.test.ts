/** Shows how the lag of a replica follows from the hops between it and the source. */

import { describe, expect, test } from 'vitest';
import { waysTo } from '../../../../src/core/decide/replica-lag.ts';
import type { Situation } from '../../../../src/core/decide/situation.ts';
import type { Channel, Group, Probe, ServerFacts } from '../../../../src/core/model/observation.ts';
import type { ServerId } from '../../../../src/core/model/units.ts';
import { snapshot } from '../../../../src/core/report/snapshot.ts';
import {
  address,
  at,
  channelFrom,
  factsOf,
  type Given,
  given,
  ledgerOf,
  random,
  refusing,
  replicaOf,
  seen,
  silent,
  stateOf,
  uuid,
} from '../../../support/given.ts';

const source = seen(factsOf('db1'));
const below = (upstream: string, name: string, channel: Partial<Channel> = {}): Probe =>
  seen(replicaOf(upstream, name, { channels: [channelFrom(upstream, channel)] }));

const lagIn = (situation: Situation, server: string): number | undefined =>
  waysTo(situation, new Map([[address('db1'), 0]])).get(address(server))?.lagSeconds;

/** Seconds; undefined where the server has no way to db1. */
const lag = (server: string, servers: Given['servers'], over: Partial<Given> = {}): number | undefined =>
  lagIn(given({ servers: { db1: source, ...servers }, ledger: ledgerOf('db1'), ...over }), server);

describe('the lag of a server is the lag of the worst hop on its way', () => {
  test.each([
    ['the last one', { lagSeconds: 1 }, { lagSeconds: 7 }, 7],
    ['the first one', { lagSeconds: 7 }, { lagSeconds: 1 }, 7],
    ['not their sum', { lagSeconds: 4 }, { lagSeconds: 4 }, 4],
    ['a delay on purpose in the middle', { delaySeconds: 3600 }, {}, 3600],
    ['a delay that has grown', { delaySeconds: 10, lagSeconds: 12 }, {}, 12],
  ])('%s', (_, first, last, expected) => {
    expect(lag('db3', { db2: below('db1', 'db2', first), db3: below('db2', 'db3', last) })).toBe(expected);
  });

  test('the best of several ways counts', () => {
    const channels = [channelFrom('db2'), channelFrom('db4', { name: 'other', lagSeconds: 2 })];
    const servers = {
      db2: below('db1', 'db2', { lagSeconds: 60 }),
      db4: below('db1', 'db4'),
      db3: seen(replicaOf('db2', 'db3', { channels })),
    };
    expect(lag('db3', servers)).toBe(2);
  });

  test('a hop with an unknown lag is a way, but the lag of the server is unknown', () => {
    const { lagSeconds: _unknown, ...channel } = channelFrom('db1');
    const db2 = seen(replicaOf('db1', 'db2', { channels: [channel] }));
    expect(lag('db3', { db2, db3: below('db2', 'db3') })).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a server has no way to the source', () => {
  test.each([
    ['the applier in the middle is stopped', below('db1', 'db2', { applier: 'off' })],
    ['the receiver in the middle is off', below('db1', 'db2', { receiver: 'off' })],
    ['the server in the middle hears nothing', below('db1', 'db2', { heardAgoMs: 60_000 })],
    ['the server in the middle replicates from nobody', seen(factsOf('db2', { readOnly: true }))],
    ['the server in the middle replicates from a server outside the configuration', below('db9', 'db2')],
    ['the server in the middle replicates from the server below it', below('db3', 'db2')],
    ['the server in the middle never answered', undefined],
  ])('when %s', (_, db2) => expect(lag('db3', { db2, db3: below('db2', 'db3') })).toBeUndefined());

  test('through a former source that has not rejoined, even if that one follows the source', () => {
    const was = [{ uuid: uuid('db2'), address: address('db2') }];
    const servers = { db2: below('db1', 'db2'), db3: below('db2', 'db3') };
    expect(lag('db3', servers, { ledger: ledgerOf('db1', { was }) })).toBeUndefined();
    expect(lag('db2', servers, { ledger: ledgerOf('db1', { was }) })).toBe(0);
  });

  test('through the source that a move makes a former source', () => {
    const servers = { db2: seen(factsOf('db2')), db1: below('db2', 'db1'), db3: below('db1', 'db3') };
    const situation = given({ servers, ledger: ledgerOf('db1') });
    const ways = waysTo(situation, new Map([[address('db2'), 0]]));
    expect([...ways.keys()]).toEqual([address('db2'), address('db1')]);
  });
});

describe('a server in the middle does not answer', () => {
  const servers = { db2: below('db1', 'db2', { lagSeconds: 1 }), db3: below('db2', 'db3') };
  const lagLater = (db2: Probe, nowMs: number, over: Partial<Given> = {}): number | undefined => {
    const before = given({ servers: { db1: source, ...servers }, ledger: ledgerOf('db1') }).state.servers.get(
      address('db2'),
    )!;
    const memory = {
      db2: { ...before, latest: { probe: db2, at: before.factsAt!, askedAt: before.factsAt! } },
    };
    return lag('db3', servers, { nowMs, memory, settings: { ...over.settings } });
  };

  test.each([
    ['keeps its last lag for fresh_for', silent, 3000, 1],
    ['then falls behind by a second in each second', silent, 8000, 6],
    ['also falls behind when it lives but refuses us', refusing, 8000, 6],
  ])('%s', (_, db2, nowMs, expected) => expect(lagLater(db2, nowMs)).toBe(expected));

  test('an answer from before a sleep says nothing of the lag', () => {
    const state = given({ servers: { db1: source, ...servers }, ledger: ledgerOf('db1') });
    expect(lagIn({ ...state, state: { ...state.state, staleBefore: state.now.mono } }, 'db3')).toBe(1);
    const silenced = given({
      servers: { db1: source, ...servers },
      memory: { db2: { latest: { probe: silent, at: state.now.mono, askedAt: state.now.mono } } },
      ledger: ledgerOf('db1'),
    });
    expect(lagIn({ ...silenced, state: { ...silenced.state, staleBefore: state.now.mono } }, 'db3')).toBe(
      Number.POSITIVE_INFINITY,
    );
  });
});

describe('membership of one cluster is a hop too', () => {
  const names = ['db1', 'db2', 'db3'];
  const inGroup = (name: string, over: Partial<Group> = {}, facts: Partial<ServerFacts> = {}): Probe => {
    const members = names.map(
      (one) => ({ id: uuid(one), state: 'ONLINE', role: one === 'db1' ? 'PRIMARY' : 'SECONDARY' }) as const,
    );
    const group = {
      name: 'aaaaaaaa-aaaa-11f1-8000-000000000000',
      singlePrimary: true,
      members,
      lagSeconds: 0,
      ...over,
    };
    return seen(factsOf(name, { readOnly: name !== 'db1', group, ...facts }));
  };

  test('for an asynchronous replica of a secondary', () => {
    const servers = {
      db1: inGroup('db1'),
      db2: inGroup('db2', { lagSeconds: 3 }),
      db4: below('db2', 'db4', { lagSeconds: 1 }),
    };
    expect(lag('db4', servers)).toBe(3);
    expect(lag('db4', { ...servers, db2: seen(factsOf('db2', { readOnly: true })) })).toBeUndefined();
  });

  test('for a secondary of another group, whose primary replicates from the source (ClusterSet)', () => {
    const members = ['db2', 'db3'].map(
      (one) => ({ id: uuid(one), state: 'ONLINE', role: one === 'db2' ? 'PRIMARY' : 'SECONDARY' }) as const,
    );
    const other = { name: 'bbbbbbbb-bbbb-11f1-8000-000000000000', members };
    const db2 = inGroup('db2', other, {
      channels: [channelFrom('db1', { name: 'clusterset_replication', lagSeconds: 5 })],
    });
    expect(lag('db3', { db2, db3: inGroup('db3', other) })).toBe(5);
    expect(lag('db3', { db2: inGroup('db2', other), db3: inGroup('db3', other) })).toBeUndefined();
  });

  test('for a replica of a Galera node, while the node is synced', () => {
    const node = (name: string, state: 'synced' | 'donor'): Probe =>
      seen(
        factsOf(name, {
          wsrep: {
            clusterUuid: 'c',
            primaryComponent: true,
            ready: true,
            state,
            size: 2,
            lastCommitted: 1,
            closed: false,
            desynced: false,
          },
        }),
      );
    expect(
      lag('db3', { db1: node('db1', 'synced'), db2: node('db2', 'synced'), db3: below('db2', 'db3') }),
    ).toBe(0);
    expect(
      lag('db3', { db1: node('db1', 'synced'), db2: node('db2', 'donor'), db3: below('db2', 'db3') }),
    ).toBeUndefined();
  });

  test('for a replica of an Aurora reader', () => {
    const instance = (name: string): Probe => {
      const members = ['db1', 'db2'].map((one) => ({
        name: one,
        writer: one === 'db1',
        ...(one === 'db1' ? {} : { lagSeconds: 0.02 }),
      }));
      return seen(
        factsOf(name, {
          id: `aurora:${name}` as ServerId,
          readOnly: name !== 'db1',
          managed: { kind: 'aurora', self: name, members },
        }),
      );
    };
    const db3 = below('db2', 'db3', { sourceId: 'aurora:db2' as ServerId });
    expect(lag('db3', { db1: instance('db1'), db2: instance('db2'), db3 })).toBe(0.02);
  });
});

test('the status shows this lag, and null where there is no way', () => {
  const { lagSeconds: _unknown, ...channel } = channelFrom('db1');
  const servers = {
    db1: source,
    db2: below('db1', 'db2', { lagSeconds: 7 }),
    db3: below('db2', 'db3'),
    db4: seen(replicaOf('db1', 'db4', { channels: [channel] })),
    db5: seen(factsOf('db5', { readOnly: true })),
    db6: silent,
  };
  const shown = snapshot(stateOf({ servers, ledger: ledgerOf('db1') }), at(1)).servers;
  expect(shown.map(({ lagSeconds }) => lagSeconds)).toEqual([null, 7, 7, null, null, null]);
  expect(shown.map(({ way }) => way?.sentence ?? null)).toEqual([
    null,
    'db2:3306 gets its data from db1:3306 (lag 7 s)',
    'db3:3306 gets its data from db2:3306 (lag 0 s), which gets it from db1:3306 (lag 7 s)',
    'db4:3306 gets its data from db1:3306 (lag unknown)',
    'db5:3306 gets nothing from the source: db5:3306 replicates from nobody',
    null,
  ]);
});

test('a discovered server in the middle counts when its identity is verified', () => {
  const lagBelow = (claims: readonly ServerId[]): number | undefined => {
    const state = given({
      servers: { db1: source, db2: below('db1', 'db2', { lagSeconds: 2 }), db3: below('db2', 'db3') },
      ledger: ledgerOf('db1'),
    });
    const servers = state.topology.servers.map((view) =>
      view.address === address('db2')
        ? { ...view, discovered: claims.length > 0 ? ('stale' as const) : ('verified' as const) }
        : view,
    );
    return lagIn({ ...state, topology: { ...state.topology, servers } }, 'db3');
  };
  expect(lagBelow([])).toBe(2);
  expect(lagBelow([uuid('db9')])).toBeUndefined();
});

describe('the lag agrees with a slow search in random topologies, also with circles', () => {
  /** The slow way: tries every path without a repetition. */
  function slowly(
    lags: ReadonlyMap<string, ReadonlyMap<string, number>>,
    from: string,
    without: readonly string[] = [],
  ): number | undefined {
    if (from === 'db1') return 0;
    const ways = [...(lags.get(from) ?? [])].flatMap(([to, hop]) => {
      const rest = without.includes(to) ? undefined : slowly(lags, to, [...without, from]);
      return rest === undefined ? [] : [Math.max(hop, rest)];
    });
    return ways.length === 0 ? undefined : Math.min(...ways);
  }

  test.each(Array.from({ length: 40 }, (_, seed) => seed))('seed %i', (seed) => {
    const below = random(seed);
    const names = Array.from({ length: 3 + below(4) }, (_, n) => `db${n + 1}`);
    const lags = new Map(
      names
        .slice(1)
        .map((name) => [
          name,
          new Map(names.filter((one) => one !== name && below(3) === 0).map((one) => [one, below(9)])),
        ]),
    );
    const servers = Object.fromEntries(
      names.map((name): [string, Probe] => {
        const channels = [...(lags.get(name) ?? [])].map(([to, lagSeconds]) =>
          channelFrom(to, { name: to, lagSeconds }),
        );
        return [name, seen(factsOf(name, { readOnly: name !== 'db1', channels }))];
      }),
    );
    for (const name of names) expect(lag(name, servers), name).toBe(slowly(lags, name));
  });
});
