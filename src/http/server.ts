/** The HTTP server on the unix socket. Everything that it holds is bounded, and gone after `close`. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Failure } from '../core/model/observation.ts';
import type { ClusterApi } from './cluster-api.ts';
import { holdConnections } from './connections.ts';
import { createOnce } from './once.ts';
import { type Problem, problem, problemType } from './problem.ts';
import { answerRequest, type Reply } from './routes.ts';
import { claimSocket } from './unix-socket.ts';

/** Until the headers, and until the whole request, must have come. */
const headersMs = 5000;
const requestMs = 10_000;
const keepAliveMs = 2000;
/** Headers of a request together, in bytes: ours have some hundred. */
const headersLimit = 16 * 1024;
/** Requests of one connection; the next ones are refused. */
const requestLimit = 100;
/** How often Node looks for connections that are too slow. */
const lookMs = 1000;
/** How long requests in progress may take when the server closes. */
const closeGraceMs = 1000;

export interface ApiServer {
  /** Until then every request is answered `starting`. */
  serve(api: ClusterApi): void;
  /** Ends requests in progress after a second at most, and removes the socket. */
  close(): Promise<void>;
}

type StartedApi =
  | { readonly kind: 'started'; readonly server: ApiServer }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** Takes the socket, which also tells whether this is the only daemon here. `onBug` gets what a route threw. Never rejects. */
export async function startApi(socketPath: string, onBug: (error: unknown) => void): Promise<StartedApi> {
  const once = createOnce();
  let api: ClusterApi | undefined;
  const http = createServer({
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: lookMs,
    maxHeaderSize: headersLimit,
  });
  http.maxRequestsPerSocket = requestLimit;
  holdConnections(http, {
    farewell: rawProblem(problem('busy', 'all connections are in use', 'try again in a moment')),
    async answer(request, response) {
      const reply =
        api === undefined ? starting : await answerRequest(request, { api, once }).catch(bugReply(onBug));
      try {
        write(request, response, reply);
      } catch (error) {
        request.socket.destroy();
        onBug(error);
      }
    },
  });
  // No file descriptor is left for the next client: those that are there go on, and free some.
  http.on('error', () => {});
  const socket = await claimSocket(http, socketPath);
  if (socket.kind === 'failed') return socket;
  return {
    kind: 'started',
    server: {
      serve(given) {
        api = given;
      },
      close: () => close(http, socket.release),
    },
  };
}

const bugReply =
  (onBug: (error: unknown) => void) =>
  (error: unknown): Reply => {
    onBug(error);
    return {
      kind: 'problem',
      problem: problem(
        'bug',
        'the request could not be answered',
        'the log has the details; please report it',
      ),
    };
  };

const starting: Reply = {
  kind: 'problem',
  problem: problem('starting', 'the clusters are not started yet', 'try again in a moment'),
};

async function close(http: Server, release: () => Promise<void>): Promise<void> {
  const timer = setTimeout(() => http.closeAllConnections(), closeGraceMs);
  await release();
  clearTimeout(timer);
}

function write(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const status = reply.kind === 'document' ? 200 : reply.problem.status;
  const body = Buffer.from(
    `${JSON.stringify(reply.kind === 'document' ? reply.body : withType(reply.problem))}\n`,
  );
  response.writeHead(status, {
    'content-type': reply.kind === 'document' ? 'application/json' : problemType,
    'content-length': body.length,
    'cache-control': 'no-store',
    // A body that we did not read to its end would be taken for the next request.
    ...(request.complete ? {} : { connection: 'close' }),
  });
  response.end(body, () => {
    if (!request.complete) request.destroy();
  });
}

/** The answer to somebody whose request is not read. */
function rawProblem(what: Problem): string {
  const body = `${JSON.stringify(withType(what))}\n`;
  const head = [
    `HTTP/1.1 ${what.status} ${what.title}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return `${[...head, 'cache-control: no-store', 'connection: close'].join('\r\n')}\r\n\r\n${body}`;
}

/** RFC 9457 3.1.1: without a document about it, the type is about:blank. */
const withType = (what: Problem) => ({ type: 'about:blank', ...what });
