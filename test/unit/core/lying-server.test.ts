/** Shows what one server can reach by lies while all others tell the truth (docs/THREATS.md). */

import { describe, expect, test } from 'vitest';
import { guard } from '../../../src/core/decide/guard.ts';
import type { Commanded, Situation } from '../../../src/core/decide/situation.ts';
import { situationOf } from '../../../src/core/decide/situation-of.ts';
import { decide } from '../../../src/core/decide/table.ts';
import type { Group, GroupMember, ServerFacts } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { step } from '../../../src/core/step.ts';
import {
  address,
  at,
  channelFrom,
  factsOf,
  type Given,
  gtids,
  ledgerOf,
  random,
  replicaOf,
  seen,
  silent,
  stateOf,
  uuid,
} from '../../support/given.ts';

const names = ['db1', 'db2', 'db3', 'db4', 'db5'];
const home = (name: string) => ({ home: address(name) });
const line = { evidence: { line: new Set(names.map(uuid)) } };
/** The server became writable while the published source was lost. */
const promoted = { promotedAt: at(1).mono, shutAskedAt: at(1).mono };

function situation(world: Given, command?: Commanded): Situation {
  const state = stateOf({ ledger: ledgerOf('db1'), publication: line, ...world });
  return situationOf(state, state.publications.get('ns1')!, at(1), { command });
}
const decided = (world: Given, command?: Commanded) => {
  const now = situation(world, command);
  return guard(now, decide(now));
};
const named = (server: string, force = false): Commanded => ({ server: address(server), force });
const alarmsOf = (world: Given) =>
  step(stateOf({ ledger: ledgerOf('db1'), publication: line, ...world }), { kind: 'tick' }, at(1))[0].alarms;

describe('db1 is lost, db2 was promoted, and db3 lies', () => {
  const lost = (db3: ServerFacts, over: Partial<Given> = {}): Given => ({
    servers: {
      db1: silent,
      db2: seen(factsOf('db2')),
      db3: seen(db3),
      db4: seen(replicaOf('db1', 'db4', { channels: [] })),
    },
    memory: { db2: promoted },
    ...over,
  });
  const promotedToo = { memory: { db2: promoted, db3: promoted } };

  test('the name moves without the lie', () => {
    expect(decided(lost(replicaOf('db1', 'db3', { channels: [] })))).toMatchObject({
      reason: 'failover',
      source: address('db2'),
    });
  });

  test.each<[string, ServerFacts, Partial<Given>, string]>([
    ['db3 claims that it still hears db1', replicaOf('db1', 'db3'), {}, 'published-source-alive'],
    ['db3 claims that it was promoted too', factsOf('db3'), promotedToo, 'two-sources'],
  ])('%s: the hold names db3, and a person passes the hold', (_, db3, over, reason) => {
    const hold = decided(lost(db3, over));
    expect(hold).toMatchObject({ kind: 'hold', reason, sentence: expect.stringContaining('db3') });
    expect(decided(lost(db3, over), named('db2'))).toMatchObject({
      reason: 'commanded',
      source: address('db2'),
    });
  });

  test('db3 claims more transactions: an alarm, and with gtid_guard a hold, which force passes', () => {
    const ahead = lost(replicaOf('db9', 'db3', { channels: [], gtidExecuted: gtids('db1:1-900') }));
    expect(decided(ahead)).toMatchObject({ reason: 'failover', source: address('db2') });
    expect(alarmsOf(ahead)).toContainEqual(
      expect.objectContaining({ sentence: expect.stringContaining('db3:3306') }),
    );
    const guarded = { ...ahead, settings: { gtidGuard: 'hold' } } as const;
    expect(decided(guarded)).toMatchObject({
      reason: 'candidate-behind',
      sentence: expect.stringContaining('db3:3306'),
    });
    expect(decided(guarded, named('db2', true))).toMatchObject({
      reason: 'commanded',
      source: address('db2'),
    });
  });

  test('db3 claims to be db2: an alarm at both, and force passes the hold', () => {
    const copied = lost(factsOf('db3', { id: uuid('db2') }));
    expect(decided(copied)).toMatchObject({ kind: 'hold' });
    expect(
      alarmsOf(copied).flatMap(({ code, subject }) => (code === 'duplicate-uuid' ? [subject] : [])),
    ).toEqual(['db2', 'db3'].map(address));
    expect(decided(copied, named('db2'))).toMatchObject({ kind: 'hold' });
    expect(decided(copied, named('db2', true))).toMatchObject({
      reason: 'commanded',
      source: address('db2'),
    });
  });

  test('db3 claims to be db2 under a second address: an alarm at it, which ends only when the configuration drops it', () => {
    const twin = seen(factsOf('db3', { id: uuid('db2'), ...home('db2'), readOnly: true }));
    const { servers } = lost(factsOf('db3'));
    const promotedDb2 = seen(factsOf('db2', home('db2')));
    // db3 is configured before db2, so its address counts.
    const twins = {
      servers: { db1: servers['db1'], db3: twin, db2: promotedDb2, db4: servers['db4'] },
      memory: { db2: promoted },
    };
    expect(decided(twins)).toMatchObject({ kind: 'hold' });
    expect(alarmsOf(twins)).toContainEqual(
      expect.objectContaining({ code: 'same-server', sentence: expect.stringContaining('db3') }),
    );
    expect(decided(twins, named('db2', true))).toMatchObject({
      kind: 'hold',
      sentence: expect.stringContaining('db3'),
    });
    const { db3: _liar, ...without } = twins.servers;
    expect(decided({ ...twins, servers: without })).toMatchObject({
      reason: 'failover',
      source: address('db2'),
    });
  });

  test('db3 claims that only it was promoted: the lie wins', () => {
    const won = lost(factsOf('db3'), { memory: { db3: promoted } });
    const honest = { ...won.servers, db2: seen(replicaOf('db1', 'db2', { channels: [] })) };
    expect(decided({ ...won, servers: honest })).toMatchObject({
      reason: 'failover',
      source: address('db3'),
    });
    expect(decided({ ...won, servers: honest, settings: { servers: neverDb3 } })).toMatchObject({
      kind: 'hold',
      reason: 'no-candidate',
    });
  });
});

