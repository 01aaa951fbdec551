/** Limits the connections of a listener: the slowest client is disconnected first. */

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** For a further connection the slowest is closed. */
export const connectionLimit = 64;
/** Connections that stay open for a stream. */
export const streamLimit = 512;
/** How long a client may take to read its answer, in milliseconds. */
const readMs = 10_000;
/** Unread bytes of answers, in all connections together. */
const unreadLimit = 64 * 1024 * 1024;
/** How long a rejected client may read the reason, in milliseconds. */
const farewellMs = 1000;

interface ConnectionsOptions {
  /** Writes the answer, now or later. */
  answer(request: IncomingMessage, response: ServerResponse): void;
  /** Sent to a client for which there is no room. */
  readonly farewell: string;
  /** Sent to a client whose request cannot be read. */
  refusal(error: NodeJS.ErrnoException): string;
}

export interface Connections {
  /** The connection no longer counts: its answer is a stream, and never ends. False: there are too many. */
  keepOpen(socket: Socket): boolean;
}

interface Held {
  /** Counts up: since when it waits for its client. The lowest waits longest. */
  since: number;
  /** The answer to the newest request: pipelined requests are answered in order (RFC 9112 9.3.2). */
  last: Promise<void>;
  /** Requests whose answers are not read yet: the current one, and those behind it. */
  waiting: number;
  /** The current request. */
  request: IncomingMessage | undefined;
  isAnswered: boolean;
  unreadBytes: number;
}

/** Between two requests. */
const idle = { request: undefined, isAnswered: false, unreadBytes: 0 };

export function holdConnections(
  server: Server,
  { answer, farewell, refusal }: ConnectionsOptions,
): Connections {
  const held = new Map<Socket, Held>();
  const streams = new Set<Socket>();
  let count = 0;

  server.on('connection', (socket: Socket) => {
    const slowest = held.size < connectionLimit ? undefined : longestWaiting(held);
    if (held.size >= connectionLimit && slowest === undefined) return turnAway(socket, farewell);
    if (slowest !== undefined) drop(slowest);
    held.set(socket, { since: ++count, last: Promise.resolve(), waiting: 0, ...idle });
    socket.once('close', () => held.delete(socket));
  });

  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const isAnswering = held.get(socket)?.isAnswered ?? true;
    if (socket.writable && !isAnswering && error.code !== 'ECONNRESET') turnAway(socket, refusal(error));
    else socket.destroy();
  });

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // What follows a stream is never answered, and would only be kept.
    if (streams.has(request.socket)) return void request.socket.destroy();
    const connection = held.get(request.socket);
    if (connection === undefined) return;
    connection.waiting += 1;
    connection.last = connection.last.then(() => one(connection, request, response));
  });

  async function one(connection: Held, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    if (socket.destroyed) return;
    connection.request = request;
    answer(request, response);
    await handedOver(response);
    connection.isAnswered = true;
    connection.since = ++count;
    connection.unreadBytes = response.writableLength;
    dropUnread(socket);
    const timer = setTimeout(() => socket.destroy(), readMs);
    await ended(response);
    clearTimeout(timer);
    // The next request would begin in a body that nobody has read to its end.
    if (!request.complete) socket.destroy();
    connection.waiting -= 1;
    Object.assign(connection, idle, { since: ++count });
  }

  function drop(socket: Socket): void {
    held.delete(socket);
    socket.destroy();
  }

  function keepOpen(socket: Socket): boolean {
    const connection = held.get(socket);
    if (connection === undefined || streams.size >= streamLimit) return false;
    held.delete(socket);
    streams.add(socket);
    if (connection.waiting > 1) socket.destroy();
    socket.once('close', () => streams.delete(socket));
    return true;
  }

  /** Except the newest answer: its client had no time yet. */
  function dropUnread(newest: Socket): void {
    const unread = [...held]
      .filter(([, { unreadBytes }]) => unreadBytes > 0)
      .sort(([, a], [, b]) => a.since - b.since);
    let bytes = unread.reduce((sum, [, { unreadBytes }]) => sum + unreadBytes, 0);
    for (const [socket, { unreadBytes }] of unread) {
      if (bytes <= unreadLimit || socket === newest) return;
      bytes -= unreadBytes;
      drop(socket);
    }
  }

  return { keepOpen };
}

/** The connection that waits longest for its client. Undefined: all of them wait for us. */
function longestWaiting(held: ReadonlyMap<Socket, Held>): Socket | undefined {
  const waiting = [...held].filter(
    ([, { request, isAnswered }]) => request === undefined || isAnswered || !request.complete,
  );
  return waiting.reduce<(typeof waiting)[number] | undefined>(
    (a, b) => (a && a[1].since < b[1].since ? a : b),
    undefined,
  )?.[0];
}

function turnAway(socket: Socket, farewell: string): void {
  const timer = setTimeout(() => socket.destroy(), farewellMs);
  socket.once('close', () => clearTimeout(timer));
  socket.end(farewell, () => socket.destroy());
}

/** Read or not. */
const handedOver = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    if (response.writableEnded || response.destroyed) return resolve();
    response.once('prefinish', () => resolve());
    response.once('close', () => resolve());
  });

const ended = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    if (response.closed || response.destroyed) return resolve();
    response.once('close', () => resolve());
  });
