/** The runtime of one cluster. */

import { describe, expect, test } from 'vitest';
import type { Answer, Command, Effect, Event, HistoryEntry } from '../../../src/core/model/events.ts';
import { type Fqdn, type MonoMs, plusMs } from '../../../src/core/model/units.ts';
import { commandLimit, commandTimeoutMs } from '../../../src/daemon/command-desk.ts';
import { guardGraceMs } from '../../../src/daemon/in-flight.ts';
import { createClusterRuntime } from '../../../src/daemon/runtime.ts';
import {
  db1,
  db2,
  type FakeCore,
  fakeAdapters,
  fakeClock,
  fakeCore,
  fakeRandom,
  settings,
  settled,
} from '../../support/fakes.ts';

const zone = 'db.example.com.' as Fqdn;
const thaw: Command = { kind: 'thaw', by: 'me' };

function world(core: FakeCore = fakeCore()) {
  const clock = fakeClock();
  const adapters = fakeAdapters();
  const records: HistoryEntry[] = [];
  const bugs: unknown[] = [];
  let changes = 0;
  const runtime = createClusterRuntime({
    settings: settings(),
    remembered: [],
    prober: adapters.prober,
    zoneClients: adapters.zoneClients,
    clock,
    random: fakeRandom(),
    core: core.core,
    onRecord: (entry) => records.push(entry),
    onChange: () => {
      changes += 1;
    },
    onBug: (error) => bugs.push(error),
  });
  return { ...core, clock, adapters, records, bugs, runtime, changes: () => changes };
}

const plan = { zone, prerequisites: [], changes: [] };
const refused = { code: 'update-refused', message: 'REFUSED.' };
/** One of each asking effect, all due in `ms`. */
const asking = (now: MonoMs, ms: number): readonly (Effect & { deadline: MonoMs })[] => {
  const deadline = plusMs(now, ms);
  return [
    { kind: 'probe', server: db1, deadline },
    { kind: 'resolve', server: db1, deadline },
    { kind: 'read-zone', nameserver: 'ns1', questions: [], sides: [], deadline },
    { kind: 'update', nameserver: 'ns1', try: 'abc', plan, notAfter: deadline, deadline },
    { kind: 'propagate', nameserver: 'ns1', epoch: 3, zone, present: [], absent: [], deadline },
    { kind: 'inspect-refusal', nameserver: 'ns1', about: 'x A', plan, failure: refused, deadline },
  ];
};
const onTick =
  (effects: (now: MonoMs) => readonly Effect[]) =>
  (event: Event, now: { mono: MonoMs }): readonly Effect[] =>
    event.kind === 'tick' ? effects(now.mono) : [];
const kinds = (events: readonly Event[]) => events.map((event) => event.kind);

