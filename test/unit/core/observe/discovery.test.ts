/** Shows which unlisted servers are discovered, how often they are asked, and when they are forgotten. */

import { describe, expect, test } from 'vitest';
import type { Effect } from '../../../../src/core/model/events.ts';
import type { Claim, Probe, ServerFacts } from '../../../../src/core/model/observation.ts';
import type { ClusterSettings } from '../../../../src/core/model/settings.ts';
import { type ClusterState, withPublication, withServer } from '../../../../src/core/model/state.ts';
import type { MonoMs, Now, ServerAddress, ServerId } from '../../../../src/core/model/units.ts';
import { topologyOf } from '../../../../src/core/observe/topology.ts';
import { step } from '../../../../src/core/step.ts';
import {
  address,
  at,
  channelFrom,
  clusterSettings,
  factsOf,
  ledgerOf,
  publicationSettings,
  replicaOf,
  seen,
  silent,
  stateOf,
  uuid,
} from '../../../support/given.ts';

const lan: Partial<ClusterSettings> = { discoverWithin: [{ kind: 'suffix', suffix: '.lan' }] };
const x = address('db4.lan');

const listing = (...rows: readonly (readonly [string, Claim])[]): Partial<ServerFacts> => ({
  replicas: rows.map(([name, claim]) => ({ address: address(name), claim })),
});
/** db1 is the source, and lists these servers; db2 replicates from it. */
const cluster = (said: Partial<ServerFacts>, settings = lan): ClusterState =>
  stateOf({
    servers: { db1: seen(factsOf('db1', said)), db2: seen(replicaOf('db1', 'db2')) },
    settings,
    ledger: ledgerOf('db1'),
  });

function ticked(state: ClusterState, now: Now): { state: ClusterState; effects: readonly Effect[] } {
  const [next, effects] = step(state, { kind: 'tick' }, now);
  return { state: next, effects };
}
/** The server answers in time, whenever it was asked. */
function observed(
  state: ClusterState,
  server: ServerAddress,
  probe: Probe,
  now: Now,
): { state: ClusterState; effects: readonly Effect[] } {
  const memory = { ...state.servers.get(server)!, probing: undefined };
  const [next, effects] = step(withServer(state, memory), { kind: 'observed', server, probe }, now);
  return { state: next, effects };
}
const discoveredIn = (state: ClusterState): readonly string[] =>
  [...state.servers.values()]
    .filter(({ settings }) => settings.discovered)
    .map(({ settings }) => settings.address);
const standing = (state: ClusterState, now: Now) =>
  topologyOf(state, now).servers.find((server) => server.address === x)?.discovered;
const probed = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'probe' ? [effect.server] : []));
const released = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'release' ? [effect.server] : []));

