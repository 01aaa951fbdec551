/** The API over TCP: who may do what, and how the listener changes. */

import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';
import {
  ask,
  bearer,
  exchange,
  fakeDaemon,
  onLoopback,
  startTcpApi,
  takenPort,
  token,
  use,
  withToken,
} from '../../support/tcp-api.ts';

const follow = (more: object = {}) => JSON.stringify({ server: 'db2', ...more });
const thaw = 'POST /v1/clusters/shop/thaw';

describe('over TCP', () => {
  test('everybody may read', async () => {
    const { port } = await startTcpApi(onLoopback());
    for (const path of [
      '/healthz',
      '/readyz',
      '/v1/clusters',
      '/v1/clusters/shop',
      '/v1/clusters/shop/history',
    ])
      expect(await ask(port(), `GET ${path}`)).toMatchObject({ status: 200 });
  });

  test('nobody may change anything without a token_file', async () => {
    const { api, commands } = fakeDaemon();
    const { port } = await startTcpApi(onLoopback(), api);
    expect(await ask(port(), thaw, bearer(''))).toMatchObject({ status: 403, code: 'read-only' });
    expect(await ask(port(), thaw)).toMatchObject({ status: 403, code: 'read-only' });
    expect(commands).toEqual([]);
  });

  test.each([
    ['none', {}],
    ['another token', bearer(`${token}x`)],
    ['a part of the token', bearer(token.slice(0, -1))],
    ['an empty token', bearer('')],
    ['another scheme', { authorization: `Basic ${token}` }],
    ['the token alone', { authorization: token }],
    ['two words', bearer(`${token} ${token}`)],
    ['a cookie', { cookie: `token=${token}` }],
    ['a proxy header', { 'proxy-authorization': `Bearer ${token}` }],
  ])('nothing is changed with %s', async (_, headers) => {
    const { api, commands } = fakeDaemon();
    const { port } = await startTcpApi(withToken(), api);
    const answer = await ask(port(), thaw, headers);
    expect(answer).toMatchObject({ status: 401, code: 'unauthorized' });
    expect(answer.head).toMatch(/^www-authenticate: Bearer/m);
    expect(answer.body).not.toContain(token.slice(0, 8));
    expect(commands).toEqual([]);
  });

  test('nothing is changed by a token in the query or by two tokens', async () => {
    const { api, commands } = fakeDaemon();
    const { port } = await startTcpApi(withToken(), api);
    expect(await ask(port(), `${thaw}?access_token=${token}`)).toMatchObject({ status: 401 });
    const two = `authorization: Bearer x\r\nAuthorization: Bearer ${token}`;
    expect(
      await exchange(port(), `${thaw} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${two}\r\n\r\n`),
    ).toMatchObject({ status: 401 });
    expect(commands).toEqual([]);
  });

  test('the token moves the name, and never forces it', async () => {
    const { api, commands } = fakeDaemon();
    const { port } = await startTcpApi(withToken(), api);
    const path = 'POST /v1/clusters/shop/follow';
    for (const more of [
      { force: true },
      { force: true, dryRun: true },
      { force: true, althoughReadOnly: true },
    ])
      expect(await ask(port(), path, bearer(), follow(more))).toMatchObject({
        status: 403,
        code: 'only-local',
      });
    expect(commands).toEqual([]);
    expect(await ask(port(), path, bearer(), follow())).toMatchObject({ status: 200 });
    expect(await ask(port(), thaw, { authorization: `bearer  ${token}` })).toMatchObject({ status: 200 });
    expect(commands).toMatchObject([{ kind: 'follow', server: 'db2:3306', force: false }, { kind: 'thaw' }]);
  });

  test('a hook is refused, with the token too', async () => {
    const { port } = await startTcpApi(withToken());
    expect(await ask(port(), 'POST /v1/hook', bearer(), '{}')).toMatchObject({
      status: 403,
      code: 'only-local',
    });
  });

  test('a route that another room adds needs the token if it is not for reading', async () => {
    const { port, socketPath } = await startTcpApi(withToken(), undefined, [
      (app) => {
        app.put('/more', async () => 'put');
        app.get('/more', async () => 'got');
      },
    ]);
    expect(await ask(port(), 'PUT /more')).toMatchObject({ status: 401 });
    expect(await ask(port(), 'PUT /more', bearer())).toMatchObject({ status: 200, body: 'put' });
    expect(await ask(port(), 'GET /more')).toMatchObject({ status: 200, body: 'got' });
    expect(await ask(socketPath, 'PUT /more')).toMatchObject({ status: 200, body: 'put' });
  });
});