describe('the runtime', () => {
  test('is overdue when the core no longer asks to be woken, or its timer does not come', async () => {
    const w = world();
    w.on(onTick((now) => [{ kind: 'wake', at: plusMs(now, 500) }]));
    expect(w.runtime.overdueMs()).toBe(0);
    w.runtime.start();
    await w.clock.advance(2000);
    expect(w.runtime.overdueMs()).toBe(0);
    w.on(() => []);
    await w.clock.advance(2000);
    expect(w.runtime.overdueMs()).toBe(1500);
    await w.runtime.stop();
    expect(w.runtime.overdueMs()).toBe(0);
  });

  test('ends every effect in exactly one event with the answer of the adapter', async () => {
    const w = world();
    w.on(onTick((now) => asking(now, 2000)));
    w.runtime.start();
    expect(w.adapters.asked.map(({ call }) => call)).toEqual([
      'probe db1:3306',
      'resolve db1:3306',
      'read ns1',
      'update ns1',
      'propagation ns1',
      'inspectRefusal ns1',
    ]);
    const [probe, resolve, read, update, propagation, inspection] = w.adapters.asked;
    probe?.answer({ kind: 'alive', failure: { code: 'mysql-1040', message: 'too many' } });
    resolve?.answer({ kind: 'addresses', addresses: ['192.0.2.1'] });
    read?.answer({ kind: 'read', zone, rrsets: [] });
    update?.answer({ kind: 'applied' });
    propagation?.answer({ nameservers: [{ nameserver: '192.0.2.54' }] });
    inspection?.answer({ ...refused, hint: 'Grant it.' });
    await settled();
    expect(w.events.slice(1)).toEqual([
      {
        kind: 'observed',
        server: db1,
        probe: { kind: 'alive', failure: { code: 'mysql-1040', message: 'too many' } },
      },
      { kind: 'resolved', server: db1, addresses: ['192.0.2.1'] },
      { kind: 'zone-read', nameserver: 'ns1', reading: { kind: 'read', zone, rrsets: [] } },
      { kind: 'update-done', nameserver: 'ns1', try: 'abc', outcome: { kind: 'applied' } },
      {
        kind: 'propagated',
        nameserver: 'ns1',
        epoch: 3,
        report: { nameservers: [{ nameserver: '192.0.2.54' }] },
      },
      {
        kind: 'refusal-inspected',
        nameserver: 'ns1',
        about: 'x A',
        failure: { ...refused, hint: 'Grant it.' },
      },
    ]);
    await w.clock.advance(10_000);
    expect(w.events).toHaveLength(7);
    expect(w.clock.timers()).toBe(0);
    expect(new Set(w.tokens).size).toBe(w.tokens.length);
  });

  test('recalls one update at the adapter, and no other; it still ends in its own event', async () => {
    const w = world();
    const update = (now: MonoMs, token: string): Effect => {
      const deadline = plusMs(now, 2000);
      return { kind: 'update', nameserver: 'ns1', try: token, plan, notAfter: deadline, deadline };
    };
    w.on(
      onTick((now) => [
        update(now, 'one'),
        update(now, 'two'),
        { kind: 'recall', nameserver: 'ns1', try: 'one' },
        { kind: 'recall', nameserver: 'ns1', try: 'gone' },
      ]),
    );
    w.runtime.start();
    const signals = w.adapters.asked.map(
      ({ request }) => (request as { recalled: AbortSignal }).recalled.aborted,
    );
    expect(signals).toEqual([true, false]);
    const failure = { code: 'recalled', message: 'called back' };
    w.adapters.asked[0]?.answer({ kind: 'refused', code: 'not-sent', failure });
    await settled();
    expect(w.events.slice(1)).toMatchObject([
      { kind: 'update-done', try: 'one', outcome: { code: 'not-sent' } },
    ]);
    expect(w.bugs).toEqual([]);
  });

  test('tells the prober which connections it need not keep', () => {
    const w = world();
    w.on(onTick(() => [{ kind: 'release', server: db2 }]));
    w.runtime.start();
    expect(w.adapters.told).toEqual([`release ${db2}`]);
    expect(w.events).toHaveLength(1);
  });

  test('tells the prober which servers to glance at', () => {
    const w = world();
    w.on(onTick(() => [{ kind: 'watch', servers: [db1, db2], everyMs: 3 }]));
    w.runtime.start();
    expect(w.adapters.told).toEqual([`watch ${db1} ${db2} every 3`]);
    expect(w.events).toHaveLength(1);
  });

  test('ends every effect shortly after its deadline if the adapter is silent, and drops later answers', async () => {
    const w = world();
    w.on(onTick((now) => asking(now, 2000)));
    w.runtime.start();
    await w.clock.advance(2000 + guardGraceMs - 1);
    expect(kinds(w.events)).toEqual(['tick']);
    await w.clock.advance(1);
    expect(kinds(w.events)).toEqual([
      'tick',
      'observed',
      'resolved',
      'zone-read',
      'update-done',
      'propagated',
      'refusal-inspected',
    ]);
    // The adapter gave no better words.
    expect(w.events[6]).toMatchObject({ failure: refused });
    const failure = expect.objectContaining({ code: 'adapter-deadline' });
    expect(w.events[1]).toMatchObject({ probe: { kind: 'unknown', failure } });
    expect(w.events[2]).toMatchObject({ failure });
    expect(w.events[3]).toMatchObject({ reading: { kind: 'failed', failure } });
    // The update may have left: never "refused".
    expect(w.events[4]).toMatchObject({ try: 'abc', outcome: { kind: 'unknown', failure } });
    for (const { answer } of w.adapters.asked) answer({ kind: 'applied' });
    await settled();
    expect(w.events).toHaveLength(7);
  });

  test('treats an adapter that rejects or throws as failed', async () => {
    const w = world();
    w.on(onTick((now) => asking(now, 2000).slice(0, 1)));
    w.runtime.start();
    w.adapters.asked[0]?.fail(new TypeError('no such thing'));
    await settled();
    expect(w.events[1]).toMatchObject({
      kind: 'observed',
      probe: { kind: 'unknown', failure: { code: 'adapter-bug' } },
    });
    expect(w.clock.timers()).toBe(0);
  });

  test('processes events one at a time, even those that arrive during another one', () => {
    const w = world();
    let depth = 0;
    let deepest = 0;
    w.on((event) => {
      depth += 1;
      deepest = Math.max(deepest, depth);
      // An adapter that calls back at once.
      if (event.kind === 'tick') w.adapters.loseConnection(db1);
      depth -= 1;
      return [];
    });
    w.runtime.start();
    expect(kinds(w.events)).toEqual(['tick', 'connection-lost']);
    expect(deepest).toBe(1);
    expect(w.changes()).toBe(1);
  });

  test('has one wake timer: a new one replaces the old one', async () => {
    const w = world();
    let wakes = 0;
    w.on((event, now) => {
      wakes += 1;
      if (event.kind === 'connection-lost') return [{ kind: 'wake', at: plusMs(now.mono, 100) }];
      return wakes === 1
        ? [
            { kind: 'wake', at: plusMs(now.mono, 1000) },
            { kind: 'wake', at: plusMs(now.mono, 500) },
          ]
        : [];
    });
    w.runtime.start();
    expect(w.clock.timers()).toBe(1);
    w.adapters.loseConnection(db1);
    expect(w.clock.timers()).toBe(1);
    await w.clock.advance(100);
    expect(kinds(w.events)).toEqual(['tick', 'connection-lost', 'tick']);
    await w.clock.advance(5000);
    expect(w.events).toHaveLength(3);
  });

  test('passes on records, and answers each command once', async () => {
    const w = world();
    const answer: Answer = {
      results: [{ nameserver: 'ns1', kind: 'done', code: 'thaw', sentence: 'Thawed.' }],
    };
    const entry: HistoryEntry = {
      at: 'now',
      cluster: 'shop',
      nameserver: 'ns1',
      kind: 'written',
      what: 'thaw',
      sentence: 'x',
      epoch: 1,
    };
    w.on((event) =>
      event.kind === 'command'
        ? [
            { kind: 'record', entry },
            { kind: 'reply', id: event.id, answer },
            { kind: 'reply', id: event.id, answer: { results: [] } },
          ]
        : [],
    );
    w.runtime.start();
    await expect(w.runtime.command(thaw)).resolves.toEqual(answer);
    expect(w.records).toEqual([entry]);
    expect(w.clock.timers()).toBe(0);
  });

  test('bounds the waiting commands in time and number', async () => {
    const w = world();
    w.runtime.start();
    const waiting = Array.from({ length: commandLimit }, () => w.runtime.command(thaw));
    await expect(w.runtime.command(thaw)).resolves.toMatchObject({
      results: [{ kind: 'failed', code: 'too-many-commands' }],
    });
    await w.clock.advance(commandTimeoutMs(settings()));
    for (const answer of await Promise.all(waiting))
      expect(answer).toMatchObject({ results: [{ nameserver: 'ns1', code: 'no-answer' }] });
  });

  test('stops after the updates in flight are read back, and begins nothing else', async () => {
    const w = world();
    w.on((event, now) => {
      const deadline = plusMs(now.mono, 2000);
      const wake: Effect = { kind: 'wake', at: deadline };
      if (event.kind === 'tick') return [...asking(now.mono, 2000), wake];
      if (event.kind === 'update-done')
        return [
          { kind: 'read-zone', nameserver: 'ns1', questions: [], sides: [], deadline },
          ...asking(now.mono, 2000).slice(0, 2),
          wake,
        ];
      return asking(now.mono, 2000);
    });
    w.runtime.start();
    w.adapters.asked[2]?.answer({ kind: 'read', zone, rrsets: [] });
    await settled();
    const before = w.adapters.asked.length;
    let stopped = false;
    const waiting = w.runtime.command(thaw);
    const stop = w.runtime.stop().then(() => {
      stopped = true;
    });
    const atStop = w.adapters.asked.length;
    await settled();
    expect(stopped).toBe(false);
    for (const { call, answer } of w.adapters.asked.slice(0, atStop))
      if (call.startsWith('update')) answer({ kind: 'applied' });
    await settled();
    expect(stopped).toBe(false);
    const begun = w.adapters.asked.slice(atStop).map(({ call }) => call);
    expect(before).toBeLessThan(atStop + 1);
    expect(new Set(begun)).toEqual(new Set(['read ns1']));
    for (const { call, answer } of w.adapters.asked)
      if (call.startsWith('read')) answer({ kind: 'read', zone, rrsets: [] });
    await stop;
    await expect(waiting).resolves.toMatchObject({ results: [{ code: 'stopping' }] });
    await expect(w.runtime.command(thaw)).resolves.toMatchObject({ results: [{ code: 'stopping' }] });
    expect(w.clock.timers()).toBe(0);
    const events = w.events.length;
    for (const { answer } of w.adapters.asked) answer({ nameservers: [] });
    w.adapters.loseConnection(db1);
    await w.clock.advance(60_000);
    expect(w.events).toHaveLength(events);
  });

  test('stops by the deadline of an update if the adapter is silent', async () => {
    const w = world();
    w.on(onTick((now) => asking(now, 2000).slice(3, 4)));
    w.runtime.start();
    const stop = w.runtime.stop();
    await w.clock.advance(2000 + guardGraceMs);
    await stop;
    expect(w.events[1]).toMatchObject({ kind: 'update-done', outcome: { kind: 'unknown' } });
  });

  test('ends after a bug in step: it reports it once, and nothing goes on', async () => {
    const w = world();
    const bug = new Error('impossible');
    w.on((event, now) => {
      if (event.kind === 'command') throw bug;
      return asking(now.mono, 2000);
    });
    w.runtime.start();
    await expect(w.runtime.command(thaw)).rejects.toBe(bug);
    expect(w.bugs).toEqual([bug]);
    expect(w.clock.timers()).toBe(0);
    for (const { answer } of w.adapters.asked) answer({ kind: 'applied' });
    await settled();
    expect(w.events).toHaveLength(2);
  });

  test('takes new settings and new adapters, and tells when the old ones are unused', async () => {
    const w = world();
    w.on((event, now) =>
      event.kind === 'tick' || event.kind === 'reconfigured' ? asking(now.mono, 2000).slice(0, 1) : [],
    );
    w.runtime.start();
    const next = fakeAdapters();
    let free = false;
    const changed = w.runtime
      .reconfigure(settings({ gtidGuard: 'hold' }), { prober: next.prober })
      .then(() => {
        free = true;
      });
    expect(w.events[1]).toMatchObject({ kind: 'reconfigured', settings: { gtidGuard: 'hold' } });
    expect(next.asked.map(({ call }) => call)).toEqual(['probe db1:3306']);
    await settled();
    expect(free).toBe(false);
    // The old prober closes its connections: this says nothing about the server.
    w.adapters.loseConnection(db1);
    expect(w.events).toHaveLength(2);
    w.adapters.asked[0]?.answer({ kind: 'unknown', failure: { code: 'x', message: 'x' } });
    await changed;
    expect(free).toBe(true);
    next.loseConnection(db1);
    expect(w.events.at(-1)).toEqual({ kind: 'connection-lost', server: db1 });
    w.adapters.glanceDiffers(db1);
    expect(w.events).toHaveLength(4);
    next.glanceDiffers(db2);
    expect(w.events.at(-1)).toEqual({ kind: 'glance-differs', server: db2 });
  });
});
