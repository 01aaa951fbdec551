/** A server of `node:http` with every bound that it needs, for the unix socket and for TCP. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { holdConnections } from './connections.ts';
import { cameThrough, type Door } from './doors.ts';
import { type Problem, problem, problemText, problemType } from './problem.ts';

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

type AnswerRequest = (request: IncomingMessage, response: ServerResponse) => void;

/** Listens nowhere yet. `onBug`: an answer could not be written. */
export function createListener(
  rules: Door['rules'],
  answer: AnswerRequest,
  onBug: (error: unknown) => void,
): Server {
  const http = createServer({
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: lookMs,
    maxHeaderSize: headersLimit,
    insecureHTTPParser: false,
    // Node's own answer is no problem document: `hostProblem` asks for the header.
    requireHostHeader: false,
  });
  http.maxRequestsPerSocket = requestLimit;
  const connections = holdConnections(http, {
    farewell: rawProblem(problem('busy', 'all connections are in use', 'try again in a moment')),
    refusal: ({ code }) => rawProblem(unreadable(code)),
    answer(request, response) {
      cameThrough(request, door);
      try {
        answer(request, response);
      } catch (error) {
        request.socket.destroy();
        onBug(error);
      }
    },
  });
  const door: Door = { rules, keepOpen: connections.keepOpen };
  // No file descriptor is left for a new client: the current ones continue, and free some.
  http.on('error', () => {});
  return http;
}

/** Why Node could not read the request. */
function unreadable(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW')
    return problem('headers-too-large', `the headers have more than ${headersLimit} bytes`);
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return problem('too-slow', `the headers may take ${headersMs} ms, and the request ${requestMs} ms`);
  return problem('bad-request', 'this is not HTTP/1.1, or can be read in two ways');
}

/** The answer to a client before its request is read. */
function rawProblem(what: Problem): string {
  const body = problemText(what);
  const head = [
    `HTTP/1.1 ${what.status} ${what.title}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return `${[...head, 'cache-control: no-store', 'connection: close'].join('\r\n')}\r\n\r\n${body}`;
}
