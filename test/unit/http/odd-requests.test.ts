/** Requests that are unusual, broken, or made to be read in two ways: on both listeners. */

import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../../src/core/model/events.ts';
import { shopSnapshot } from '../../support/snapshots.ts';
import {
  ask,
  bearer,
  exchange,
  fakeDaemon,
  onLoopback,
  startTcpApi,
  type TcpApi,
  withToken,
} from '../../support/tcp-api.ts';

const close = 'host: localhost\r\nconnection: close\r\n';
const freeze = 'POST /v1/clusters/shop/freeze HTTP/1.1\r\n';
const json = 'content-type: application/json\r\n';
const smuggled = 'GET /v1/clusters/shop HTTP/1.1\r\nhost: localhost\r\n\r\n';

/** What two readers could cut in two ways (RFC 9112 6.3, 11.2). */
const twoWays: readonly (readonly [string, string])[] = [
  [
    'both lengths',
    `${freeze}${close}${json}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  ['two lengths', `${freeze}${close}${json}content-length: 0\r\ncontent-length: 50\r\n\r\n${smuggled}`],
  ['a length with a sign', `${freeze}${close}${json}content-length: +0\r\n\r\n${smuggled}`],
  ['a space before the colon', `${freeze}${close}${json}content-length : 50\r\n\r\n${smuggled}`],
  ['a folded header', `${freeze}${close}x: a\r\n content-length: 50\r\n${json}\r\n${smuggled}`],
  [
    'a coding that is nearly chunked',
    `${freeze}${close}${json}transfer-encoding: xchunked\r\n\r\n${smuggled}`,
  ],
  [
    'a chunk with a bad length',
    `${freeze}${close}${json}transfer-encoding: chunked\r\n\r\n0x1\r\n{\r\n0\r\n\r\n`,
  ],
  ['a NUL in a header', `${freeze}${close}x: a\u0000b\r\n\r\n`],
  ['two methods', `GET GET /healthz HTTP/1.1\r\n${close}\r\n`],
];

describe.each([
  ['TCP', ({ port }: TcpApi) => port()],
  ['the unix socket', ({ socketPath }: TcpApi) => socketPath],
])('over %s', (_, at) => {
  test.each(twoWays)('a request with %s is refused, and nothing after it is answered', async (__, text) => {
    const { api, commands } = fakeDaemon();
    const where = at(await startTcpApi(withToken(), api));
    const answer = await exchange(
      where,
      text.replace(json, `authorization: ${bearer().authorization}\r\n${json}`),
    );
    expect(answer).toMatchObject({ status: 400, code: 'bad-request' });
    expect(answer.body).not.toContain('db2');
    expect(commands).toEqual([]);
  });

  test('a path is taken as it is', async () => {
    const where = at(await startTcpApi(withToken()));
    for (const [line, status, code] of [
      ['GET /v1/clusters/', 404, 'unknown-cluster'],
      ['GET /v1/clusters/shop/', 404, 'unknown-route'],
      ['GET //v1/clusters', 404, 'unknown-route'],
      ['GET /V1/clusters', 404, 'unknown-route'],
      ['GET /v1/clusters;x=1', 404, 'unknown-route'],
      ['GET /v1/clusters/../clusters', 404, 'unknown-route'],
      ['GET /v1/clusters/shop%2Fhistory', 404, 'unknown-cluster'],
      ['GET /v1/clusters/..%2f..', 404, 'unknown-cluster'],
      ['GET /v1/clusters/__proto__', 404, 'unknown-cluster'],
      ['GET /v1/clusters/constructor/history', 404, 'unknown-cluster'],
      ['GET /v1/clusters/sh%6Fp', 200, undefined],
      ['GET /v1/clusters/%00', 404, 'unknown-cluster'],
      ['GET /v1/clusters/%ff', 400, 'bad-request'],
      [`GET /v1/clusters/${'x'.repeat(5000)}`, 400, 'bad-request'],
      ['GET /v1/clusters/shop?__proto__=1&a=%zz', 200, undefined],
      ['OPTIONS *', 400, 'bad-request'],
    ] as const) {
      const answer = await ask(where, line, line.startsWith('OPTIONS') ? bearer() : {});
      expect([line.slice(0, 60), answer.status]).toEqual([line.slice(0, 60), status]);
      if (code !== undefined) expect(answer.code).toBe(code);
    }
  });

  test('HEAD has the head of GET, and a method that a route does not take is named', async () => {
    const where = at(await startTcpApi(withToken()));
    const head = await ask(where, 'HEAD /v1/clusters/shop');
    expect(head).toMatchObject({ status: 200, body: '' });
    const length = Number(/^content-length: (\d+)/im.exec(head.head)?.[1]);
    expect(length).toBe(Buffer.byteLength((await ask(where, 'GET /v1/clusters/shop')).body));
    for (const method of ['PUT', 'DELETE', 'TRACE', 'PATCH']) {
      const answer = await ask(where, `${method} /v1/clusters/shop`, bearer());
      expect([method, answer.status]).toEqual([method, 405]);
      expect(answer.head).toMatch(/^allow: GET, HEAD\r?$/m);
    }
  });

  test('an offer of another protocol is not taken', async () => {
    const where = at(await startTcpApi(withToken()));
    for (const upgrade of ['h2c', 'websocket'])
      expect(await ask(where, 'GET /healthz', { connection: 'upgrade, close', upgrade })).toMatchObject({
        status: 200,
      });
    await expect(exchange(where, `CONNECT localhost:1 HTTP/1.1\r\n${close}\r\n`)).resolves.toMatchObject({
      body: '',
    });
  });

  test('requests in one packet are answered in order, the refused ones too', async () => {
    const { api, commands } = fakeDaemon();
    const where = at(await startTcpApi(withToken(), api));
    const socket = typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where);
    const lines = ['GET /healthz', 'GET /v2', 'PUT /healthz', 'GET /readyz'];
    socket.write(
      lines
        .map(
          (line, index) =>
            `${line} HTTP/1.1\r\nhost: localhost\r\n${index === 3 ? 'connection: close\r\n' : ''}\r\n`,
        )
        .join(''),
    );
    let text = '';
    for await (const piece of socket.setEncoding('utf8')) text += piece;
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
    expect(statuses).toEqual([200, 404, typeof where === 'number' ? 401 : 405, 200]);
    expect(commands).toEqual([]);
  });

  test('a client that goes away in the middle is no bug', async () => {
    let finish: (answer: Answer) => void = () => {};
    let begun: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { api } = fakeDaemon({
      command: () => {
        begun();
        return new Promise((resolve) => {
          finish = resolve;
        });
      },
    });
    const running = await startTcpApi(withToken(), api);
    const where = at(running);
    const token = `authorization: ${bearer().authorization}\r\n`;
    const gone = async (text: string, when: Promise<void> | undefined): Promise<void> => {
      const socket = typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where);
      socket.on('error', () => {});
      await new Promise<void>((resolve) => socket.write(text, () => resolve()));
      await when;
      socket.destroy();
    };
    await gone(`${freeze}host: localhost\r\n${token}${json}content-length: 50\r\n\r\n{"rea`, undefined);
    await gone('GET /v1/clusters HTTP/1.1\r\nhost: localhost\r\n\r\n', undefined);
    const body = '{"reason":"why"}';
    await gone(
      `${freeze}host: localhost\r\n${token}${json}content-length: ${body.length}\r\n\r\n${body}`,
      asked,
    );
    // A later client is answered after the ends of those were seen.
    expect(await ask(where, 'GET /healthz')).toMatchObject({ status: 200 });
    finish({ results: [] });
    expect(await ask(where, 'GET /healthz')).toMatchObject({ status: 200 });
    expect(running.bugs).toEqual([]);
  });
});

