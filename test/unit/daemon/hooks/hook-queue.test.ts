/** The calls of one hook: their order, their number, what is dropped, and what is not tried again. */

import { describe, expect, test } from 'vitest';
import type { HistoryEntry } from '../../../../src/core/model/events.ts';
import type { Attempt, Trying } from '../../../../src/daemon/hooks/attempt.ts';
import { type HookCall, hookCallOf } from '../../../../src/daemon/hooks/hook-call.ts';
import { hookLimits } from '../../../../src/daemon/hooks/hook-limits.ts';
import { HookQueue } from '../../../../src/daemon/hooks/hook-queue.ts';
import { fakeClock, settled } from '../../../support/fakes.ts';
import { alarmOf, type HookEntry, moveOf, script } from '../../../support/hook-world.ts';

const done: Attempt = { outcome: 'done', sentence: 'exit code 0' };
const busy: Attempt = { outcome: 'failed', sentence: 'HTTP 503', again: {} };

interface Tried {
  readonly call: HookCall;
  /** Of the same call, from 1. */
  readonly stop: AbortSignal;
  end(attempt?: Attempt): Promise<void>;
}

const nameOf = ({ cluster, about }: HookCall): string =>
  about.kind === 'move' ? `${cluster} ${about.epoch}` : `${cluster} ${about.code} ${about.raised}`;

/** A queue whose attempts the test ends. */
function world(waitingLimit = 3, gone: Promise<void> = Promise.resolve()) {
  const clock = fakeClock();
  const tried: Tried[] = [];
  const records: Omit<HookEntry, 'at' | 'cluster' | 'nameserver' | 'kind'>[] = [];
  const queue = new HookQueue({
    list: 'after_move',
    shown: '/bin/notify',
    hook: script(''),
    waitingLimit,
    limits: hookLimits,
    clock,
    try(_hook, call, stop): Trying {
      let resolve: (attempt: Attempt) => void = () => {};
      const attempt = new Promise<Attempt>((given) => {
        resolve = given;
      });
      tried.push({
        call,
        stop,
        async end(answer = done) {
          resolve(answer);
          await settled();
        },
      });
      return { attempt, gone: attempt.then(() => gone) };
    },
    turn: () => Promise.resolve(),
    onRecord: (_call, record) => void records.push(record),
    onBug(error) {
      throw error;
    },
  });
  let count = 0;
  return {
    clock,
    tried,
    records,
    queue,
    names: () => tried.map(({ call }) => nameOf(call)),
    add(entry: HistoryEntry): void {
      count += 1;
      queue.add(hookCallOf(entry, 'watcher-1', `id${count}`)!.call);
    },
  };
}

const move = (cluster: string, epoch: number) => moveOf(epoch, { cluster });

test('moves of one cluster come in their order, one at a time; other clusters do not wait for them', async () => {
  const { add, tried, names } = world();
  for (const entry of [move('shop', 1), move('shop', 2), move('blog', 5)]) add(entry);
  await settled();
  expect(names()).toEqual(['shop 1', 'blog 5']);
  await tried[0]!.end();
  expect(names()).toEqual(['shop 1', 'blog 5', 'shop 2']);
});

test('an alarm that is over never overtakes the same alarm that is raised', async () => {
  const { add, tried, names } = world();
  for (const raised of [true, false]) add(alarmOf('stale-source', raised));
  add(alarmOf('two-sources'));
  await settled();
  expect(names()).toEqual(['shop stale-source true', 'shop two-sources true']);
  await tried[0]!.end();
  expect(names()[2]).toBe('shop stale-source false');
});

test('a storm of a thousand alarms: four calls at once, the newest wait, and one record counts the others', async () => {
  const { add, tried, records, names } = world(200);
  for (let number = 1; number <= 1000; number++) add(alarmOf('server-unknown', true, `c${number}`));
  await settled();
  expect(tried).toHaveLength(4);
  expect(records).toEqual([]);
  for (let at = 0; at < tried.length; at++) await tried[at]!.end();
  expect(tried).toHaveLength(204);
  expect(names()[4]).toBe('c801 server-unknown true');
  const dropped = records.filter(({ outcome }) => outcome === 'dropped');
  expect(dropped).toMatchObject([
    {
      count: 796,
      about: { kind: 'alarm', code: 'server-unknown' },
      sentence: '796 calls were dropped, the last one for c800: more than 200 calls waited for this hook',
    },
  ]);
  expect(records).toHaveLength(205);
});

