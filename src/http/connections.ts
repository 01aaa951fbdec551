/** The connections of the API's HTTP server: so many at once, and who is slow goes first. */

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Connections at once. For the next one the slowest is closed. */
export const connectionLimit = 64;
/** Until a client must have read its answer, in milliseconds. */
const readMs = 10_000;
/** Bytes of answers that wait for their readers, of all connections together. */
const unreadLimit = 64 * 1024 * 1024;
/** How long a client that is turned away has for reading why, in milliseconds. */
const farewellMs = 1000;

interface ConnectionsOptions {
  /** Writes the answer to the request; resolves when it is handed over, read or not. Never rejects. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** What a client gets when there is no room for it. */
  readonly farewell: string;
}

interface Held {
  /** Counts up: since when it waits for its client. The lowest waits longest. */
  since: number;
  /** Ends with the answer to its newest request: pipelined ones are answered one after the other (RFC 9112 9.3.2). */
  last: Promise<void>;
  /** The one that is being answered. */
  request: IncomingMessage | undefined;
  /** The answer is written. */
  isAnswered: boolean;
  unreadBytes: number;
}

/** Holds the connections of `server`, and lets `answer` answer their requests. */
export function holdConnections(server: Server, { answer, farewell }: ConnectionsOptions): void {
  const held = new Map<Socket, Held>();
  let count = 0;

  server.on('connection', (socket: Socket) => {
    const slowest = held.size < connectionLimit ? undefined : longestWaiting(held);
    if (held.size >= connectionLimit && slowest === undefined) return turnAway(socket, farewell);
    if (slowest !== undefined) drop(slowest);
    held.set(socket, {
      since: ++count,
      last: Promise.resolve(),
      request: undefined,
      isAnswered: false,
      unreadBytes: 0,
    });
    socket.once('close', () => held.delete(socket));
  });

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const connection = held.get(request.socket);
    if (connection !== undefined)
      connection.last = connection.last.then(() => one(connection, request, response));
  });

  async function one(connection: Held, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    if (socket.destroyed) return;
    connection.request = request;
    await answer(request, response);
    connection.isAnswered = true;
    connection.since = ++count;
    connection.unreadBytes = response.writableLength;
    dropUnread(socket);
    const timer = setTimeout(() => socket.destroy(), readMs);
    await ended(response);
    clearTimeout(timer);
    Object.assign(connection, { request: undefined, isAnswered: false, unreadBytes: 0, since: ++count });
  }

  function drop(socket: Socket): void {
    held.delete(socket);
    socket.destroy();
  }

  /** But for the newest answer: its client had no time yet. */
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
}

/** Whose client has let it wait longest. Undefined: it is our turn with every one of them. */
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

const ended = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    if (response.closed || response.destroyed) return resolve();
    response.once('close', () => resolve());
  });
