/** URLs as hooks: a real HTTP server, and what a bad one answers. */

import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { forLoopback } from '../../../support/certificates.ts';
import { alarmOf, held, hookWorld, moveOf, urlHook } from '../../../support/hook-world.ts';
import { until } from '../../../support/small-world.ts';

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => void sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers one request after the other as `answers` say; the last one is for all that follow. */
async function receiver(...answers: ((response: ServerResponse) => void)[]) {
  const asked: Asked[] = [];
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => {
      body += piece.toString();
    });
    request.on('end', () => {
      const { method, url, headers } = request;
      asked.push({ method, url, headers, body });
      answers[Math.min(asked.length, answers.length) - 1]?.(response);
    });
  };
  const port = await listening(createServer(listener));
  return { asked, port, url: `http://127.0.0.1:${port}/services/T0/secret-path?key=secret-query` };
}

const status =
  (code: number, headers: Readonly<Record<string, string>> = {}, body = 'said') =>
  (response: ServerResponse): void =>
    void response.writeHead(code, headers).end(body);

test('a move is posted as JSON, with the same fields as the variables and a sentence for chat services', async () => {
  const { asked, url, port } = await receiver(status(200, {}, 'ok\n'));
  const { hooks, record } = hookWorld({
    afterMove: [urlHook(url.replace('//', '//us%20er:pass%40word@'), { 'X-Token': 'header-secret' })],
  });
  hooks.take(moveOf(7, { first: true }));
  const answer = await record();
  expect(answer).toMatchObject({
    hook: `http://127.0.0.1:${port}`,
    outcome: 'done',
    status: 200,
    sentence: 'HTTP 200',
    output: 'ok',
    attempts: 1,
  });
  expect(JSON.stringify(answer)).not.toMatch(/secret|pass/);
  const [{ method, headers, body, url: path } = {} as Asked] = asked;
  expect([method, path]).toEqual(['POST', '/services/T0/secret-path?key=secret-query']);
  const basic = `Basic ${Buffer.from('us er:pass@word').toString('base64')}`;
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    authorization: basic,
    'x-token': 'header-secret',
  });
  expect(JSON.parse(body)).toEqual({
    event: 'move',
    id: headers['idempotency-key'],
    cluster: 'shop',
    name: 'source.shop.db.example.com.',
    reason: 'failover',
    epoch: 7,
    oldSource: '',
    newSource: 'db2:3306',
    oldUuid: '',
    newUuid: 'uuid-of-db2',
    instance: 'watcher-1',
    nameserver: 'ns1',
    sentence: 'db1 is gone.',
    at: '2026-11-22T11:30:00.123Z',
    text: 'shop: source.shop.db.example.com. moved to db2:3306, epoch 7 (failover): db1 is gone.',
  });
});

test('an alarm is posted when it is raised and when it is over', async () => {
  const { asked, url } = await receiver(status(204));
  const { hooks, record } = hookWorld({ onAlarm: [urlHook(url)] });
  hooks.take(alarmOf());
  hooks.take(alarmOf('stale-source', false));
  hooks.take(moveOf());
  expect(await record(2)).toMatchObject({
    place: 'on_alarm[0]',
    about: { kind: 'alarm', code: 'stale-source', subject: 'db1:3306', raised: false },
  });
  expect(asked.map(({ body }) => JSON.parse(body))).toMatchObject([
    { alarm: 'stale-source', hint: 'Make it read-only.', raised: true },
    { raised: false, text: 'shop: db1:3306: the alarm stale-source is over' },
  ]);
});

