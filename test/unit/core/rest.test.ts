/** When a cluster at rest gets a turn, and when an answer is only remembered. */

import { describe, expect, test } from 'vitest';
import type { Command, Effect, Event } from '../../../src/core/model/events.ts';
import { lateAnswerMs, turnSharedForMs } from '../../../src/core/model/limits.ts';
import type { Probe, ServerFacts } from '../../../src/core/model/observation.ts';
import { initialState } from '../../../src/core/model/state.ts';
import type { WallMs } from '../../../src/core/model/units.ts';
import { step } from '../../../src/core/step.ts';
import {
  address,
  at,
  channelFrom,
  clusterSettings,
  factsOf,
  gtids,
  refusing,
  replicaOf,
  seen,
  silent,
} from '../../support/given.ts';
import { expectSteady, rehearse } from '../../support/rehearsal.ts';

/** A cluster of three that has been at rest for a while; db1 is its source. */
function atRest() {
  const cluster = rehearse(3, (_, nowMs) => ({ gtidExecuted: gtids(`db1:1-${1000 + Math.floor(nowMs)}`) }));
  cluster.play(60_000);
  expectSteady(cluster);
  // Until the answers of a whole round were seen by a turn.
  while (cluster.state.servers.get(address('db3'))!.latest!.at >= cluster.state.turnAt) cluster.play(1);
  return cluster;
}

const peer = (name: string) => `192.0.2.${name.slice(2)}`;
const replica = (name: string, over: Partial<ServerFacts> = {}): Probe =>
  seen(replicaOf('db1', name, { peer: peer(name), gtidExecuted: gtids('db1:1-70000'), ...over }));
const answer = (name: string, probe: Probe): Event => ({ kind: 'observed', server: address(name), probe });

const resolvedTo = (name: string, addresses: readonly string[]): Event => ({
  kind: 'resolved',
  server: address(name),
  addresses,
});

const source = seen(factsOf('db1', { peer: peer('db1'), gtidExecuted: gtids('db1:1-70000') }));

/** Whether that event brings a turn 100 ms after the last one. */
function bringsTurn(event: Event, afterMs = 100): boolean {
  const { state } = atRest();
  const now = at(state.turnAt + afterMs);
  return step(state, event, now)[0].turnAt === now.mono;
}

describe('a cluster at rest gets no turn', () => {
  test.each([
    ['a tick', { kind: 'tick' }],
    ['an answer of a replica with newer transactions', answer('db3', replica('db3'))],
    ['an answer of a server that is not asked any more', answer('db9', replica('db9'))],
    ['the same addresses of a host', resolvedTo('db3', [peer('db3')])],
  ] as const)('by %s', (_, event) => {
    expect(bringsTurn(event)).toBe(false);
  });

  test('but remembers the answer', () => {
    const { state } = atRest();
    const now = at(state.turnAt + 100);
    const [next] = step(state, answer('db3', replica('db3')), now);
    const memory = next.servers.get(address('db3'))!;
    expect(memory.factsAt).toBe(now.mono);
    expect(memory.facts?.gtidExecuted).toEqual(gtids('db1:1-70000'));
  });
});