const lostBefore = {
  db1: silent,
  db2: seen(factsOf('db2')),
  db4: seen(replicaOf('db1', 'db4', { channels: [] })),
};

test('db1 is lost, db2 is writable without a proof, and db3 lies that it replicates from db2: db2 wins by the lie', () => {
  const honest = seen(replicaOf('db1', 'db3', { channels: [] }));
  expect(decided({ servers: { ...lostBefore, db3: honest } })).toMatchObject({
    kind: 'hold',
    reason: 'unproven-candidate',
  });
  const liar = seen(replicaOf('db2', 'db3'));
  expect(decided({ servers: { ...lostBefore, db3: liar } })).toMatchObject({
    reason: 'failover',
    source: address('db2'),
  });
});

const neverDb3 = ['db1', 'db2', 'db3', 'db4'].map((name) => ({
  address: address(name),
  candidate: name === 'db3' ? ('never' as const) : ('auto' as const),
}));

describe('db1 is healthy and published, and db3 lies', () => {
  test('db3 copies its UUID: the name stays, and the alarm names both', () => {
    const world = {
      servers: {
        db1: seen(factsOf('db1')),
        db2: seen(replicaOf('db1', 'db2')),
        db3: seen(factsOf('db3', { id: uuid('db1') })),
      },
    };
    expect(decided(world)).toMatchObject({ kind: 'hold' });
    expect(alarmsOf(world).filter(({ code }) => code === 'duplicate-uuid')).toHaveLength(2);
  });

  test('a copy of its UUID that follows a writable third server is no step down of db1', () => {
    const copy = factsOf('db3', { id: uuid('db1'), readOnly: true, channels: [channelFrom('db2')] });
    const servers = {
      db1: seen(factsOf('db1')),
      db2: seen(factsOf('db2')),
      db3: seen(copy),
      db4: seen(replicaOf('db1', 'db4')),
    };
    expect(decided({ servers })).toMatchObject({ kind: 'hold', reason: 'two-sources' });
    const closed = { ...servers, db1: seen(factsOf('db1', { readOnly: true })) };
    expect(decided({ servers: closed })).toMatchObject({ reason: 'switchover', source: address('db2') });
  });

  test('no lie of one server takes the name away (4,000 lies, clusters of two to five: replicas, groups, multi-primary groups)', () => {
    const reasons = new Set<string>();
    for (let seed = 0; seed < 4000; seed += 1) {
      const { world, liar } = lie(seed);
      const decision = decided(world);
      reasons.add(`${decision.kind} ${decision.reason}`);
      if (decision.kind === 'point-to')
        expect({ seed, liar, source: decision.source }).toEqual({ seed, liar, source: address('db1') });
    }
    // The lies have an effect somewhere.
    expect([...reasons].toSorted()).toEqual(
      expect.arrayContaining(['hold no-candidate', 'hold two-sources', 'point-to steady']),
    );
  });
});

