/** Slow clients of the unix socket: the others still get their answers. */

import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Answer } from '../../../src/core/model/events.ts';
import { askDaemon } from '../../../src/http/client.ts';
import type { ClusterApi } from '../../../src/http/cluster-api.ts';
import { connectionLimit } from '../../../src/http/connections.ts';
import { type ApiServer, startApi } from '../../../src/http/server.ts';
import { apiSocketPath } from '../../../src/http/unix-socket.ts';
import { fakeDaemon } from '../../support/tcp-api.ts';

/** For a busy host. A rejected client gets the reason at once. */
const patienceMs = 9000;

let folder = '';
let server: ApiServer | undefined;
let clients: Socket[] = [];
let bugs: unknown[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-slow-'));
  clients = [];
  bugs = [];
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
  expect(bugs).toEqual([]);
});

const done: Answer = {
  results: [{ nameserver: 'ns1', kind: 'done', code: 'commanded', sentence: 'It is done.' }],
};
const ordinary = fakeDaemon({ command: async () => done }).api;

async function serve(api: ClusterApi = ordinary): Promise<void> {
  const started = await startApi({ socketPath: apiSocketPath(folder), onBug: (error) => bugs.push(error) });
  if (started.kind === 'failed') throw new Error(started.failure.message);
  server = started.server;
  server.serve(api);
}

interface Client {
  readonly socket: Socket;
  /** The bytes so far. */
  received(): string;
  /** Resolves when the server has ended it. */
  readonly closed: Promise<void>;
}

/** A client that sends this and then nothing. */
async function client(text: string, reads = true): Promise<Client> {
  const socket = connect(apiSocketPath(folder));
  clients.push(socket);
  let received = '';
  if (reads)
    socket.on('data', (piece) => {
      received += piece.toString();
    });
  else socket.pause();
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  if (text !== '') await new Promise((resolve) => socket.write(text, resolve));
  return { socket, received: () => received, closed };
}

const many = (text: string, reads = true): Promise<Client[]> =>
  Promise.all(Array.from({ length: connectionLimit }, () => client(text, reads)));

const command = (headers: string, body = ''): string =>
  `POST /v1/clusters/shop/freeze HTTP/1.1\r\nhost: x\r\n${headers}\r\n\r\n${body}`;
const json = 'content-type: application/json';
const get = 'GET /v1/clusters HTTP/1.1\r\nhost: x\r\n\r\n';

const slow: readonly (readonly [string, string])[] = [
  ['send nothing', ''],
  ['begin a request line', 'GET /heal'],
  ['begin the headers', 'GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: '],
  ['begin a body', command(`${json}\r\ncontent-length: 30`, '{"reas')],
  ['begin a chunk', command(`${json}\r\ntransfer-encoding: chunked`, '5\r\n{"r')],
  [
    'wait for 100 Continue, and then do not',
    command(`${json}\r\ncontent-length: 30\r\nexpect: 100-continue`),
  ],
  ['ask, and then begin to ask again', `${get}POST /v1/clus`],
  ['ask with a body that never ends', 'GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n'],
  ['keep the connection after the answer', get],
];

describe('a client gets its answer while all other connections', () => {
  test.each(slow)('%s', async (_, text) => {
    await serve();
    await many(text);
    for (let round = 0; round < 3; round += 1) {
      expect(
        await askDaemon(apiSocketPath(folder), { method: 'GET', path: '/healthz', timeoutMs: patienceMs }),
      ).toMatchObject({
        kind: 'document',
      });
      const frozen = {
        method: 'POST',
        path: '/v1/clusters/shop/freeze',
        body: { reason: 'why' },
        timeoutMs: patienceMs,
      } as const;
      expect(await askDaemon(apiSocketPath(folder), frozen)).toMatchObject({ kind: 'document', body: done });
    }
  });

  test('do not read their answer', async () => {
    // Longer than the buffers of the kernel for a reader that does not read.
    const entries = [{ text: 'x'.repeat(1024 * 1024) }];
    await serve({ ...ordinary, history: () => entries as never });
    await many('GET /v1/clusters/shop/history HTTP/1.1\r\nhost: x\r\n\r\n', false);
    expect(
      await askDaemon(apiSocketPath(folder), { method: 'GET', path: '/healthz', timeoutMs: patienceMs }),
    ).toMatchObject({
      kind: 'document',
    });
  });
});

