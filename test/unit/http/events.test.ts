/** `GET /v1/events`: a client listens, goes away, and comes again. */

import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { HistoryEntry } from '../../../src/core/model/events.ts';
import { streamLimit } from '../../../src/http/connections.ts';
import { createEventFeed, rememberedEvents } from '../../../src/http/event-feed.ts';
import { answerIn, ask, fakeDaemon, onLoopback, startTcpApi, type TcpApi } from '../../support/tcp-api.ts';

interface Heard {
  readonly id: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Listening {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  /** What is no event: the problem, if there is one. */
  received(): string;
  /** The events, when there are so many. */
  heard(count: number): Promise<readonly Heard[]>;
}

/** A client of the events, which ends with the test. `more`: sent with the request. */
function listen(
  at: number | string,
  query = '',
  headers: Readonly<Record<string, string>> = {},
  more = '',
): Listening {
  const socket = typeof at === 'number' ? connect(at, '127.0.0.1') : connect(at);
  onTestFinished(() => void socket.destroy());
  const given = Object.entries({ host: 'localhost', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(`GET /v1/events${query} HTTP/1.1\r\n${given.join('')}\r\n${more}`);
  socket.on('error', () => {});
  const heard: Heard[] = [];
  let text = '';
  const waiting = new Set<() => void>();
  socket.setEncoding('utf8').on('data', (piece) => {
    text += piece;
    const whole = text.lastIndexOf('\n\n') + 2;
    heard.push(...eventsIn(text.slice(0, whole)));
    if (heard.length > 0) text = text.slice(whole);
    for (const look of waiting) look();
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return {
    socket,
    closed,
    received: () => text,
    heard: (count) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (heard.length < count) return;
          waiting.delete(look);
          resolve(heard);
        };
        waiting.add(look);
        look();
        void closed.then(() => reject(new Error(`closed after: ${text}`)));
      }),
  };
}

const eventsIn = (text: string): readonly Heard[] =>
  [...text.matchAll(/id: (.*)\nevent: (.*)\ndata: (.*)\n\n/g)].map(([, id = '', event = '', data = '']) => ({
    id,
    event,
    data: JSON.parse(data) as Heard['data'],
  }));

const alarm = (cluster: string, subject: string): HistoryEntry => ({
  at: '2026-11-22T11:30:00.123Z',
  cluster,
  nameserver: 'ns1',
  kind: 'alarm',
  raised: true,
  alarm: { code: 'server-unknown', subject, sentence: 'It does not answer.' },
});
const moved: HistoryEntry = {
  at: '2026-11-22T11:30:00.123Z',
  cluster: 'shop',
  nameserver: 'ns1',
  kind: 'moved-elsewhere',
  epoch: 8,
  source: 'db1:3306' as never,
  uuid: 'u' as never,
  by: 'watcher-2',
  why: 'failover',
};

const subjects = (events: readonly Heard[]) =>
  events.flatMap(({ data }) => (data['alarm'] as { subject: string } | undefined)?.subject ?? []);

describe.each([
  ['TCP', ({ port }: TcpApi) => port()],
  ['the unix socket', ({ socketPath }: TcpApi) => socketPath],
])('over %s a listener', (_, at) => {
  test('is greeted with the place where it begins, and hears what happens', async () => {
    const api = await startTcpApi(onLoopback());
    const listener = listen(at(api));
    const [hello] = await listener.heard(1);
    expect(hello).toMatchObject({ event: 'hello', data: { resumed: false } });
    api.server.tell(alarm('shop', 'db1'));
    api.server.tell(moved);
    const [, first, second] = await listener.heard(3);
    expect(first).toMatchObject({ event: 'alarm', data: { cluster: 'shop', raised: true } });
    expect(second).toMatchObject({ event: 'move', data: { kind: 'moved-elsewhere', epoch: 8 } });
    expect(new Set([hello?.id, first?.id, second?.id]).size).toBe(3);
  });

  test('that comes again gets what it missed, and nothing twice', async () => {
    const api = await startTcpApi(onLoopback());
    const before = listen(at(api));
    await before.heard(1);
    api.server.tell(alarm('shop', 'db1'));
    const [, last] = await before.heard(2);
    before.socket.destroy();
    api.server.tell(alarm('shop', 'db2'));
    const again = listen(at(api), '', { 'last-event-id': last?.id ?? '' });
    expect((await again.heard(2))[0]).toMatchObject({
      id: last?.id,
      event: 'hello',
      data: { resumed: true },
    });
    api.server.tell(alarm('shop', 'db3'));
    expect(subjects(await again.heard(3))).toEqual(['db2', 'db3']);
  });
});

test('a proxy is asked neither to keep nor to compress the events', async () => {
  const { port } = await startTcpApi(onLoopback());
  const response = await fetch(`http://127.0.0.1:${port()}/v1/events`);
  await response.body?.cancel();
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'cache-control': 'no-store, no-transform',
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
  });
});