describe('a web page of another site', () => {
  test.each([
    ['a name that was bound to this host', { host: 'evil.example.com' }],
    ['the same with our port', { host: 'evil.example.com:8053' }],
    ['a name that ends like ours', { host: 'notlocalhost' }],
    ['a name that begins like an address', { host: '127.0.0.1.evil.example.com' }],
    ['no name', { host: '' }],
    ['a name with a user', { host: 'localhost@evil.example.com' }],
    ['two hosts in one', { host: 'localhost, evil.example.com' }],
  ])('reads nothing under %s', async (_, headers) => {
    const { port } = await startTcpApi(onLoopback());
    const { code = 'bad-request', body } = await ask(port(), 'GET /v1/clusters', headers);
    expect(['wrong-host', 'bad-request']).toContain(code);
    expect(body).not.toContain('db2');
  });

  test('reads nothing with two Host headers, or another host in the request line', async () => {
    const { port } = await startTcpApi(onLoopback());
    const end = 'connection: close\r\n\r\n';
    const two = `GET /v1/clusters HTTP/1.1\r\nhost: localhost\r\nhost: evil.example.com\r\n${end}`;
    expect(await exchange(port(), two)).toMatchObject({ status: 400 });
    const absolute = `GET http://evil.example.com/v1/clusters HTTP/1.1\r\nhost: localhost\r\n${end}`;
    expect((await exchange(port(), absolute)).body).not.toContain('db2');
  });

  test.each([
    ['127.0.0.1'],
    ['localhost'],
    ['LOCALHOST:8053'],
    ['[::1]:8053'],
    ['source-dns.localhost'],
    ['watcher-1.example.com'],
    ['Watcher-1.Example.com.:443'],
  ])('is not what asks for %s', async (host) => {
    const { port } = await startTcpApi(onLoopback({ names: ['watcher-1.example.com'] }));
    expect(await ask(port(), 'GET /healthz', { host })).toMatchObject({ status: 200 });
  });

  const foreign = [
    ['with its origin', { origin: 'https://evil.example.com' }],
    ['with an opaque origin', { origin: 'null' }],
    ['with the origin of another port', { origin: 'http://127.0.0.1:1' }],
    [
      'as an image',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
    ],
    [
      'in a frame',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    ],
    [
      'of another port',
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
    ],
  ] as const;
  test.each(foreign)('is refused %s', async (_, headers) => {
    const { api, commands } = fakeDaemon();
    const { port } = await startTcpApi(withToken(), api);
    expect(await ask(port(), 'GET /v1/clusters', headers)).toMatchObject({
      status: 403,
      code: 'foreign-origin',
    });
    expect(await ask(port(), thaw, { ...headers, ...bearer() })).toMatchObject({ status: 403 });
    expect(commands).toEqual([]);
  });

  test('may link to us, and gets no permission by CORS', async () => {
    const { port } = await startTcpApi(withToken());
    const link = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect(await ask(port(), 'GET /v1/clusters', link)).toMatchObject({ status: 200 });
    expect(await ask(port(), thaw, { ...link, ...bearer() })).toMatchObject({ status: 403 });
    const asked = { origin: 'https://evil.example.com', 'access-control-request-method': 'POST' };
    const preflight = await ask(port(), 'OPTIONS /v1/clusters/shop/thaw', asked);
    expect(preflight.status).toBe(403);
    expect(preflight.head).not.toMatch(/access-control/i);
  });

  test('is none of these: our own page, also behind a proxy with TLS', async () => {
    const { port } = await startTcpApi(onLoopback({ names: ['watcher.example.com'] }));
    const own = { origin: `http://127.0.0.1:${port()}`, 'sec-fetch-site': 'same-origin' };
    expect(await ask(port(), 'GET /v1/clusters', own)).toMatchObject({ status: 200 });
    const proxied = { host: 'watcher.example.com', origin: 'https://watcher.example.com' };
    expect(await ask(port(), 'GET /v1/clusters', proxied)).toMatchObject({ status: 200 });
  });
});

describe('the listener', () => {
  test('says who has the port, and what to do', async () => {
    const { server } = await startTcpApi(undefined);
    const port = await takenPort();
    expect(await server.prepareTcp(onLoopback({ port }))).toMatchObject({
      kind: 'failed',
      failure: { code: 'port-taken', message: expect.stringContaining(`127.0.0.1:${port}`) },
    });
    expect(await server.prepareTcp(onLoopback({ host: '192.0.2.1' }))).toMatchObject({
      failure: { code: 'address-not-here', hint: expect.stringContaining('http.listen') },
    });
    expect(await server.prepareTcp(onLoopback({ host: '0.0.0.0' }))).toMatchObject({
      failure: { code: 'not-loopback' },
    });
  });

  test('takes another token and keeps its connections', async () => {
    const { server, port } = await startTcpApi(withToken());
    const kept = connect(port(), '127.0.0.1');
    const before = port();
    await use(server, onLoopback({ port: 0, token: new Secret('another-token-of-another-day') }));
    expect(port()).toBe(before);
    expect(await ask(port(), thaw, bearer())).toMatchObject({ status: 401 });
    expect(await ask(port(), thaw, bearer('another-token-of-another-day'))).toMatchObject({ status: 200 });
    expect(kept.destroyed).toBe(false);
    kept.destroy();
  });

  test('moves to another port, and stays where it was if that is taken', async () => {
    const { server, port } = await startTcpApi(onLoopback());
    const first = port();
    const taken = await takenPort();
    expect(await server.prepareTcp(onLoopback({ port: taken }))).toMatchObject({ kind: 'failed' });
    expect(await ask(first, 'GET /healthz')).toMatchObject({ status: 200 });
    const prepared = await server.prepareTcp(onLoopback({ host: '127.0.0.2' }));
    if (prepared.kind === 'failed') throw new Error(prepared.failure.message);
    await prepared.drop();
    expect(await ask(first, 'GET /healthz')).toMatchObject({ status: 200 });
    await use(server, onLoopback({ host: '127.0.0.2' }));
    await expect(ask(first, 'GET /healthz')).rejects.toThrow('ECONNREFUSED');
    await use(server, undefined);
    expect(server.tcpAddress()).toBeUndefined();
  });

  test('takes its own port for all addresses', async () => {
    const { server, port } = await startTcpApi(withToken());
    const own = port();
    // The configuration names the port that the kernel chose.
    await use(server, onLoopback({ host: '127.0.0.2', port: own }));
    await use(server, { ...withToken(), host: '0.0.0.0', port: own });
    expect(server.tcpAddress()).toMatchObject({ address: '0.0.0.0', port: own });
    expect(await ask(own, 'GET /healthz')).toMatchObject({ status: 200 });
    await use(server, { ...withToken(), port: own });
    expect(server.tcpAddress()).toMatchObject({ address: '127.0.0.1', port: own });
  });
});
