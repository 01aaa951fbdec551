/** The status page on a port of loopback, with clusters that a test makes and changes. */

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { ClusterApi } from '../../src/http/cluster-api.ts';
import type { Assets } from '../../src/page/assets.ts';
import { assetReply, createStatusPage, type PageReply, startingReply } from '../../src/page/page.ts';
import type { PageState } from './page-states.ts';

export interface Post {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface PostAnswer {
  readonly status: number;
  /** A text is HTML, as of a proxy. */
  readonly body: unknown;
}

export interface PageServer {
  readonly address: string;
  /** What the next part shows. */
  show(states: readonly PageState[]): void;
  /** Sends an event to every open stream. */
  tell(event: string, data: unknown): void;
  /** Every request is left without an answer, and every stream ends. */
  breakOff(): void;
  /** Requests are answered again. */
  mend(): void;
  /** Pages are those of a daemon that starts, or no longer. */
  starts(isStarting: boolean): void;
  /** What was asked for by POST. */
  readonly posts: readonly Post[];
  /** Answers a POST; by default there is no route. */
  onPost(answer: (post: Post) => PostAnswer | Promise<PostAnswer>): void;
  readonly streams: number;
  close(): Promise<void>;
}

/** Times are those of the first state, unless `now` is given. */
export async function servePage(given: readonly PageState[], assets: Assets): Promise<PageServer> {
  let states = given;
  let isBroken = false;
  let isStarting = false;
  const streams = new Set<ServerResponse>();
  const posts: Post[] = [];
  let answerPost = (_post: Post): PostAnswer | Promise<PostAnswer> => ({ status: 404, body: {} });
  const stateOf = (cluster: string) => states.find(({ snapshot }) => snapshot.cluster === cluster);
  const api = {
    clusters: () => states.map(({ snapshot }) => snapshot.cluster),
    snapshot: (cluster: string) => stateOf(cluster)?.snapshot,
    history: (cluster: string) => stateOf(cluster)?.history ?? [],
    daemon: () => ({
      running: true,
      instance: states[0]?.snapshot.instance ?? '',
      version: '0.1.0',
      pid: 1,
      since: '2026-11-22T11:30:00.000Z',
      warnings: [],
    }),
  } as unknown as ClusterApi;
  const page = createStatusPage(api, assets, () => Math.max(...states.map(({ now }) => now)));
  const send = (response: ServerResponse, { status, headers, body }: PageReply): void => {
    response.writeHead(status, { ...headers });
    response.end(body);
  };
  const server = createServer((request, response) => {
    if (isBroken) return void request.socket.destroy();
    // Below a path, as a proxy may place it.
    const { pathname: whole, searchParams } = new URL(request.url ?? '/', 'http://page');
    const pathname = whole.replace(/^\/tool(?=\/)/, '');
    if (request.method === 'POST') {
      const { authorization } = request.headers;
      void json(request).then(async (body) => {
        const post = { path: pathname, authorization, body: body as Post['body'] };
        posts.push(post);
        const { status, body: said } = await answerPost(post);
        const isHtml = typeof said === 'string';
        response.writeHead(status, { 'content-type': isHtml ? 'text/html' : 'application/json' });
        response.end(isHtml ? said : JSON.stringify(said));
      });
      return;
    }
    if (pathname === '/v1/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write(': welcome\n\n');
      streams.add(response);
      response.on('close', () => streams.delete(response));
      return;
    }
    if (pathname.startsWith('/assets/')) return send(response, assetReply(assets, pathname.slice(8)));
    if (isStarting) return send(response, startingReply(assets, './'));
    const cluster = /^\/clusters\/([^/]+)$/.exec(pathname)?.[1];
    const reply =
      cluster === undefined
        ? page.overview(searchParams)
        : page.cluster(decodeURIComponent(cluster), searchParams);
    void reply.then((made) => send(response, made));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    show(next) {
      states = next;
    },
    tell(event, data) {
      for (const stream of streams) stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    breakOff() {
      isBroken = true;
      server.closeAllConnections();
    },
    mend() {
      isBroken = false;
    },
    starts(given) {
      isStarting = given;
    },
    posts,
    onPost(answer) {
      answerPost = answer;
    },
    get streams() {
      return streams.size;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