describe('a cluster at rest gets a turn at once', () => {
  const on = (over: Parameters<typeof channelFrom>[1]) => ({ channels: [channelFrom('db1', over)] });
  test.each([
    ['the published source answers', answer('db1', source)],
    ['a replica takes writes', answer('db3', replica('db3', { readOnly: false, superReadOnly: false }))],
    ['a receiver stops', answer('db3', replica('db3', on({ receiver: 'off' })))],
    ['a receiver looks for its source', answer('db3', replica('db3', on({ receiver: 'connecting' })))],
    ['an applier stops', answer('db3', replica('db3', on({ applier: 'off' })))],
    ['a channel leads elsewhere', answer('db3', replica('db3', { channels: [channelFrom('db2')] }))],
    ['a channel is gone', answer('db3', replica('db3', { channels: [] }))],
    ['a receiver hears nothing', answer('db3', replica('db3', { ...on({ heardAgoMs: 9000 }) }))],
    ['a server process is new', answer('db3', replica('db3', { session: 2, uptimeSeconds: 1 }))],
    ['a server has another identity', answer('db3', replica('db3', { id: factsOf('db7').id }))],
    ['transactions are gone', answer('db3', replica('db3', { gtidExecuted: gtids('db1:1-5') }))],
    ['a server answers at another address', answer('db3', replica('db3', { peer: '192.0.2.77' }))],
    ['a server falls silent', answer('db3', silent)],
    ['a server refuses', answer('db3', refusing)],
    ['a connection is lost', { kind: 'connection-lost', server: address('db3') }],
    ['a glance differs', { kind: 'glance-differs', server: address('db3') }],
    [
      'a command arrives',
      { kind: 'command', id: 'c', command: { kind: 'freeze', reason: 'test', by: 'dba' } },
    ],
  ] as const)('when %s', (_, event) => {
    expect(bringsTurn(event)).toBe(true);
  });

  test('when the clocks have jumped', () => {
    const { state } = atRest();
    const now = at(state.turnAt + 100);
    const jumped = { ...now, wall: (now.wall + 5000) as typeof now.wall };
    expect(step(state, { kind: 'tick' }, jumped)[0].turnAt).toBe(now.mono);
  });

  test('when no turn has seen the last answer of this server', () => {
    const { state } = atRest();
    const [first] = step(state, answer('db3', replica('db3')), at(state.turnAt + 100));
    const [second] = step(first, answer('db3', replica('db3')), at(state.turnAt + 200));
    expect(first.turnAt).toBe(state.turnAt);
    expect(second.turnAt).toBe(state.turnAt + 200);
  });

  test('when its published source has not answered for two intervals', () => {
    expect(bringsTurn({ kind: 'tick' }, 1999)).toBe(false);
    expect(bringsTurn({ kind: 'tick' }, 2000)).toBe(true);
  });
});

describe('every event brings a turn', () => {
  const tickAfter = (change: (state: ReturnType<typeof atRest>['state']) => object): boolean => {
    const { state } = atRest();
    // The turn of this reading sees the change.
    const [changed] = step(
      { ...state, ...change(state) },
      { kind: 'glance-differs', server: address('db9') },
      at(state.turnAt + 1),
    );
    return step(changed, { kind: 'tick' }, at(state.turnAt + 2))[0].turnAt === state.turnAt + 2;
  };
  const publicationWith = (over: object) => (state: ReturnType<typeof atRest>['state']) => ({
    publications: new Map([...state.publications].map(([name, each]) => [name, { ...each, ...over }])),
  });

  test('never while nothing is amiss', () => {
    expect(tickAfter(() => ({}))).toBe(false);
  });
  test('while servers are suspected', () => {
    expect(tickAfter((state) => ({ suspectUntil: state.turnAt + 1000 }))).toBe(true);
  });
  test('while the zone cannot be read', () => {
    const failure = { code: 'timeout', message: 'no answer' };
    expect(
      tickAfter((state) =>
        publicationWith({ zone: { ...[...state.publications.values()][0]!.zone, failure } })(state),
      ),
    ).toBe(true);
  });
  test.each([
    ['was refused', { failure: { code: 'update-refused', message: 'REFUSED' } }],
    ['waits after a refusal', { pauses: new Map([['repair', { times: 1, until: 0 }]]) }],
    ['has an unknown outcome', { mustRead: true }],
  ])('while an update %s', (_, over) => {
    expect(
      tickAfter((state) =>
        publicationWith({ writing: { ...[...state.publications.values()][0]!.writing, ...over } })(state),
      ),
    ).toBe(true);
  });
});

test('the errant transactions of a replica are counted although turns are rare', () => {
  const errant = gtids('db1:1-100,db2:1-2');
  const cluster = rehearse(3, (index, nowMs) => ({
    gtidExecuted: index === 1 && nowMs > 60_000 ? errant : gtids('db1:1-100'),
  }));
  cluster.play(60_000);
  expectSteady(cluster);
  cluster.play(10_000);
  expect(cluster.state.alarms.map(({ code, count }) => [code, count])).toEqual([['errant-transactions', 2]]);
});

