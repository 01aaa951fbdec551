/** When the servers of a cluster at rest are asked, and when the next tick is wanted. */

import { expect, test } from 'vitest';
import type { Effect, Event } from '../../../src/core/model/events.ts';
import type { MonoMs } from '../../../src/core/model/units.ts';
import { step } from '../../../src/core/step.ts';
import { address, at, factsOf, gtids, replicaOf, seen } from '../../support/given.ts';
import { expectSteady, type Rehearsal, rehearse, type Taken } from '../../support/rehearsal.ts';

const names = ['db1', 'db2', 'db3', 'db4'];

/** A cluster at rest whose source is db1, of which no answer is awaited. */
function atRest(): Rehearsal {
  const cluster = rehearse(4, (_, nowMs) => ({ gtidExecuted: gtids(`db1:1-${1000 + Math.floor(nowMs)}`) }));
  cluster.play(60_000);
  expectSteady(cluster);
  while ([...cluster.state.servers.values()].some(({ probing }) => probing !== undefined)) cluster.play(1);
  return cluster;
}

const asked = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'probe' ? [effect.server] : []));
const wakes = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'wake' ? [effect.at] : []));

/** What db3 answers; it is known already. */
const answer = (gtid: string): Event => ({
  kind: 'observed',
  server: address('db3'),
  probe: seen(replicaOf('db1', 'db3', { peer: '192.0.2.3', gtidExecuted: gtids(gtid) })),
});

/** The same cluster, in which each server is due at another moment; the next one is due now. */
function scattered(cluster: Rehearsal) {
  const now = at(cluster.state.wakeAt);
  const servers = [...cluster.state.servers].map(
    ([name, memory], index) =>
      [name, { ...memory, nextProbeAt: (now.mono + 150 * index) as MonoMs }] as const,
  );
  return { now, state: { ...cluster.state, servers: new Map(servers) } };
}

test('one tick asks all servers, the published source first', () => {
  const { now, state } = scattered(atRest());
  const [, effects] = step(state, { kind: 'tick' }, now);
  expect(asked(effects)).toEqual(names.map(address));
});

test('a server that is not due within half an interval waits for its own time', () => {
  const { now, state } = scattered(atRest());
  const later = { ...state.servers.get(address('db4'))!, nextProbeAt: (now.mono + 501) as MonoMs };
  const servers = new Map(state.servers).set(address('db4'), later);
  const [, effects] = step({ ...state, servers }, { kind: 'tick' }, now);
  expect(asked(effects)).toEqual(['db1', 'db2', 'db3'].map(address));
});

test('no server is asked early while nobody is due', () => {
  const { now, state } = scattered(atRest());
  expect(asked(step(state, { kind: 'tick' }, at(now.mono - 1))[1])).toEqual([]);
});

test('during a suspicion every server keeps its own time', () => {
  const { now, state } = scattered(atRest());
  const suspicious = { ...state, restUntil: now.mono, suspectUntil: (now.mono + 5000) as MonoMs };
  expect(asked(step(suspicious, { kind: 'tick' }, now)[1])).toEqual([address('db1')]);
});

test('in an interval at rest there is one tick for the servers, and each is asked once', () => {
  const cluster = atRest();
  const taken: Taken[] = [];
  cluster.play(10_000, (one) => taken.push(one));
  const probes = taken.flatMap(({ state, event, now }) => asked(step(state, event, now)[1]));
  expect(probes).toHaveLength(40);
  expect(taken.filter(({ state, event, now }) => asked(step(state, event, now)[1]).length > 0)).toHaveLength(
    10,
  );
});

test('a server that was asked early is asked again after a whole interval, also if the source answers first', () => {
  const { now, state } = scattered(atRest());
  const [asking] = step(state, { kind: 'tick' }, now);
  const source = factsOf('db1', { peer: '192.0.2.1', gtidExecuted: gtids('db1:1-70000') });
  const answered: Event = { kind: 'observed', server: address('db1'), probe: seen(source) };
  const [next] = step(asking, answered, at(now.mono + 0.5));
  const pauses = [...next.servers.values()].map(({ nextProbeAt }) => nextProbeAt - now.mono);
  expect(pauses).toEqual([1000, 1000, 1000, 1000]);
});

test('an answer without news leaves the next tick where it is', () => {
  const { state, nowMs } = atRest();
  const [next, effects] = step(state, answer('db1:1-70000'), at(nowMs));
  expect(wakes(effects)).toEqual([]);
  expect(next.wakeAt).toBe(state.wakeAt);
});

test('after an answer, a server that is due before the next tick gets one of its own', () => {
  const { state, nowMs } = atRest();
  const soon = ((nowMs + state.wakeAt) / 2) as MonoMs;
  const memory = { ...state.servers.get(address('db3'))!, nextProbeAt: soon };
  const servers = new Map(state.servers).set(address('db3'), memory);
  const [next, effects] = step({ ...state, servers }, answer('db1:1-70000'), at(nowMs));
  expect(wakes(effects)).toEqual([soon]);
  expect(next.wakeAt).toBe(soon);
});

test('an answer that comes when something is due asks for it', () => {
  const { now, state } = scattered(atRest());
  const [, effects] = step(state, answer('db1:1-70000'), now);
  expect(asked(effects)).toContain(address('db1'));
  expect(wakes(effects)).toHaveLength(1);
});

test('a process that cannot keep up reads the zone, and wakes up, no more often than it asks', () => {
  const { state } = atRest();
  const now = { ...at(state.turnAt + 100), restStretch: 2 };
  const publication = state.publications.get('ns1')!;
  const { zone, rrsets } = publication.zone.view!;
  const probing = (now.mono + 2000) as MonoMs;
  const servers = new Map([...state.servers].map(([name, memory]) => [name, { ...memory, probing }]));
  const reading = { ...publication, zone: { ...publication.zone, reading: true } };
  const [next, effects] = step(
    { ...state, servers, publications: new Map([['ns1', reading]]) },
    { kind: 'zone-read', nameserver: 'ns1', reading: { kind: 'read', zone, rrsets } },
    now,
  );
  expect(next.publications.get('ns1')?.zone.nextReadAt).toBe(now.mono + 1800);
  expect(wakes(effects)).toEqual([now.mono + 1800]);
});
