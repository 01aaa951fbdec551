/** Shows when servers get their own names back, after host names were exchanged. */

import { describe, expect, test } from 'vitest';
import type { AddressTrial } from '../../../../src/core/model/address-trial.ts';
import type { Effect } from '../../../../src/core/model/events.ts';
import type { ServerFacts } from '../../../../src/core/model/observation.ts';
import type { ServerMemory } from '../../../../src/core/model/state.ts';
import type { MonoMs, ServerId } from '../../../../src/core/model/units.ts';
import { withOwnNames } from '../../../../src/core/observe/own-names.ts';
import { address, at, factsOf, replicaOf, seen, stateOf, turnAt, uuid } from '../../../support/given.ts';

const [one, two] = ['192.0.2.1', '192.0.2.2'] as const;

const trialOf = (id: ServerId): AddressTrial => ({ outcome: 'other', at: at(0).mono, wasSame: false, id });

/** The resolver says this of a host name now, and another server answers there. */
const leadsTo = (place: string, id: ServerId): Partial<ServerMemory> => ({
  proposed: [place],
  trials: new Map([[place, trialOf(id)]]),
});

/** The server of db2 was asked as db1, and the server of db1 as db2. */
function worldOf({
  over = {},
  memory = { db1: leadsTo(one, uuid('db1')), db2: leadsTo(two, uuid('db2')) },
}: {
  readonly over?: Partial<ServerFacts>;
  readonly memory?: Readonly<Record<string, Partial<ServerMemory>>>;
} = {}) {
  return stateOf({
    servers: {
      db1: seen(replicaOf('db1', 'db2', { peer: two, ...over })),
      db2: seen(factsOf('db1', { peer: one })),
      db3: seen(replicaOf('db1', 'db3', { peer: '192.0.2.3' })),
    },
    memory: { ...memory, db2: { promotedAt: 7 as MonoMs, ...memory['db2'] } },
  });
}

function named(state: ReturnType<typeof worldOf>) {
  const effects: Effect[] = [];
  const next = withOwnNames(turnAt(1, effects), state);
  const ids = [...next.servers.values()].map(({ facts }) => facts?.id);
  return { next, effects, ids, isSame: next === state };
}

describe('a host name that led to another member when its connection was opened', () => {
  const borrowed = (memory: Partial<ServerMemory>, over: Partial<ServerFacts> = {}) =>
    stateOf({
      servers: {
        db1: seen(factsOf('db1', { peer: one, home: address('db1') })),
        db2: seen(factsOf('db1', { peer: one, home: address('db1'), ...over })),
        db3: seen(replicaOf('db1', 'db3', { peer: '192.0.2.3', home: address('db3') })),
      },
      memory: { db2: { addresses: [one], ...memory } },
    });

  test('gets its own server as soon as it leads there', () => {
    const { next, effects } = named(borrowed(leadsTo(two, uuid('db2'))));
    expect(effects).toEqual([{ kind: 'renew', server: address('db2') }]);
    expect(next.servers.get(address('db2'))).toMatchObject({
      facts: undefined,
      latest: undefined,
      addresses: undefined,
      proposed: [two],
      nextProbeAt: at(1).mono,
    });
    expect(next.servers.get(address('db1'))?.facts?.id).toBe(uuid('db1'));
  });

  test.each<[string, ReturnType<typeof borrowed>]>([
    ['while it leads to that member: it is another name for it', borrowed({ proposed: [one] })],
    ['while nobody answers at the new address', borrowed({ proposed: [two] })],
    [
      'while it leads there, too',
      borrowed({
        proposed: [one, two],
        trials: new Map([
          [one, { outcome: 'same', at: at(0).mono, wasSame: true }],
          [two, trialOf(uuid('db2'))],
        ]),
      }),
    ],
    ['if it has a server of its own', borrowed(leadsTo(one, uuid('db9')), { id: uuid('db2'), serverId: 2 })],
  ])('keeps its connection %s', (_, state) => expect(named(state).isSame).toBe(true));
});

describe('two host names that were exchanged when the connections were opened', () => {
  test('lead to their own servers again: each server gets its own name', () => {
    const { next, effects, ids } = named(worldOf());
    expect(ids).toEqual(['db1', 'db2', 'db3'].map(uuid));
    expect(effects).toEqual([
      { kind: 'renew', server: address('db1') },
      { kind: 'renew', server: address('db2') },
    ]);
    // What was seen of a server goes with it, but counts only when it answers under its own name.
    const db1 = next.servers.get(address('db1'));
    expect(db1).toMatchObject({ promotedAt: 7, latest: undefined, nextProbeAt: at(1).mono, proposed: [one] });
  });

  test('stay while only one of them leads elsewhere', () => {
    expect(named(worldOf({ memory: { db1: leadsTo(one, uuid('db1')) } })).isSame).toBe(true);
  });

  test('stay where the server says that its present name is its own: the records are wrong', () => {
    expect(named(worldOf({ over: { home: address('db1') } })).isSame).toBe(true);
  });

  test('stay while another server is at the addresses', () => {
    const memory = { db1: leadsTo(one, uuid('db9')), db2: leadsTo(two, uuid('db2')) };
    expect(named(worldOf({ memory })).isSame).toBe(true);
  });

  test('stay while one of them is being fenced', () => {
    const state = worldOf();
    const fencing = {
      id: uuid('db2'),
      formerSince: at(0).mono,
      notFormerAt: undefined,
      opened: undefined,
      markedAt: undefined,
      isMarkOver: false,
      verdict: undefined,
      wantedSince: undefined,
      seenAt: undefined,
      isRunning: true,
      times: 1,
      nextAt: at(0).mono,
      last: undefined,
      fencedAt: undefined,
      clearedAt: undefined,
      clearAt: undefined,
    };
    expect(named({ ...state, fences: new Map([[address('db1'), fencing]]) }).isSame).toBe(true);
  });
});

test('what is remembered by name goes with the server', () => {
  const state = worldOf();
  const publications = new Map(
    [...state.publications].map(([name, publication]) => {
      const rejoins = new Map([[address('db1'), { rejoined: true }]]);
      return [name, { ...publication, evidence: { ...publication.evidence, rejoins } }] as const;
    }),
  );
  const [publication] = named({ ...state, publications }).next.publications.values();
  expect(publication?.evidence.rejoins).toEqual(new Map([[address('db2'), { rejoined: true }]]));
});
