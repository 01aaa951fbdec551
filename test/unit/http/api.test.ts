/** The API: its socket, its routes and its client. */

import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Answer, Command, CommandResult } from '../../../src/core/model/events.ts';
import { bodyLimit } from '../../../src/http/body.ts';
import { askDaemon } from '../../../src/http/client.ts';
import type { ClusterApi } from '../../../src/http/cluster-api.ts';
import { type ApiServer, startApi } from '../../../src/http/server.ts';
import { apiSocketPath } from '../../../src/http/unix-socket.ts';
import { shopSnapshot } from '../../support/snapshots.ts';
import { fakeDaemon } from '../../support/tcp-api.ts';

let folder = '';
let servers: ApiServer[] = [];
let bugs: unknown[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-api-'));
  servers = [];
  bugs = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await rm(folder, { recursive: true, force: true });
  expect(bugs).toEqual([]);
});

const result = (kind: CommandResult['kind'], code: string): Answer => ({
  results: [{ nameserver: 'ns1', kind, code, sentence: `It is ${kind}.` }],
});

function fakeApi(answer: (command: Command) => Promise<Answer> = async () => result('done', 'commanded')) {
  const commands: Command[] = [];
  const { api } = fakeDaemon({
    command: (_cluster, command) => {
      const { notAfter: _patience, ...rest } = command;
      commands.push(rest);
      return answer(command);
    },
  });
  return { api, commands };
}

async function serve(api: ClusterApi | undefined = fakeApi().api): Promise<ApiServer> {
  const started = await startApi({ socketPath: apiSocketPath(folder), onBug: (error) => bugs.push(error) });
  if (started.kind === 'failed') throw new Error(started.failure.message);
  servers.push(started.server);
  if (api !== undefined) started.server.serve(api);
  return started.server;
}

const socket = () => apiSocketPath(folder);
const get = (path: string) => askDaemon(socket(), { method: 'GET', path, timeoutMs: 5000 });
const post = (path: string, body?: unknown) =>
  askDaemon(socket(), { method: 'POST', path, body, timeoutMs: 5000 });

/** The response to a malformed request. */
function raw(
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string,
): Promise<{ status: number; type: string; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: socket(), method, path, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('the advice is for an aim and a server, or for neither', async () => {
  await serve();
  const asked = async (query: string) =>
    (await get(`/v1/clusters/shop/advice${query}`)) as { body?: unknown };
  const nothing = (sentence: string) => ({ cluster: 'shop', kind: 'nothing', sentence });
  expect((await asked('')).body).toEqual(nothing('undefined undefined'));
  expect((await asked('?to=source&server=db2')).body).toEqual(nothing('source db2:3306'));
});

describe('the socket', () => {
  test('exists with the mode rw-rw----, and nothing else exists', async () => {
    await serve();
    expect((await stat(socket())).mode & 0o777).toBe(0o660);
    expect(await readdir(folder)).toEqual(['api.sock']);
  });

  test('refuses a second daemon with a sentence', async () => {
    await serve();
    const second = await startApi({ socketPath: socket(), onBug: (error) => bugs.push(error) });
    expect(second).toMatchObject({ kind: 'failed', failure: { code: 'already-running' } });
    expect(await readdir(folder)).toEqual(['api.sock']);
    expect(await get('/healthz')).toMatchObject({ kind: 'document' });
  });

  test('goes to exactly one of several daemons that start at once', async () => {
    const started = await Promise.all(
      Array.from({ length: 8 }, () => startApi({ socketPath: socket(), onBug: (error) => bugs.push(error) })),
    );
    const winners = started.flatMap((one) => (one.kind === 'started' ? one.server : []));
    servers.push(...winners);
    expect(winners).toHaveLength(1);
    expect(await readdir(folder)).toEqual(['api.sock']);
  });

  test('replaces one that a crash left', async () => {
    // Listens under another name, as after a crash: the file is there, and nothing accepts.
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(join(folder, 'x'), resolve));
    const { link } = await import('node:fs/promises');
    await link(join(folder, 'x'), socket());
    await new Promise((resolve) => dead.close(resolve));
    expect(await get('/healthz')).toEqual({ kind: 'no-daemon' });
    await serve();
    expect(await get('/healthz')).toMatchObject({ kind: 'document' });
    expect(await readdir(folder)).toEqual(['api.sock']);
  });

  test('frees everything when it closes, even with open connections', async () => {
    const server = await serve();
    const idle = connect(socket());
    await new Promise((resolve) => idle.once('connect', resolve));
    const closed = new Promise((resolve) => idle.once('close', resolve));
    await server.close();
    await closed;
    expect(await readdir(folder)).toEqual([]);
    expect(await get('/healthz')).toEqual({ kind: 'no-daemon' });
    await serve();
    expect(await get('/healthz')).toMatchObject({ kind: 'document' });
  });

  test('has a hint if the path is too long or unusable', async () => {
    const long = join(folder, 'x'.repeat(120));
    expect(await startApi({ socketPath: apiSocketPath(long), onBug: () => {} })).toMatchObject({
      failure: { code: 'socket-path-too-long', hint: expect.stringContaining('state_dir') },
    });
    expect(await askDaemon(apiSocketPath(long), { method: 'GET', path: '/', timeoutMs: 1000 })).toMatchObject(
      {
        failure: { code: 'socket-path-too-long' },
      },
    );
    await writeFile(join(folder, 'file'), '');
    expect(
      await startApi({ socketPath: apiSocketPath(join(folder, 'file')), onBug: () => {} }),
    ).toMatchObject({
      failure: { code: 'socket-unusable' },
    });
    await mkdir(socket());
    expect(await startApi({ socketPath: socket(), onBug: () => {} })).toMatchObject({ kind: 'failed' });
  });
});

