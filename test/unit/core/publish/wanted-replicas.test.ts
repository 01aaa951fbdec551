/** Shows which servers the name of the replicas has. */

import { describe, expect, test } from 'vitest';
import type { Channel, Group, Probe } from '../../../../src/core/model/observation.ts';
import type { ReplicasName } from '../../../../src/core/model/settings.ts';
import type { ServerId } from '../../../../src/core/model/units.ts';
import type { Rrset } from '../../../../src/core/model/zone.ts';
import { wantedReplicas } from '../../../../src/core/publish/wanted-replicas.ts';
import {
  address,
  at,
  bothOver,
  channelFrom,
  factsOf,
  fqdn,
  type Given,
  given,
  gtids,
  ledgerOf,
  publicationSettings,
  replicaOf,
  seen,
  silent,
  uuid,
} from '../../../support/given.ts';

const name = fqdn('replicas.example.');
const listed = (...rdata: string[]): Rrset => ({ name, type: 'A', ttlSeconds: 5, rdata });
const lagging = (server: string, over: Partial<Channel>): Probe =>
  seen(replicaOf('db1', server, { channels: [channelFrom('db1', over)] }));
const healthy = {
  db1: seen(factsOf('db1')),
  db2: seen(replicaOf('db1', 'db2')),
  db3: seen(replicaOf('db1', 'db3')),
};

/** The addresses of the wanted RRset while `source` is the source; undefined: the RRset stays as it is. */
function replicas(
  over: Partial<Given>,
  whenEmpty: ReplicasName['whenEmpty'] = 'source',
  source = 'db1',
): readonly unknown[] | undefined {
  const settings = publicationSettings({ replicas: { name, ttlSeconds: 5, maxLagMs: 10_000, whenEmpty } });
  const evidence = { line: new Set([uuid('db1'), uuid('db2'), uuid('db3')]) };
  const publication = bothOver({ settings, evidence }, over.publication);
  const situation = given({ servers: healthy, ledger: ledgerOf('db1'), ...over, publication });
  const wanted = wantedReplicas(situation, address(source));
  return wanted.length === 0
    ? undefined
    : wanted.flatMap((want): readonly unknown[] => want.rrset?.rdata ?? []);
}

describe('the name of the replicas', () => {
  test('has a server that replicates without lag', () =>
    expect(replicas({})).toEqual(['192.0.2.2', '192.0.2.3']));

  test.each([
    ['does not answer', silent],
    ['has its applier stopped', lagging('db3', { applier: 'off' })],
    ['has its receiver off', lagging('db3', { receiver: 'off' })],
    ['hears nothing', lagging('db3', { heardAgoMs: 60_000 })],
    ['is delayed on purpose, even if nothing waits now', lagging('db3', { delaySeconds: 3600 })],
    ['replicates from an outsider', lagging('db3', { sourceId: uuid('db9') })],
  ])('has no server that %s', (_, db3) =>
    expect(replicas({ servers: { ...healthy, db3 } })).toEqual(['192.0.2.2']),
  );

  test('has no server with an unknown lag', () => {
    const { lagSeconds: _unknown, ...channel } = channelFrom('db1');
    expect(
      replicas({ servers: { ...healthy, db3: seen(replicaOf('db1', 'db3', { channels: [channel] })) } }),
    ).toEqual(['192.0.2.2']);
  });

  test('has no former source, and no stranger', () => {
    const was = [{ uuid: uuid('db3'), address: address('db3') }];
    expect(replicas({ ledger: ledgerOf('db1', { was }) })).toEqual(['192.0.2.2']);
    expect(replicas({ publication: { evidence: { line: new Set([uuid('db2')]) } } })).toEqual(['192.0.2.2']);
  });

  test('has after a move no previous source, even if it replicates from the new one already', () => {
    const servers = {
      db1: seen(replicaOf('db2', 'db1')),
      db2: seen(factsOf('db2')),
      db3: seen(replicaOf('db2', 'db3')),
    };
    expect(replicas({ servers }, 'source', 'db2')).toEqual(['192.0.2.3']);
  });
});

describe('a tool re-points the replicas of the previous source', () => {
  const was = [{ uuid: uuid('db1'), address: address('db1') }];
  const closed = {
    db1: seen(factsOf('db1', { readOnly: true })),
    db2: seen(factsOf('db2')),
    db3: seen(replicaOf('db1', 'db3')),
  };
  const staying = (over: Partial<Given>, movedAt: number[] = [0]) =>
    replicas(
      {
        servers: closed,
        ledger: ledgerOf('db2', { was }),
        rrsets: [listed('192.0.2.3')],
        publication: { limits: { moves: movedAt.map((ms) => at(ms).mono) } },
        ...over,
      },
      'withdraw',
      'db2',
    );

  test('the replicas in the RRset stay at the move, and for max_lag after it', () => {
    expect(staying({ ledger: ledgerOf('db1') })).toEqual(['192.0.2.3']);
    expect(staying({})).toEqual(['192.0.2.3']);
    expect(staying({}, [-9_990])).toEqual(['192.0.2.3']);
    expect(staying({}, [-10_010])).toEqual([]);
  });

  test.each([
    ['the replica was not in the RRset before', { rrsets: [] }],
    ['the former source may write', { servers: { ...closed, db1: seen(factsOf('db1')) } }],
    ['the former source does not answer', { servers: { ...closed, db1: silent } }],
    [
      'the replica does not hear the former source any more',
      { servers: { ...closed, db3: lagging('db3', { receiver: 'connecting' }) } },
    ],
    [
      'another server was the source in between',
      { ledger: ledgerOf('db2', { was: [...was, { uuid: uuid('db9'), address: address('db9') }] }) },
    ],
  ])('no replica stays where %s', (_, over) => expect(staying(over)).toEqual([]));

  test('no replica stays where nobody saw the move', () => expect(staying({}, [])).toEqual([]));
});