test('a server that still waits for its first connection brings one turn, and is asked again', () => {
  const waits = (code: string): Event => ({
    kind: 'observed',
    server: address('db1'),
    probe: { kind: 'unasked', failure: { code, message: 'it waits' } },
  });
  const first = initialState(clusterSettings(['db1', 'db2']), [], at(0));
  const [asked] = step(first, { kind: 'tick' }, at(0));
  const [waiting] = step(asked, waits('connection-waits'), at(300));
  expect(waiting.turnAt).toBe(300);
  const [still, effects] = step(waiting, waits('connection-waits'), at(600));
  expect(still.turnAt).toBe(300);
  expect(effects).toContainEqual(expect.objectContaining({ kind: 'probe', server: address('db1') }));
  expect(step(still, waits('connection-not-open-yet'), at(900))[0].turnAt).toBe(900);
});

describe('in a process with too much to do, a turn is shared', () => {
  const opened = answer(
    'db3',
    seen(factsOf('db3', { peer: peer('db3'), gtidExecuted: gtids('db1:1-70000') })),
  );
  const busy = (mono: number) => ({ ...at(mono), stretch: 64, sharesTurns: true });
  const wakes = (effects: readonly Effect[]) => effects.filter(({ kind }) => kind === 'wake');

  test('by answers that come within 50 ms, whatever they say', () => {
    const { state } = atRest();
    const begin = state.turnAt + 100;
    const [first, effects] = step(state, opened, busy(begin));
    expect(first.turnAt).toBe(state.turnAt);
    expect(wakes(effects)).toEqual([{ kind: 'wake', at: begin + turnSharedForMs }]);
    const [second] = step(first, answer('db2', replica('db2')), busy(begin + 30));
    expect(second.turnAt).toBe(state.turnAt);
    const [last] = step(second, { kind: 'tick' }, busy(begin + turnSharedForMs));
    expect(last.turnAt).toBe(begin + turnSharedForMs);
    expect(last.turnDueAt).toBeUndefined();
  });

  test('also when there is room again meanwhile', () => {
    const { state } = atRest();
    const begin = state.turnAt + 100;
    const [first] = step(state, opened, busy(begin));
    const [last] = step(first, { kind: 'tick' }, at(begin + turnSharedForMs));
    expect(last.turnAt).toBe(begin + turnSharedForMs);
  });

  test('but no answer takes the place of one that no turn has seen', () => {
    const { state } = atRest();
    const begin = state.turnAt + 100;
    const [first] = step(state, opened, busy(begin));
    const [second] = step(first, opened, busy(begin + 30));
    expect(second.turnAt).toBe(begin + 30);
  });

  test('but not while a command waits', () => {
    const { state } = atRest();
    const begin = state.turnAt + 100;
    const freeze: Event = { kind: 'command', id: 'c1', command: { kind: 'freeze', by: 'dba' } as Command };
    const [commanded] = step(state, freeze, busy(begin));
    expect(commanded.commands).toHaveLength(1);
    expect(step(commanded, opened, busy(begin + 10))[0].turnAt).toBe(begin + 10);
  });

  test('but not after the clocks jumped', () => {
    const { state } = atRest();
    const jumped = { ...busy(state.turnAt + 100), wall: (at(state.turnAt + 100).wall + 60_000) as WallMs };
    expect(step(state, opened, jumped)[0].turnAt).toBe(jumped.mono);
  });
});

describe('a probe that waited in this process', () => {
  const { probeTimeoutMs } = clusterSettings([]).watch;
  const asked = (): ReturnType<typeof atRest>['state'] => {
    const first = initialState(clusterSettings(['db1', 'db2']), [], at(0));
    return step(first, { kind: 'tick' }, at(0))[0];
  };
  const late = { ...answer('db1', source), waitedMs: 3000 } as Event;

  test('is no answer of the past, however long it waited', () => {
    const [next] = step(asked(), late, at(3000 + probeTimeoutMs));
    expect(next.servers.get(address('db1'))?.latest?.probe.kind).toBe('reachable');
  });

  test('is one if the server was asked too long ago', () => {
    const [next] = step(asked(), late, at(3000 + probeTimeoutMs + lateAnswerMs + 1));
    expect(next.servers.get(address('db1'))?.latest).toBeUndefined();
  });
});