test('come again at once when they are dropped', async () => {
  await serve();
  let again = 0;
  let isOver = false;
  const slowOne = (): void => {
    const socket = connect(apiSocketPath(folder));
    clients.push(socket);
    socket.on('error', () => undefined);
    socket.write('POST /v1/clus');
    socket.once('close', () => {
      again += 1;
      if (!isOver) slowOne();
    });
  };
  for (let number = 0; number < 2 * connectionLimit; number += 1) slowOne();
  const answers = [];
  for (let round = 0; round < 20; round += 1) {
    answers.push(
      await askDaemon(apiSocketPath(folder), { method: 'GET', path: '/healthz', timeoutMs: patienceMs }),
    );
  }
  isOver = true;
  expect(again).toBeGreaterThan(connectionLimit);
  expect(answers.filter(({ kind }) => kind === 'document')).toHaveLength(20);
});

describe('the dropped connection', () => {
  test('is the one that has been slow for longest', async () => {
    await serve();
    const [first, ...others] = await many('GET /');
    await client('');
    await first?.closed;
    expect(others.filter(({ socket }) => socket.closed)).toEqual([]);
  });

  test('is never one with a command in progress: a new client must come again', async () => {
    let finish: (answer: Answer) => void = () => undefined;
    const answer = new Promise<Answer>((resolve) => {
      finish = resolve;
    });
    let begun = 0;
    let all: () => void = () => undefined;
    const allBegun = new Promise<void>((resolve) => {
      all = resolve;
    });
    await serve({
      ...ordinary,
      command() {
        begun += 1;
        if (begun === connectionLimit) all();
        return answer;
      },
    });
    const body = '{"reason":"why"}';
    const asking = await many(
      command(`${json}\r\ncontent-length: ${body.length}\r\nconnection: close`, body),
    );
    await allBegun;
    const late = await client(get);
    await late.closed;
    expect(late.received()).toContain('503');
    expect(late.received()).toContain('"code":"busy"');
    finish(done);
    await Promise.all(asking.map(({ closed }) => closed));
    expect(asking.filter(({ received }) => received().startsWith('HTTP/1.1 200'))).toHaveLength(
      connectionLimit,
    );
  });

  test('is not one that half-closes after its request', async () => {
    await serve();
    const half = await client(get);
    half.socket.end();
    await half.closed;
    expect(half.received()).toMatch(/^HTTP\/1\.1 200/);
  });
});

describe('one connection', () => {
  test('gets pipelined answers in order: the next one is made when the previous one is read', async () => {
    let made = 0;
    const entries = [{ text: 'x'.repeat(1024 * 1024) }];
    await serve({
      ...ordinary,
      history() {
        made += 1;
        return entries as never;
      },
    });
    const reading = await client(
      'GET /v1/clusters/shop/history HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(200),
      false,
    );
    // A later request has a later answer: by then the 200 were parsed.
    await askDaemon(apiSocketPath(folder), { method: 'GET', path: '/healthz', timeoutMs: patienceMs });
    expect(made).toBe(1);
    reading.socket.destroy();
  });

  test('with huge headers, an unknown expectation or rubbish is refused and closed', async () => {
    await serve();
    for (const [text, status] of [
      [`GET /healthz HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, '431'],
      [command(`${json}\r\ncontent-length: 0\r\nexpect: the-worst\r\nconnection: close`), '417'],
      ['\u0000\u0001\u0002 HTTP\r\n\r\n', '400'],
      [command(`${json}\r\ncontent-length: 5\r\ntransfer-encoding: chunked`, '0\r\n\r\n'), '400'],
    ] as const) {
      const odd = await client(text);
      await odd.closed;
      expect(odd.received().split('\r\n')[0]).toContain(status);
    }
    expect(
      await askDaemon(apiSocketPath(folder), { method: 'GET', path: '/healthz', timeoutMs: patienceMs }),
    ).toMatchObject({
      kind: 'document',
    });
  });
});