describe('the routes', () => {
  test('answer with documents', async () => {
    await serve();
    expect(await get('/healthz')).toEqual({ kind: 'document', body: { status: 'ok' } });
    expect(await get('/readyz')).toEqual({ kind: 'document', body: { status: 'ready' } });
    const promised = {
      cluster: 'shop',
      name: 'source.shop.db.example.com.',
      decision: { kind: 'point-to', source: 'db2:3306' },
    };
    expect(await get('/v1/clusters')).toMatchObject({ body: { clusters: [promised] } });
    expect(await get('/v1/clusters/shop')).toMatchObject({ body: promised });
    expect(await get('/v1/clusters/shop/history?limit=5')).toEqual({
      kind: 'document',
      body: { entries: [] },
    });
  });

  test('are not ready until every cluster is', async () => {
    await serve({
      ...fakeApi().api,
      snapshot: () => ({
        ...shopSnapshot,
        publications: shopSnapshot.publications.map((one) => ({ ...one, ready: false })),
      }),
      clusters: () => Array.from({ length: 25 }, (_, index) => `shop${index}`),
    });
    expect(await get('/readyz')).toMatchObject({
      kind: 'problem',
      problem: {
        status: 503,
        code: 'not-ready',
        detail: expect.stringMatching(/^not ready: shop0 \(not decided yet\), .*shop19 .* and 5 more$/),
      },
    });
  });

  test('say that they are starting', async () => {
    const started = await startApi({ socketPath: socket(), onBug: (error) => bugs.push(error) });
    if (started.kind === 'started') servers.push(started.server);
    expect(await get('/v1/clusters')).toMatchObject({ problem: { status: 503, code: 'starting' } });
    expect(await get('/readyz')).toMatchObject({ problem: { status: 503, code: 'starting' } });
    // The process lives: nobody should kill it.
    expect(await get('/healthz')).toMatchObject({ body: { status: 'ok' } });
  });

  test('answer errors as problem details with a stable code', async () => {
    const { api, commands } = fakeApi();
    await serve(api);
    const answer = await raw('GET', '/v1/clusters/shp', {}, '');
    expect(answer).toMatchObject({ status: 404, type: 'application/problem+json' });
    expect(JSON.parse(answer.text)).toMatchObject({
      type: 'about:blank',
      status: 404,
      code: 'unknown-cluster',
      detail: expect.stringContaining('"shop"'),
    });
    const json = { 'content-type': 'application/json' };
    const cases: readonly [number, string, Promise<{ status: number; text: string }>][] = [
      [404, 'unknown-route', raw('GET', '/v2', {}, '')],
      [404, 'unknown-route', raw('GET', '//[', {}, '')],
      [400, 'bad-request', raw('GET', '/v1/clusters/%zz', {}, '')],
      [405, 'wrong-method', raw('DELETE', '/v1/clusters/shop', {}, '')],
      [415, 'wrong-media-type', raw('POST', '/v1/clusters/shop/thaw', { 'content-type': 'text/plain' }, 'x')],
      [400, 'bad-request', raw('POST', '/v1/clusters/shop/thaw', json, '{')],
      [400, 'bad-request', raw('POST', '/v1/clusters/shop/freeze', json, '{}')],
      [400, 'bad-request', raw('POST', '/v1/clusters/shop/freeze', json, '{"reason":"x","forse":true}')],
      [400, 'bad-request', raw('POST', '/v1/clusters/shop/follow', json, '{"server":7}')],
      [404, 'unknown-server', raw('GET', '/v1/clusters/shop/advice?server=db22:3306', {}, '')],
      [400, 'bad-request', raw('GET', '/v1/clusters/shop/advice?to=victory', {}, '')],
      [404, 'unknown-server', raw('POST', '/v1/clusters/shop/follow', json, '{"server":"db22:3306"}')],
      [
        413,
        'body-too-large',
        raw('POST', '/v1/clusters/shop/freeze', json, JSON.stringify({ reason: 'x'.repeat(bodyLimit) })),
      ],
    ];
    for (const [status, code, reply] of cases) {
      const { text, ...rest } = await reply;
      expect({ status: rest.status, code: (JSON.parse(text) as { code: string }).code }).toEqual({
        status,
        code,
      });
    }
    expect(commands).toEqual([]);
  });

  test('give commands', async () => {
    const { api, commands } = fakeApi();
    await serve(api);
    expect(
      await post('/v1/clusters/shop/follow', { server: 'db2', force: true, reason: 'why', by: 'me@host' }),
    ).toEqual({
      kind: 'document',
      body: result('done', 'commanded'),
    });
    await post('/v1/clusters/shop/follow', { server: 'db2', force: true, althoughReadOnly: true });
    // Alone it does nothing, and a client expects otherwise.
    expect(await post('/v1/clusters/shop/follow', { server: 'db2', althoughReadOnly: true })).toMatchObject({
      kind: 'problem',
    });
    await post('/v1/clusters/shop/freeze', { reason: 'why' });
    await post('/v1/clusters/shop/thaw');
    expect(commands).toEqual([
      { kind: 'follow', server: 'db2:3306', force: true, dryRun: false, reason: 'why', by: 'me@host' },
      { kind: 'follow', server: 'db2:3306', force: true, althoughReadOnly: true, dryRun: false, by: 'api' },
      { kind: 'freeze', reason: 'why', by: 'api' },
      { kind: 'thaw', by: 'api' },
    ]);
  });

  test('answer a failed command with a problem, and the result of each publication', async () => {
    for (const [kind, status] of [
      ['held', 409],
      ['lost-race', 409],
      ['unreachable', 502],
      ['failed', 500],
    ] as const) {
      const server = await serve(
        fakeApi(async () => ({
          results: [...result('done', 'commanded').results, ...result(kind, 'why').results],
        })).api,
      );
      expect(await post('/v1/clusters/shop/thaw')).toMatchObject({
        kind: 'problem',
        problem: { status, code: 'why', results: [{ kind: 'done' }, { kind }] },
      });
      await server.close();
    }
  });

  test('do the work of one id once, even while it is in progress', async () => {
    let finish: (answer: Answer) => void = () => {};
    const { api, commands } = fakeApi(() => new Promise((resolve) => (finish = resolve)));
    await serve(api);
    const follow = (server: string) => post('/v1/clusters/shop/follow', { server, id: 'recovery-1' });
    const first = follow('db2:3306');
    const second = follow('db2');
    const other = await follow('db1');
    expect(other).toMatchObject({ problem: { status: 409, code: 'id-reused' } });
    finish(result('done', 'commanded'));
    expect(await first).toEqual(await second);
    expect(await follow('db2')).toEqual(await first);
    expect(commands).toHaveLength(1);
  });

  test('accept an id again if nothing was done', async () => {
    const answers = [result('unreachable', 'deadline'), result('done', 'commanded')];
    const { api, commands } = fakeApi(async () => answers.shift() ?? result('failed', 'x'));
    await serve(api);
    const follow = () => post('/v1/clusters/shop/follow', { server: 'db2', id: 'recovery-1' });
    expect(await follow()).toMatchObject({ kind: 'problem' });
    for (const again of [await follow(), await follow()]) expect(again).toMatchObject({ kind: 'document' });
    expect(commands).toHaveLength(2);
  });
});

describe('the client', () => {
  test('has a deadline', async () => {
    await serve(fakeApi(() => new Promise(() => {})).api);
    const silent = await askDaemon(socket(), {
      method: 'POST',
      path: '/v1/clusters/shop/thaw',
      timeoutMs: 50,
    });
    expect(silent).toMatchObject({ kind: 'failed', failure: { code: 'daemon-silent' } });
  });

  test('recognises a program that is not the daemon', async () => {
    const stranger = createServer((connection) => connection.resume().end('hello\n'));
    await new Promise<void>((resolve) => stranger.listen(socket(), resolve));
    expect(await get('/healthz')).toMatchObject({ kind: 'failed', failure: { code: 'daemon-unusable' } });
    await new Promise((resolve) => stranger.close(resolve));
  });
});
