/** The queue of one nameserver: which item is next, and which waited too long. No sockets, no timers. */
import { describe, expect, test } from 'vitest';
import type { MonoMs } from '../../../../src/core/model/units.ts';
import type { Exchange } from '../../../../src/dns/transport/exchange.ts';
import {
  enqueue,
  MessageQueue,
  type Queueable,
  type QueuedExchange,
  type QueueLimits,
  queueLimits,
  type Rank,
  tcpQueueLimits,
} from '../../../../src/dns/transport/queue.ts';

interface Message extends Queueable {
  readonly text: string;
}

const at = (ms: number) => ms as MonoMs;
const message = (rank: Rank, lane: string, text = lane, sendBefore = at(1000)): Message => ({
  rank,
  lane,
  text,
  sendBefore,
});
const queueOf = (limits: Partial<QueueLimits> = {}) =>
  new MessageQueue<Message>({ ...queueLimits, ...limits });

/** Takes every item that may be taken. With `ending`, each item ends at once. */
function takeAll(queue: MessageQueue<Message>, { ending = true } = {}): string[] {
  const taken: string[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) {
    taken.push(next.text);
    if (ending) queue.ended(next.rank);
  }
  return taken;
}

describe('the order', () => {
  test('first in, first out within a lane', () => {
    const queue = queueOf();
    for (const text of ['1', '2', '3']) queue.add(message('question', 'shop', text));
    expect(takeAll(queue)).toEqual(['1', '2', '3']);
    expect(queue.take()).toBeUndefined();
  });

  test('lanes take turns: a lane with many messages delays another by one message', () => {
    const queue = queueOf();
    for (const n of [1, 2, 3, 4]) queue.add(message('update', 'shop', `shop ${n}`));
    queue.add(message('update', 'blog', 'blog 1'));
    queue.add(message('update', 'wiki', 'wiki 1'));
    queue.add(message('update', 'blog', 'blog 2'));
    expect(takeAll(queue)).toEqual(['shop 1', 'blog 1', 'wiki 1', 'shop 2', 'blog 2', 'shop 3', 'shop 4']);
  });

  test('an update does not wait behind a thousand questions', () => {
    const queue = queueOf();
    for (let n = 0; n < 1000; n++) queue.add(message('question', `cluster ${n}`));
    queue.add(message('update', 'shop', 'the move'));
    expect(queue.take()?.text).toBe('the move');
  });

  test('questions do not starve: after so many updates a question goes', () => {
    const queue = queueOf({ updatesInARow: 2 });
    for (const n of [1, 2, 3, 4, 5]) queue.add(message('update', `u${n}`));
    for (const n of [1, 2, 3]) queue.add(message('question', `q${n}`));
    expect(takeAll(queue)).toEqual(['u1', 'u2', 'q1', 'u3', 'u4', 'q2', 'u5', 'q3']);
  });
});

describe('the limits', () => {
  test('in flight there is a limit for each rank, so a slow rank leaves room', () => {
    const queue = queueOf({ inFlight: { update: 3, question: 3 } });
    for (let n = 0; n < 9; n++) queue.add(message('update', `u${n}`));
    expect(takeAll(queue, { ending: false })).toEqual(['u0', 'u1', 'u2']);
    for (let n = 0; n < 5; n++) queue.add(message('question', `q${n}`));
    expect(takeAll(queue, { ending: false })).toEqual(['q0', 'q1', 'q2']);
    expect(queue.inFlight).toBe(6);
    queue.ended('question');
    expect(takeAll(queue, { ending: false })).toEqual(['q3']);
    queue.ended('update');
    expect(takeAll(queue, { ending: false })).toEqual(['u3']);
    expect(queue.waiting).toBe(6);
  });

  test('waiting has a limit in all, and one for each lane, so no name fills the queue', () => {
    const queue = queueOf({ waiting: 4, waitingOfLane: 2 });
    const add = (lane: string, rank: Rank = 'question') => queue.add(message(rank, lane));
    expect([add('a'), add('a'), add('a')]).toEqual(['queued', 'queued', 'full']);
    expect([add('a', 'update'), add('b'), add('c')]).toEqual(['queued', 'queued', 'full']);
    queue.take();
    expect(add('c')).toBe('queued');
  });

  test("the real limits are below BIND's update quota, with room for a thousand clusters", () => {
    for (const { inFlight } of [queueLimits, tcpQueueLimits]) expect(inFlight.update).toBeLessThan(100);
    const queue = new MessageQueue<Message>();
    for (let n = 0; n < 1000; n++) {
      expect(queue.add(message('update', `source.c${n}`))).toBe('queued');
      for (const type of ['TXT', 'A', 'AAAA', 'SRV'])
        expect(queue.add(message('question', `source.c${n}`, type))).toBe('queued');
    }
  });
});

