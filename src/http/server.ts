/** The HTTP server on the unix socket. Everything that it holds is bounded, and gone after `close`. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Failure } from '../core/model/observation.ts';
import { claimSocket } from './claim-socket.ts';
import type { ClusterApi } from './cluster-api.ts';
import { holdConnections } from './connections.ts';
import { createOnce } from './once.ts';
import { type Problem, problem, problemType } from './problem.ts';
import { answerRequest, type Reply } from './routes.ts';

/** The time for the headers, and for the whole request. */
const headersMs = 5000;
const requestMs = 10_000;
const keepAliveMs = 2000;
/** The headers of a request, in bytes: ours have some hundred. */
const headersLimit = 16 * 1024;
/** Requests per connection; further ones are refused. */
const requestLimit = 100;
/** How often Node looks for slow connections. */
const lookMs = 1000;
/** How long current requests may take when the server closes. */
const closeGraceMs = 1000;

export interface ApiServer {
  /** Before this, every request gets `starting`. */
  serve(api: ClusterApi): void;
  /** Ends current requests after a second at most, and removes the socket. */
  close(): Promise<void>;
}

type StartedApi =
  | { readonly kind: 'started'; readonly server: ApiServer }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** Takes the socket, so only one daemon runs here. `onBug` gets errors of routes. Never rejects. */
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
  // No file descriptor is left for a new client: the current ones continue, and free some.
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
    // The next request would begin in a body that we did not read to its end.
    ...(request.complete ? {} : { connection: 'close' }),
  });
  response.end(body, () => {
    if (!request.complete) request.destroy();
  });
}

/** The answer to a client before its request is read. */
function rawProblem(what: Problem): string {
  const body = `${JSON.stringify(withType(what))}\n`;
  const head = [
    `HTTP/1.1 ${what.status} ${what.title}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return `${[...head, 'cache-control: no-store', 'connection: close'].join('\r\n')}\r\n\r\n${body}`;
}

/** RFC 9457 3.1.1: a type without a document is about:blank. */
const withType = (what: Problem) => ({ type: 'about:blank', ...what });