describe('discovery', () => {
  test('asks nobody where no scope is configured', () => {
    expect(discoveredIn(ticked(cluster(listing(['db4.lan', uuid('db4')]), {}), at(1)).state)).toEqual([]);
  });

  test.each<[string, Partial<ServerFacts>, string]>([
    ['a server that has registered as a replica', listing(['db4.lan', uuid('db4')]), 'replicas'],
    [
      'the source of a channel',
      { channels: [channelFrom('db4.lan', { receiver: 'connecting' })] },
      'channel',
    ],
    [
      'a member of the group',
      {
        group: {
          name: 'g',
          singlePrimary: true,
          members: [{ id: uuid('db4'), state: 'ONLINE', role: 'SECONDARY', address: x }],
        },
      },
      'group',
    ],
  ])('asks %s', (_, said, how) => {
    const { state, effects } = ticked(cluster(said), at(1));
    expect(discoveredIn(state)).toEqual([x]);
    expect(state.servers.get(x)?.settings).toMatchObject({
      candidate: 'never',
      discovered: { by: address('db1'), how, claims: [uuid('db4')] },
    });
    expect(probed(effects)).toContain(x);
    // The name of this server is never resolved: it is never published.
    expect(effects.filter((effect) => effect.kind === 'resolve' && effect.server === x)).toEqual([]);
  });

  test.each<[string, Partial<ServerFacts>]>([
    [
      'a server outside of the scopes',
      listing(['db4.example', uuid('db4')], ['lan', uuid('db5')], ['10.1.2.3', uuid('db6')]),
    ],
    ['a server whose UUID is known at another address', listing(['db4.lan', uuid('db2')])],
    ['the source of a channel that is off', { channels: [channelFrom('db4.lan', { receiver: 'off' })] }],
    [
      'a member that is not ONLINE in the group',
      {
        group: {
          name: 'g',
          singlePrimary: true,
          members: [{ id: uuid('db4'), state: 'UNREACHABLE', role: '', address: x }],
        },
      },
    ],
  ])('does not ask: %s', (_, said) => {
    expect(discoveredIn(ticked(cluster(said), at(1)).state)).toEqual([]);
  });

  test('does not ask our own names, even if they are inside the scope', () => {
    const source = { name: 'source.lan.', ttlSeconds: 5, type: 'address', srv: false } as const;
    const names = {
      ...publicationSettings(),
      source,
      replicas: { name: 'replicas.lan.', ttlSeconds: 5, maxLagMs: 1, whenEmpty: 'keep' },
    };
    const state = cluster(
      listing(['source.lan', uuid('db4')], ['replicas.lan', uuid('db5')], ['db6.lan', uuid('db6')]),
      {
        ...lan,
        publications: [names as ClusterSettings['publications'][number]],
      },
    );
    expect(discoveredIn(ticked(state, at(1)).state)).toEqual([address('db6.lan')]);
  });

  test('asks nobody before every configured server was asked: a second address would look like another server', () => {
    const servers = { db1: seen(factsOf('db1', listing(['db4.lan', uuid('db2')]))), db2: undefined };
    const { state } = ticked(stateOf({ servers, settings: lan }), at(1));
    expect(discoveredIn(state)).toEqual([]);
    expect(discoveredIn(observed(state, address('db2'), silent, at(2)).state)).toEqual([x]);
  });

  test('asks nobody because a discovered server mentions it', () => {
    const first = ticked(cluster(listing(['db4.lan', uuid('db4')])), at(1)).state;
    const said = {
      ...replicaOf('db1', 'db4', listing(['db5.lan', uuid('db5')])),
      channels: [channelFrom('db1'), channelFrom('db6.lan', { name: 'c' })],
    };
    const { state } = observed(first, x, seen(said), at(2));
    expect(discoveredIn(state)).toEqual([x]);
    expect(standing(state, at(2))).toBe('verified');
  });

  test('asks a bounded number, and a server that has a place keeps it', () => {
    const rows = Array.from({ length: 20 }, (_, n) => [`h${n}.lan`, uuid(`db${n + 30}`)] as const);
    const { state } = ticked(cluster(listing(...rows)), at(1));
    expect(discoveredIn(state)).toHaveLength(16);
    expect(state.discovery.unasked).toEqual(rows.slice(16).map(([name]) => address(name)));
    expect(state.alarms).toContainEqual(expect.objectContaining({ code: 'discovery-full', count: 4 }));
    const other = observed(
      state,
      address('db1'),
      seen(factsOf('db1', listing(...rows.toReversed()))),
      at(2),
    ).state;
    expect(discoveredIn(other)).toEqual(discoveredIn(state));
  });
});