describe('a call that failed for a moment', () => {
  test('is tried again after 1, 2 and 4 seconds, and then given up', async () => {
    const { add, tried, records, clock } = world();
    add(move('shop', 1));
    await settled();
    for (const ms of [1000, 2000, 4000]) {
      await tried.at(-1)!.end(busy);
      const before = tried.length;
      await clock.advance(ms - 1);
      expect(tried).toHaveLength(before);
      await clock.advance(1);
      expect(tried).toHaveLength(before + 1);
    }
    await tried.at(-1)!.end(busy);
    expect([tried.length, clock.timers()]).toEqual([4, 0]);
    expect(records).toMatchObject([
      { outcome: 'failed', attempts: 4, ms: 7000, sentence: 'HTTP 503; 4 attempts failed' },
    ]);
  });

  test('is not tried again when a newer move of the cluster waits: the newest news comes soon', async () => {
    const { add, tried, records, names, clock } = world();
    add(move('shop', 1));
    await settled();
    await tried[0]!.end(busy);
    add(move('blog', 9));
    await settled();
    expect(records).toEqual([]);
    add(move('shop', 2));
    await settled();
    expect(names()).toEqual(['shop 1', 'blog 9', 'shop 2']);
    expect(records).toMatchObject([
      { about: { epoch: 1 }, attempts: 1, sentence: 'HTTP 503; no further attempt: newer news waits' },
    ]);
    // Also when the newer move came during the attempt.
    add(move('shop', 3));
    await tried[2]!.end(busy);
    expect(names().at(-1)).toBe('shop 3');
    expect(clock.timers()).toBe(0);
  });
});

test('a process that nothing ends keeps its place: the number of processes stays bounded', async () => {
  const { add, tried } = world(3, new Promise(() => {}));
  for (const cluster of ['a', 'b', 'c', 'd', 'e']) add(move(cluster, 1));
  await settled();
  for (const one of [...tried]) await one.end({ outcome: 'timed-out', sentence: 'it goes on' });
  expect(tried).toHaveLength(4);
});

test('failures in a row are counted until one call succeeds', async () => {
  const { add, tried, records } = world();
  const failed: Attempt = { outcome: 'failed', sentence: 'exit code 1' };
  for (const answer of [failed, failed, done, failed]) {
    add(move('shop', 1));
    await settled();
    await tried.at(-1)!.end(answer);
  }
  expect(records.map(({ inARow }) => inARow)).toEqual([undefined, 2, undefined, undefined]);
});

test('at the end what waits is dropped with one record, and what runs goes on until it is broken off', async () => {
  const { add, tried, records, queue } = world();
  for (const epoch of [1, 2, 3]) add(move('shop', epoch));
  add(move('blog', 1));
  await settled();
  await tried[1]!.end(busy);
  queue.close('source-dns stops');
  await settled();
  expect(records).toMatchObject([
    { about: { epoch: 1 }, sentence: 'HTTP 503; no further attempt: source-dns stops' },
    {
      outcome: 'dropped',
      count: 2,
      sentence: expect.stringMatching(/^2 calls were dropped, the last one for shop: source-dns stops/),
    },
  ]);
  let isIdle = false;
  void queue.idle().then(() => {
    isIdle = true;
  });
  queue.break();
  expect([tried[0]!.stop.aborted, isIdle]).toEqual([true, false]);
  await tried[0]!.end({ outcome: 'failed', sentence: 'killed' });
  expect([isIdle, tried.length]).toEqual([true, 2]);
  // What comes later is not lost without a word.
  add(move('shop', 4));
  await settled();
  expect([tried.length, records.at(-1)?.count, records.at(-1)?.about]).toEqual([
    2,
    1,
    { kind: 'move', epoch: 4 },
  ]);
});