describe('the deadlines', () => {
  test('a late item leaves exactly at its time, and the rest keeps its order', () => {
    const queue = queueOf();
    queue.add(message('question', 'a', 'a late', at(20)));
    queue.add(message('question', 'a', 'a', at(90)));
    queue.add(message('update', 'b', 'b later', at(30)));
    queue.add(message('question', 'c', 'c', at(90)));
    expect(queue.wakeAt()).toBe(20);
    expect(queue.expire(at(19))).toEqual([]);
    expect(queue.expire(at(20)).map(({ text }) => text)).toEqual(['a late']);
    expect(queue.wakeAt()).toBe(30);
    expect(queue.expire(at(50)).map(({ text }) => text)).toEqual(['b later']);
    expect(queue.waiting).toBe(2);
    expect(takeAll(queue)).toEqual(['a', 'c']);
  });

  test('after the earliest item left, the queue wakes once for nothing', () => {
    const queue = queueOf();
    queue.add(message('update', 'a', 'a', at(20)));
    takeAll(queue);
    expect(queue.expire(at(20))).toEqual([]);
    expect(queue.wakeAt()).toBe(Number.POSITIVE_INFINITY);
  });

  test('a drained queue is empty', () => {
    const queue = queueOf();
    queue.add(message('update', 'a'));
    queue.add(message('question', 'b'));
    expect(queue.drain().map(({ text }) => text)).toEqual(['a', 'b']);
    expect(queue.waiting).toBe(0);
    expect(queue.take()).toBeUndefined();
  });
});

describe('a recalled exchange', () => {
  const exchangeOf = (recalled: AbortSignal): Exchange<never> => ({
    deadline: at(1000),
    recalled,
    repeatable: false,
    lane: 'shop',
    attempt,
  });
  const outcomeOf = (queue: MessageQueue<QueuedExchange>, recalled: AbortSignal) =>
    enqueue(queue, 'ns1', exchangeOf(recalled), () => {});
  const calledBack = { kind: 'not-sent', failure: { code: 'recalled' } };

  test('ends at once while it waits, and leaves its place to others', async () => {
    const queue = new MessageQueue<QueuedExchange>();
    const recall = new AbortController();
    const outcome = outcomeOf(queue, recall.signal);
    expect(queue.waiting).toBe(1);
    recall.abort();
    expect(await outcome).toMatchObject(calledBack);
    expect([queue.waiting, queue.take()]).toEqual([0, undefined]);
  });

  test('that was recalled before is not queued', async () => {
    const queue = new MessageQueue<QueuedExchange>();
    expect(await outcomeOf(queue, AbortSignal.abort())).toMatchObject(calledBack);
    expect(queue.waiting).toBe(0);
  });

  test('that was taken says what became of it, and not that it was recalled', async () => {
    const queue = new MessageQueue<QueuedExchange>();
    const recall = new AbortController();
    const outcome = outcomeOf(queue, recall.signal);
    const taken = queue.take();
    recall.abort();
    const answered = {
      kind: 'unanswered',
      failure: { code: 'no-answer', message: '' },
      broken: false,
    } as const;
    taken?.settle(answered);
    expect(await outcome).toEqual(answered);
  });
});

test('the failure of a full queue says how many messages wait', async () => {
  const queue = new MessageQueue<QueuedExchange>();
  const { signal } = new AbortController();
  const ask = (): Promise<unknown> =>
    enqueue(
      queue,
      'ns1',
      { deadline: at(1), recalled: signal, repeatable: true, lane: 'shop', attempt },
      () => {},
    );
  for (let n = 0; n < queueLimits.waitingOfLane; n++) void ask();
  expect(await ask()).toMatchObject({
    kind: 'not-sent',
    failure: { code: 'queue-full', message: expect.stringMatching(/^64 messages already wait/) },
  });
});

const attempt = (): never => {
  throw new Error('it must not be sent');
};