describe('the identity of a discovered server decides', () => {
  const known = (claim: Claim) => ticked(cluster(listing(['db4.lan', claim])), at(1)).state;

  test('a server with another identity than claimed is stale, until a server claims that identity', () => {
    const { state } = observed(known(uuid('db9')), x, seen(replicaOf('db1', 'db4')), at(2));
    expect(standing(state, at(2))).toBe('stale');
    expect(
      topologyOf(state, at(2))
        .followersOf(address('db1'))
        .map((one) => one.address),
    ).toEqual([address('db2')]);
    const corrected = observed(
      state,
      address('db1'),
      seen(factsOf('db1', listing(['db4.lan', uuid('db4')]))),
      at(3),
    ).state;
    expect(standing(corrected, at(3))).toBe('verified');
    expect(topologyOf(corrected, at(3)).followersOf(address('db1'))).toHaveLength(2);
  });

  test.each<[string, ServerFacts]>([
    ['a member', replicaOf('db1', 'db2')],
    [
      'a MariaDB member, by its server_id',
      replicaOf('db1', 'db4', {
        flavour: 'mariadb',
        id: 'mariadb:12@db4.lan:3306' as ServerId,
        serverId: 12,
      }),
    ],
  ])('a server that turns out to be %s is forgotten, and not asked again for a while', (_, facts) => {
    const before = observed(
      known(99),
      address('db2'),
      seen(replicaOf('db1', 'db2', { serverId: 12 })),
      at(2),
    ).state;
    const { state, effects } = observed(before, x, seen(facts), at(3));
    expect(discoveredIn(state)).toEqual([]);
    expect(released(effects)).toEqual([x]);
    expect(topologyOf(state, at(3)).servers.map(({ duplicate }) => duplicate)).toEqual([false, false]);
    expect(discoveredIn(ticked(state, at(4)).state)).toEqual([]);
    // This memory is bounded: another server may stand there by then.
    const later = observed(
      state,
      address('db1'),
      seen(factsOf('db1', listing(['db4.lan', 99]))),
      at(600_004),
    ).state;
    expect(discoveredIn(later)).toEqual([x]);
  });

  test('a member that answers later than its second address takes that address over', () => {
    const servers = { db1: seen(factsOf('db1', listing(['db4.lan', 99]))), db2: silent };
    const first = ticked(stateOf({ servers, settings: lan }), at(1)).state;
    const early = observed(first, x, seen(replicaOf('db1', 'db2')), at(2)).state;
    expect(discoveredIn(early)).toEqual([x]);
    const { state, effects } = observed(early, address('db2'), seen(replicaOf('db1', 'db2')), at(3));
    expect(discoveredIn(state)).toEqual([]);
    expect(released(effects)).toEqual([x]);
  });
});

describe('a discovered server', () => {
  const found = ticked(cluster(listing(['db4.lan', uuid('db4')])), at(1)).state;
  /** The gaps between its probes, from one answer to the next; each answer takes 2 s. */
  function gaps(state: ClusterState, probe: Probe, count: number): readonly number[] {
    const times: number[] = [];
    let current = state;
    for (let ms = 250; times.length < count && ms < 400_000; ms += 250) {
      // The others answer all the time, db1 lists the server, and the state is suspicious.
      const suspicious = { ...current, suspectUntil: (ms + 10_000) as MonoMs };
      const { state: told, effects } = observed(
        suspicious,
        address('db1'),
        seen(factsOf('db1', listing(['db4.lan', uuid('db4')]))),
        at(ms),
      );
      if (probed(effects).includes(x)) times.push(ms);
      const isDue = told.servers.get(x)?.probing !== undefined && ms >= (times.at(-1) ?? 0) + 2000;
      current = isDue ? observed(told, x, probe, at(ms)).state : told;
    }
    return times.slice(1).map((time, index) => time - (times[index] ?? 0));
  }

  test('is asked at the interval, never at the suspect interval', () => {
    const { state } = observed(found, x, seen(replicaOf('db1', 'db4')), at(2));
    for (const gap of gaps(state, seen(replicaOf('db1', 'db4')), 4)) expect(gap).toBeGreaterThanOrEqual(1000);
  });

  test('is asked more and more rarely while it does not answer, and at least about once a minute', () => {
    const { state } = observed(found, x, silent, at(2));
    const seenGaps = gaps(state, silent, 9);
    expect(seenGaps).toHaveLength(8);
    expect(seenGaps.at(-1)).toBeGreaterThan(20_000);
    for (const gap of seenGaps) expect(gap).toBeLessThan(63_000);
  });

  test('never makes the state suspicious by its troubles', () => {
    const answered = observed(found, x, seen(replicaOf('db1', 'db4')), at(2)).state;
    const { suspectUntil } = answered;
    expect(observed(answered, x, silent, at(3)).state.suspectUntil).toBe(suspectUntil);
    const [lost] = step(answered, { kind: 'connection-lost', server: x }, at(3));
    expect(lost.suspectUntil).toBe(suspectUntil);
  });
});