describe('the name of the replicas, without a channel,', () => {
  const withGroup = (name: string, over: Partial<Group> = {}): Probe => {
    const members = ['db1', 'db2', 'db3'].map(
      (one) => ({ id: uuid(one), state: 'ONLINE', role: one === 'db1' ? 'PRIMARY' : 'SECONDARY' }) as const,
    );
    const group = {
      name: 'aaaaaaaa-aaaa-11f1-8000-000000000000',
      singlePrimary: true,
      members,
      lagSeconds: 0,
      ...over,
    };
    return seen(factsOf(name, { readOnly: name !== 'db1', group }));
  };
  const group = { db1: withGroup('db1'), db2: withGroup('db2'), db3: withGroup('db3') };

  test('has a member of the same group', () =>
    expect(replicas({ servers: group })).toEqual(['192.0.2.2', '192.0.2.3']));

  test.each([
    ['lags', { lagSeconds: 20 }],
    ['is joining', { members: [{ id: uuid('db3'), state: 'RECOVERING', role: 'SECONDARY' }] as const }],
    ['has left the group', { members: [{ id: uuid('db3'), state: 'ONLINE', role: 'PRIMARY' }] as const }],
  ])('has no server that %s', (_, over) =>
    expect(replicas({ servers: { ...group, db3: withGroup('db3', over) } })).toEqual(['192.0.2.2']),
  );

  test('has an Aurora reader, by the lag in the table of Aurora', () => {
    const instance = (name: string, lagSeconds: number): Probe => {
      const { gtidExecuted: _none, ...facts } = factsOf(name, { readOnly: name !== 'db1' });
      const members = ['db1', 'db2', 'db3'].map((one) => ({
        name: one,
        writer: one === 'db1',
        ...(one === 'db1' ? {} : { lagSeconds }),
      }));
      return seen({
        ...facts,
        id: `aurora:${name}` as ServerId,
        managed: { kind: 'aurora', self: name, members },
      });
    };
    const servers = { db1: instance('db1', 0), db2: instance('db2', 0.02), db3: instance('db3', 20) };
    expect(replicas({ servers, ledger: ledgerOf('db1', { uuid: 'aurora:db1' as ServerId }) })).toEqual([
      '192.0.2.2',
    ]);
  });
});

describe('the lag has two limits, so that a lag around `max_lag` does not flap', () => {
  const lag = (lagSeconds: number, rrsets: readonly Rrset[]) =>
    replicas({ servers: { ...healthy, db3: lagging('db3', { lagSeconds }) }, rrsets });

  test.each([
    [10, true],
    [10.001, false],
  ])('a server in the RRset with %d s stays: %s', (lagSeconds, stays) => {
    expect(lag(lagSeconds, [listed('192.0.2.2', '192.0.2.3')])?.includes('192.0.2.3')).toBe(stays);
  });

  test.each([
    [5, true],
    [5.001, false],
  ])('a server outside with %d s comes in: %s', (lagSeconds, comes) => {
    expect(lag(lagSeconds, [listed('192.0.2.2')])?.includes('192.0.2.3')).toBe(comes);
  });
});

describe('no server is fit, and when_empty is', () => {
  const alone = { db1: seen(factsOf('db1', { gtidExecuted: gtids('db1:1-100') })), db2: silent, db3: silent };
  test('source: the source stands in', () => expect(replicas({ servers: alone })).toEqual(['192.0.2.1']));
  test('keep: nothing changes', () => expect(replicas({ servers: alone }, 'keep')).toBeUndefined());
  test('withdraw: the RRset goes', () => expect(replicas({ servers: alone }, 'withdraw')).toEqual([]));
});

describe('the addresses of the replicas', () => {
  test('are unique and safe', () => {
    const memory = { db2: { addresses: ['192.0.2.2', '127.0.0.1'] }, db3: { addresses: ['192.0.2.2'] } };
    expect(replicas({ memory })).toEqual(['192.0.2.2']);
  });
  test('are those of at most 32 servers, which one answer can carry', () => {
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [`db${n + 2}`, seen(replicaOf('db1', `db${n + 2}`))]),
    );
    const line = new Set(Object.keys(many).map(uuid));
    expect(
      replicas({ servers: { db1: seen(factsOf('db1')), ...many }, publication: { evidence: { line } } }),
    ).toHaveLength(32);
  });
});