test('the health check of a load balancer may speak HTTP/1.0 without a Host', async () => {
  const { port } = await startTcpApi(withToken());
  expect(await exchange(port(), 'GET /readyz HTTP/1.0\r\n\r\n')).toMatchObject({ status: 200 });
  expect(await exchange(port(), 'GET /readyz HTTP/1.1\r\nconnection: close\r\n\r\n')).toMatchObject({
    status: 400,
    code: 'bad-request',
  });
  expect(await exchange(port(), 'GET /readyz HTTP/1.0\r\nhost: evil.example.com\r\n\r\n')).toMatchObject({
    status: 421,
  });
  expect(await exchange(port(), 'POST /v1/clusters/shop/thaw HTTP/1.0\r\n\r\n')).toMatchObject({
    status: 401,
  });
});

test('the health check of HAProxy, which asks with OPTIONS, hears what GET would hear', async () => {
  const check = (path: string) => `OPTIONS ${path} HTTP/1.0\r\n\r\n`;
  const { port } = await startTcpApi(onLoopback());
  for (const path of ['/healthz', '/readyz'])
    expect(await exchange(port(), check(path))).toMatchObject({ status: 200 });
  const publications = shopSnapshot.publications.map((one) => ({ ...one, ready: false }));
  const { api } = fakeDaemon({ snapshot: () => ({ ...shopSnapshot, publications }) });
  const { port: another } = await startTcpApi(onLoopback(), api);
  expect(await exchange(another(), check('/readyz'))).toMatchObject({ status: 503, code: 'not-ready' });
});

test('OPTIONS changes nothing, so it needs no token to hear which methods a route takes', async () => {
  const { port } = await startTcpApi(withToken());
  const answer = await ask(port(), 'OPTIONS /v1/clusters/shop/thaw');
  expect(answer).toMatchObject({ status: 204, body: '' });
  expect(answer.head).toMatch(/^allow: POST\r?$/m);
  expect(await ask(port(), 'OPTIONS /v2')).toMatchObject({ status: 404, code: 'unknown-route' });
});

test('headers that are too large are a problem with a code', async () => {
  const { port } = await startTcpApi(withToken());
  expect(await ask(port(), 'GET /healthz', { x: 'y'.repeat(20_000) })).toMatchObject({
    status: 431,
    code: 'headers-too-large',
  });
});

test('a route that throws is answered with a problem, and the others go on', async () => {
  const { api } = fakeDaemon({
    history: () => {
      throw new Error('of this test');
    },
  });
  const bugs: unknown[] = [];
  const running = await startTcpApi(withToken(), api);
  const answer = await ask(running.port(), 'GET /v1/clusters/shop/history');
  expect(answer).toMatchObject({ status: 500, code: 'bug' });
  expect(answer.body).not.toContain('of this test');
  bugs.push(...(running.bugs as unknown[]).splice(0));
  expect(bugs).toMatchObject([{ message: 'of this test' }]);
  expect(await ask(running.port(), 'GET /healthz')).toMatchObject({ status: 200 });
});