describe('a discovered server is forgotten', () => {
  const verified = observed(
    ticked(cluster(listing(['db4.lan', uuid('db4')])), at(1)).state,
    x,
    seen(replicaOf('db1', 'db4')),
    at(2),
  ).state;
  const silence = observed(verified, address('db1'), seen(factsOf('db1')), at(3)).state;
  const inHold = (state: ClusterState): ClusterState => {
    const [publication] = state.publications.values();
    return withPublication(state, {
      ...publication!,
      zone: { ...publication!.zone, failure: { code: 'timeout', message: 'no answer' } },
    });
  };

  test('together with its line when no server has mentioned it for gone_after while all is steady', () => {
    expect([...silence.publications.get('ns1')!.evidence.line]).toContain(uuid('db4'));
    expect(discoveredIn(ticked(silence, at(599_000)).state)).toEqual([x]);
    // The others answer all the time.
    const steady = observed(silence, address('db1'), seen(factsOf('db1')), at(599_500)).state;
    const { state, effects } = observed(steady, address('db1'), seen(factsOf('db1')), at(1_200_000));
    expect(discoveredIn(state)).toEqual([]);
    expect(released(effects)).toEqual([x]);
    expect([...state.publications.get('ns1')!.evidence.line]).not.toContain(uuid('db4'));
  });

  test('never in a hold while it answers', () => {
    const { state } = ticked(ticked(inHold(silence), at(1000)).state, at(700_000));
    expect(discoveredIn(state)).toEqual([x]);
  });

  test('in a hold too, when it has been silent for as long', () => {
    const gone = observed(inHold(silence), x, silent, at(1000)).state;
    expect(discoveredIn(ticked(gone, at(600_000)).state)).toEqual([x]);
    expect(discoveredIn(ticked(gone, at(601_000)).state)).toEqual([]);
  });

  test('never while a server that is asked replicates from it', () => {
    const other = address('db5.lan');
    const both = observed(
      silence,
      address('db1'),
      seen(factsOf('db1', listing(['db5.lan', uuid('db5')]))),
      at(4),
    ).state;
    const follows = observed(both, other, seen(replicaOf('db4', 'db5')), at(5)).state;
    const gone = observed(inHold(follows), x, silent, at(1000)).state;
    expect(discoveredIn(ticked(gone, at(601_000)).state)).toContain(x);
  });

  test('when a new configuration lists it as a server, or leaves it outside the scope', () => {
    const { settings } = verified;
    const listed = clusterSettings(['db1', 'db2', 'db4.lan'], lan);
    const [configured, kept] = step(verified, { kind: 'reconfigured', settings: listed }, at(3));
    expect(released(kept)).toEqual([]);
    expect(configured.servers.get(x)).toMatchObject({
      settings: { candidate: 'auto' },
      facts: { id: uuid('db4') },
    });
    expect(configured.servers.get(x)?.settings.discovered).toBeUndefined();
    const { discoverWithin: _none, ...narrower } = settings;
    const [outside, effects] = step(verified, { kind: 'reconfigured', settings: narrower }, at(3));
    expect(discoveredIn(outside)).toEqual([]);
    expect(released(effects)).toEqual([x]);
    const [same, nothing] = step(
      verified,
      { kind: 'reconfigured', settings: { ...settings, gtidGuard: 'hold' } },
      at(3),
    );
    expect(discoveredIn(same)).toEqual([x]);
    expect(released(nothing)).toEqual([]);
  });
});