test.each([408, 429, 500, 502, 503])('HTTP %d is tried again, under the same key', async (code) => {
  const { asked, url } = await receiver(status(code), status(200));
  const { hooks, record } = hookWorld({ afterMove: [urlHook(url)] });
  hooks.take(moveOf());
  expect(await record()).toMatchObject({ outcome: 'done', status: 200, attempts: 2 });
  expect(new Set(asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
});

test('a receiver that fails again and again is tried four times', async () => {
  const { asked, url } = await receiver(status(503));
  const { hooks, record } = hookWorld({ afterMove: [urlHook(url)] });
  hooks.take(moveOf());
  expect(await record()).toMatchObject({
    outcome: 'failed',
    status: 503,
    attempts: 4,
    sentence: 'HTTP 503; 4 attempts failed',
  });
  expect(asked).toHaveLength(4);
});

test.each([
  ['3600', 1_800_000],
  [new Date(Date.now() + 400_000_000).toUTCString(), 1_800_000],
  ['nonsense', 60_001],
])('Retry-After: %s is obeyed within the bound', async (text, ms) => {
  const { url } = await receiver(status(429, { 'Retry-After': text }), status(200));
  const { hooks, clock, record } = hookWorld(
    { afterMove: [urlHook(url)] },
    { retryMs: 60_001, longestRetryMs: 1_800_000 },
  );
  hooks.take(moveOf());
  await until(() => clock.waits().some((wait) => wait > held));
  expect(clock.waits()).toEqual([ms]);
  await clock.release();
  expect(await record()).toMatchObject({ outcome: 'done', attempts: 2 });
});

test.each([
  [301, /redirects are not followed/],
  [307, /redirects are not followed/],
  [401, undefined],
  [404, undefined],
])('HTTP %d is a failure, and not tried again', async (code, hint) => {
  const other = await receiver(status(200));
  const { asked, url } = await receiver(status(code, { Location: other.url }));
  const { hooks, record } = hookWorld({ afterMove: [urlHook(url)] });
  hooks.take(moveOf());
  const answer = await record();
  expect(answer).toMatchObject({ outcome: 'failed', status: code, attempts: 1 });
  if (hint !== undefined) expect(answer.hint).toMatch(hint);
  expect([asked.length, other.asked.length]).toEqual([1, 0]);
  expect(JSON.stringify(answer)).not.toMatch(/secret/);
});

test('a receiver that does not answer in time is not asked a second time: it may have understood', async () => {
  const { asked, url } = await receiver(() => {});
  const { hooks, clock, record } = hookWorld({ afterMove: [urlHook(url)] });
  hooks.take(moveOf());
  await until(() => asked.length > 0);
  await clock.release();
  expect(await record()).toMatchObject({
    outcome: 'timed-out',
    attempts: 1,
    sentence: expect.stringMatching(/^no answer within 60000 ms/),
  });
  expect(asked).toHaveLength(1);
});

test('an answer without end is read for a moment, and its status counts', async () => {
  let isClosed = false;
  const { url } = await receiver((response) => {
    response.on('close', () => {
      isClosed = true;
    });
    const more = (): void => {
      if (!response.destroyed) response.write('x'.repeat(10_000), more);
    };
    response.writeHead(200);
    more();
  });
  const { hooks, record } = hookWorld({ afterMove: [urlHook(url)] });
  hooks.take(moveOf());
  const answer = await record();
  expect(answer).toMatchObject({ outcome: 'done', status: 200 });
  expect(answer.output?.length).toBeLessThan(1100);
  await until(() => isClosed);
});

test('an answer whose body stops in the middle counts by its status at the time-out', async () => {
  const { asked, url } = await receiver((response) => void response.writeHead(202).write('beg'));
  const { hooks, clock, record } = hookWorld({ afterMove: [urlHook(url)] });
  hooks.take(moveOf());
  await until(() => asked.length > 0);
  await clock.release();
  // The time-out may come before the head of the answer.
  expect(['HTTP 202', 'no answer within 60000 ms; it may have arrived, so it is not sent again']).toContain(
    (await record()).sentence,
  );
});

test('a connection that is refused or closed is tried again', async () => {
  const connections: Socket[] = [];
  const port = await listening(
    createTcpServer((socket) => void connections.push(socket.on('error', () => {}).destroy())),
  );
  const { hooks, record } = hookWorld({
    afterMove: [urlHook(`http://127.0.0.1:${port}/`), urlHook('http://127.0.0.1:1/')],
  });
  hooks.take(moveOf());
  await record(2);
  const told = [await record(1), await record(2)].map(({ hook, attempts, sentence }) => ({
    hook,
    attempts,
    sentence,
  }));
  expect(told.toSorted((a, b) => a.hook.length - b.hook.length)).toEqual([
    {
      hook: 'http://127.0.0.1:1',
      attempts: 4,
      sentence: 'the connection failed (ECONNREFUSED); 4 attempts failed',
    },
    { hook: `http://127.0.0.1:${port}`, attempts: 4, sentence: expect.stringMatching(/ECONNRESET|EPIPE/) },
  ]);
  expect(connections).toHaveLength(4);
});

test.each([
  [
    'a head without end',
    (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\n${'X-Y: z\r\n'.repeat(10_000)}`),
  ],
  ['no HTTP', (socket: Socket) => socket.write('220 mail.example.com ESMTP\r\n')],
])('%s is a failure, and not tried again', async (_, answer) => {
  let connections = 0;
  const port = await listening(
    createTcpServer((socket) => {
      connections += 1;
      socket.on('error', () => {});
      answer(socket);
    }),
  );
  const { hooks, record } = hookWorld({ afterMove: [urlHook(`http://127.0.0.1:${port}/`)] });
  hooks.take(moveOf());
  expect(await record()).toMatchObject({
    outcome: 'failed',
    attempts: 1,
    sentence: expect.stringMatching(/HPE_/),
  });
  expect(connections).toBe(1);
});

test('a certificate is verified whatever the environment says, and proxies of it are not used', async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  vi.stubEnv('https_proxy', 'http://127.0.0.1:1');
  vi.stubEnv('NODE_USE_ENV_PROXY', '1');
  let asked = 0;
  const port = await listening(
    createTlsServer(forLoopback, (_request, response) => {
      asked += 1;
      response.end();
    }),
  );
  const { hooks, record } = hookWorld({ afterMove: [urlHook(`https://127.0.0.1:${port}/`)] });
  hooks.take(moveOf());
  const answer = await record();
  vi.unstubAllEnvs();
  expect(answer).toMatchObject({
    outcome: 'failed',
    attempts: 1,
    sentence: 'the connection failed (DEPTH_ZERO_SELF_SIGNED_CERT)',
    hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
  });
  expect(asked).toBe(0);
});
