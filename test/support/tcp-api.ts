/** The API over TCP for tests: a fake daemon, and requests written byte by byte. */

import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { HttpConfig } from '../../src/config/loaded.ts';
import { Secret } from '../../src/config/secret.ts';
import type { Command } from '../../src/core/model/events.ts';
import type { ClusterApi } from '../../src/http/cluster-api.ts';
import type { ApiPlugin } from '../../src/http/route.ts';
import { type ApiServer, startApi } from '../../src/http/server.ts';
import { apiSocketPath } from '../../src/http/unix-socket.ts';
import { shopSnapshot } from './snapshots.ts';

export const token = 'correct-horse-battery-staple';

/** Of a listener on a port of the kernel's choice. */
export const onLoopback = (more: Partial<HttpConfig> = {}): HttpConfig => ({
  host: '127.0.0.1',
  port: 0,
  names: [],
  ...more,
});
export const withToken = (text: string = token): HttpConfig => onLoopback({ token: new Secret(text) });

/** What the daemon does: one cluster, `shop`, and commands that are done at once. */
export function fakeDaemon(more: Partial<ClusterApi> = {}) {
  const commands: Command[] = [];
  const api: ClusterApi = {
    clusters: () => ['shop'],
    snapshot: (cluster) => (cluster === 'shop' ? shopSnapshot : undefined),
    advice: (_cluster, { aim, server }) => ({ kind: 'nothing', sentence: `${aim} ${server}` }),
    history: () => [],
    known: () => [],
    note: () => {},
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    async command(_cluster, command) {
      commands.push(command);
      return { results: [{ nameserver: 'ns1', kind: 'done', code: 'commanded', sentence: 'Done.' }] };
    },
    ...more,
  };
  return { api, commands };
}

export interface TcpApi {
  readonly server: ApiServer;
  readonly socketPath: string;
  readonly bugs: readonly unknown[];
  /** What the log says of them. */
  readonly wrongTokens: readonly string[];
  port(): number;
}

/** Both listeners; all is gone, and no route has thrown, when the test ends. */
export async function startTcpApi(
  http: HttpConfig | undefined,
  api: ClusterApi = fakeDaemon().api,
  plugins: readonly ApiPlugin[] = [],
): Promise<TcpApi> {
  const folder = await mkdtemp(join(tmpdir(), 'sd-tcp-'));
  const bugs: unknown[] = [];
  const wrongTokens: string[] = [];
  const socketPath = apiSocketPath(folder);
  const started = await startApi({
    socketPath,
    plugins,
    onBug: (error) => bugs.push(error),
    onWrongToken: (sentence) => wrongTokens.push(sentence),
  });
  if (started.kind === 'failed') throw new Error(started.failure.message);
  const { server } = started;
  onTestFinished(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
    expect(bugs).toEqual([]);
  });
  server.serve(api);
  await use(server, http);
  return { server, socketPath, bugs, wrongTokens, port: () => server.tcpAddress()?.port ?? 0 };
}

/** As a reload does. */
export async function use(server: ApiServer, http: HttpConfig | undefined): Promise<void> {
  const prepared = await server.prepareTcp(http);
  if (prepared.kind === 'failed') throw new Error(prepared.failure.message);
  await prepared.use();
}

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  /** Of a problem. */
  readonly code: string | undefined;
}

/** Sends exactly this, and reads until the server closes. */
export function exchange(at: number | string, text: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = typeof at === 'number' ? connect(at, '127.0.0.1') : connect(at);
    let received = '';
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => {
      received += piece;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answerIn(received)));
    socket.write(text);
  });
}

export function answerIn(received: string): RawAnswer {
  const [head = '', ...rest] = received.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  const isProblem = /^content-type: application\/problem\+json/im.test(head);
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    head,
    body,
    code: isProblem && body !== '' ? (JSON.parse(body) as { code: string }).code : undefined,
  };
}

/** A request that closes its connection. `headers`: further ones, or another Host. */
export function ask(
  at: number | string,
  line: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<RawAnswer> {
  const all: Readonly<Record<string, string>> = {
    host: `127.0.0.1:${at}`,
    connection: 'close',
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return exchange(at, `${[`${line} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n${body ?? ''}`);
}

export const bearer = (text: string = token) => ({ authorization: `Bearer ${text}` });

/** A port on which a stranger listens until the test ends. */
export async function takenPort(): Promise<number> {
  const stranger = createServer();
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => stranger.close(() => resolve())));
  return (stranger.address() as AddressInfo).port;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  return port;
}