describe('a listener', () => {
  test('may give the place in its address; what the browser remembers counts more', async () => {
    const { server, port } = await startTcpApi(onLoopback());
    const [hello] = await listen(port()).heard(1);
    server.tell(alarm('shop', 'db1'));
    const [, first] = await listen(port(), `?after=${hello?.id}`).heard(2);
    expect(subjects([first as Heard])).toEqual(['db1']);
    server.tell(alarm('shop', 'db2'));
    const both = listen(port(), `?after=${hello?.id}`, { 'last-event-id': first?.id ?? '' });
    expect(subjects(await both.heard(2))).toEqual(['db2']);
  });

  test('hears of one cluster only, if it wants', async () => {
    const { server, port } = await startTcpApi(onLoopback());
    const listener = listen(port(), '?cluster=shop');
    await listener.heard(1);
    server.tell(alarm('blog', 'db7'));
    server.tell(alarm('shop', 'db1'));
    expect(subjects(await listener.heard(2))).toEqual(['db1']);
    expect(await ask(port(), 'GET /v1/events?cluster=shp')).toMatchObject({
      status: 404,
      code: 'unknown-cluster',
    });
  });

  test.each([
    ['another start of the process', 'abcdef0123-7', 'other-start'],
    ['what is no id', 'yesterday', 'other-start'],
    ['two ids', 'abcdef0123-7, abcdef0123-8', 'other-start'],
    ['a number alone', '7', 'other-start'],
  ])('is told to begin again after the id of %s', async (_, id, reason) => {
    const { server, port } = await startTcpApi(onLoopback());
    server.tell(alarm('shop', 'db1'));
    const listener = listen(port(), '', { 'last-event-id': id });
    const [reset] = await listener.heard(1);
    expect(reset).toMatchObject({
      event: 'reset',
      data: { reason, hint: expect.stringContaining('/v1/clusters') },
    });
    server.tell(alarm('shop', 'db2'));
    expect(subjects(await listener.heard(2))).toEqual(['db2']);
    const again = listen(port(), '', { 'last-event-id': reset?.id ?? '' });
    expect(subjects(await again.heard(2))).toEqual(['db2']);
  });

  test('is told to begin again after an id of the future', async () => {
    const { port } = await startTcpApi(onLoopback());
    const [hello] = await listen(port()).heard(1);
    const listener = listen(port(), '', { 'last-event-id': (hello?.id ?? '').replace(/\d+$/, '99') });
    expect((await listener.heard(1))[0]).toMatchObject({ event: 'reset', data: { reason: 'other-start' } });
  });

  test('is told to begin again when too much has happened', async () => {
    const { server, port } = await startTcpApi(onLoopback());
    const [hello] = await listen(port()).heard(1);
    for (let count = 0; count <= rememberedEvents; count += 1) server.tell(alarm('shop', `db${count}`));
    const late = listen(port(), `?after=${hello?.id}`);
    expect((await late.heard(1))[0]).toMatchObject({ event: 'reset', data: { reason: 'too-old' } });
    const just = listen(port(), `?after=${hello?.id?.replace(/\d+$/, '1')}`);
    expect(subjects(await just.heard(rememberedEvents + 1))).toHaveLength(rememberedEvents);
  });

  test('that does not read is closed, and nothing is kept for it', async () => {
    const { server, port } = await startTcpApi(onLoopback());
    const [slow, quick] = [listen(port()), listen(port())];
    await Promise.all([slow.heard(1), quick.heard(1)]);
    slow.socket.pause();
    // Longer than the buffers of the kernel, and than what is remembered.
    const long = 'x'.repeat(8 * 1024);
    for (let count = 1; count <= 2000; count += 1) {
      server.tell(alarm('shop', `${count} ${long}`));
      if (count % 20 === 0) await quick.heard(count + 1);
    }
    expect(quick.socket.destroyed).toBe(false);
    slow.socket.resume();
    await slow.closed;
    expect((await slow.heard(1)).length).toBeLessThan(2001);
  });

  test('hears of commands, and of no dry run', async () => {
    const { server, port, socketPath } = await startTcpApi(onLoopback(), fakeDaemon().api);
    const listener = listen(port());
    await listener.heard(1);
    const path = 'POST /v1/clusters/shop/follow';
    await ask(socketPath, path, {}, JSON.stringify({ server: 'db2', dryRun: true }));
    await ask(socketPath, path, {}, JSON.stringify({ server: 'db2', by: 'eve@host' }));
    server.tell(alarm('shop', 'db1'));
    expect((await listener.heard(3)).slice(1)).toMatchObject([
      {
        event: 'command',
        data: {
          cluster: 'shop',
          kind: 'command',
          command: { kind: 'follow', server: 'db2:3306', by: 'eve@host' },
          results: [{ kind: 'done', code: 'commanded' }],
        },
      },
      { event: 'alarm' },
    ]);
  });

  test('that asks for more on its connection is closed, so that nothing is kept of it', async () => {
    const { port } = await startTcpApi(onLoopback());
    const more = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n';
    const later = listen(port());
    await later.heard(1);
    later.socket.write(more);
    await later.closed;
    const atOnce = listen(port(), '', {}, more);
    await atOnce.closed;
    expect(atOnce.received()).toBe('');
    expect(await ask(port(), 'GET /healthz')).toMatchObject({ status: 200 });
  });

  test('asks with GET', async () => {
    const { port } = await startTcpApi(onLoopback());
    expect(await ask(port(), 'HEAD /v1/events')).toMatchObject({ status: 405 });
  });

  test('is let go when the daemon ends', async () => {
    const { server, port } = await startTcpApi(onLoopback());
    const listener = listen(port());
    await listener.heard(1);
    await server.close();
    await listener.closed;
  });
});

