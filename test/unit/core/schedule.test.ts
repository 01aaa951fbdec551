/** When the next tick of a cluster at rest is wanted. */

import { expect, test } from 'vitest';
import type { Effect, Event } from '../../../src/core/model/events.ts';
import type { MonoMs } from '../../../src/core/model/units.ts';
import { step } from '../../../src/core/step.ts';
import { address, at, gtids, replicaOf, seen } from '../../support/given.ts';
import { expectSteady, type Rehearsal, rehearse } from '../../support/rehearsal.ts';

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