/** A healthy cluster, in which one replica, at any place of the configuration, says anything. */
function lie(seed: number): { readonly world: Given; readonly liar: ServerAddress } {
  const pick = random(seed);
  const one = <T>(values: readonly T[]): T => values[pick(values.length)]!;
  const members = names.slice(0, 2 + pick(4));
  const liar = one(members.slice(1));
  const online = (primary: string, single: boolean): Group => ({
    name: 'g',
    singlePrimary: single,
    members: members.map(
      (name): GroupMember => ({
        id: uuid(name),
        state: 'ONLINE',
        role: !single || name === primary ? 'PRIMARY' : 'SECONDARY',
      }),
    ),
  });
  const kind = one(['replicas', 'replicas', 'group', 'multi-primary'] as const);
  const isGroup = kind !== 'replicas';
  const truth = (name: string): ServerFacts => {
    const over = { ...home(name), ...(isGroup && { group: online('db1', kind === 'group') }) };
    return name === 'db1' || kind === 'multi-primary'
      ? factsOf(name, over)
      : replicaOf('db1', name, { ...over, ...(isGroup && { channels: [] }) });
  };
  const self = one([liar, liar, ...members]);
  // The mark of the ledger may name a group, and everybody can read the ledger.
  const alone: Group = {
    name: one(['g', uuid('db1')]),
    singlePrimary: true,
    members: [{ id: uuid(self), state: 'ONLINE', role: 'PRIMARY' }],
  };
  const aurora = {
    kind: 'aurora',
    self: 'x',
    members: [{ name: 'x', writer: true }, { name: 'y' }],
  } as const;
  const said = factsOf(self, {
    ...one([home(liar), home(self), {}]),
    uptimeSeconds: one([1, 1000]),
    readOnly: pick(4) === 0,
    channels: Array.from({ length: pick(3) }, (_, index) =>
      channelFrom(one(members), { name: `c${index}`, receiver: one(['on', 'connecting', 'off'] as const) }),
    ),
    gtidExecuted: gtids(one(['db1:1-100', 'db1:1-900', 'db9:1-7'])),
    ...one([
      {},
      {},
      { group: online(liar, true) },
      { group: online('db1', false) },
      { group: alone },
      { managed: aurora },
    ]),
  });
  const servers = Object.fromEntries(members.map((name) => [name, seen(name === liar ? said : truth(name))]));
  // A writable reporting server, as many clusters have one.
  const other = members.find((name) => name !== 'db1' && name !== liar);
  if (other !== undefined && !isGroup && pick(4) === 0) servers[other] = seen(factsOf(other, home(other)));
  // The order of the configuration must not matter.
  const order = pick(2) === 0 ? members : members.toReversed();
  const memory = pick(2) === 0 ? { [liar]: promoted } : {};
  const ledger = ledgerOf('db1', { line: { uuid: uuid('db1'), gno: 50 } });
  return {
    world: { servers: Object.fromEntries(order.map((name) => [name, servers[name]])), memory, ledger },
    liar: address(liar),
  };
}