test('many listeners keep nobody else away, and one too many is told to come again', async () => {
  const { port, server } = await startTcpApi(onLoopback());
  const all = Array.from({ length: streamLimit }, () => listen(port()));
  await Promise.all(all.map((one) => one.heard(1)));
  expect(await ask(port(), 'GET /v1/clusters')).toMatchObject({ status: 200 });
  const late = listen(port());
  await late.closed;
  expect(answerIn(late.received())).toMatchObject({
    status: 503,
    head: expect.stringMatching(/^retry-after: /m),
  });
  server.tell(alarm('shop', 'db1'));
  await Promise.all(all.map((one) => one.heard(2)));
  all[0]?.socket.destroy();
  // Its place is free when the server has seen the end.
  for (let tries = 0; tries < 50; tries += 1) {
    const next = listen(port());
    if ((await Promise.race([next.heard(1), next.closed.then(() => [])]).catch(() => [])).length > 0) return;
  }
  expect.unreachable('the place of a listener that went away is not free');
}, 30_000);

describe('the heartbeat', () => {
  afterEach(() => void vi.useRealTimers());

  /** A response whose client reads, or not. */
  function fakeResponse() {
    const written: string[] = [];
    const response = Object.assign(new EventEmitter(), {
      writableNeedDrain: false,
      destroyed: false,
      write(bytes: Buffer | string) {
        written.push(String(bytes));
        return true;
      },
      destroy() {
        response.destroyed = true;
        response.emit('close');
      },
    });
    return { response, written };
  }

  test('is heard while nothing happens, and ends with the last listener', () => {
    vi.useFakeTimers();
    const feed = createEventFeed('start1');
    const { response, written } = fakeResponse();
    feed.listen(response as unknown as ServerResponse, {});
    vi.advanceTimersByTime(45_000);
    expect(written.slice(1)).toEqual([': beat\n\n', ': beat\n\n', ': beat\n\n']);
    response.destroy();
    expect(feed.listeners()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('closes a listener that has read nothing since the last one', () => {
    vi.useFakeTimers();
    const feed = createEventFeed('start1');
    const [reads, stuck] = [fakeResponse(), fakeResponse()];
    for (const { response } of [reads, stuck]) feed.listen(response as unknown as ServerResponse, {});
    stuck.response.writableNeedDrain = true;
    vi.advanceTimersByTime(15_000);
    expect(stuck.response.destroyed).toBe(false);
    vi.advanceTimersByTime(15_000);
    expect([reads.response.destroyed, stuck.response.destroyed]).toEqual([false, true]);
    expect(feed.listeners()).toBe(1);
  });

  test('keeps a listener that is behind again, but has read since the last one', () => {
    vi.useFakeTimers();
    const feed = createEventFeed('start1');
    const { response } = fakeResponse();
    feed.listen(response as unknown as ServerResponse, {});
    for (let beats = 0; beats < 3; beats += 1) {
      response.writableNeedDrain = true;
      vi.advanceTimersByTime(15_000);
      response.writableNeedDrain = false;
      response.emit('drain');
    }
    expect(response.destroyed).toBe(false);
  });
});
