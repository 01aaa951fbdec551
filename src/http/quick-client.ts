/**
 * Asks the daemon like client.ts, without the HTTP client of Node: to load it takes a quarter of the time of
 * a bare `node` (docs/decisions/026). Enough for the answers of our own server.
 */

import { connect } from 'node:net';
import { type ApiRequest, type ApiResult, failedRequest, notAfterOf, resultOf } from './api-result.ts';
import { socketPathFailure } from './unix-socket.ts';

/** In bytes: the answer to a hook has some hundred. */
const answerLimit = 1024 * 1024;

/** One request, one connection. Never rejects. */
export async function askQuickly(socketPath: string, asked: ApiRequest): Promise<ApiResult> {
  const tooLong = socketPathFailure(socketPath);
  if (tooLong !== undefined) return { kind: 'failed', failure: tooLong };
  try {
    const { status, body } = await exchange(socketPath, asked);
    return resultOf(status, body);
  } catch (error) {
    return failedRequest(socketPath, asked, error);
  }
}

interface Response {
  readonly status: number;
  readonly body: string;
}

function exchange(socketPath: string, asked: ApiRequest): Promise<Response> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let bytes = Buffer.alloc(0);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const fail = (error: Error): void => end(() => reject(error));
    const timer = setTimeout(
      () => fail(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })),
      asked.timeoutMs,
    );
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the connection ended before the answer')));
    socket.on('data', (part: Buffer) => {
      bytes = Buffer.concat([bytes, part]);
      const response = responseIn(bytes);
      if (response !== undefined) end(() => resolve(response));
      else if (bytes.length > answerLimit) fail(new Error('the answer is too long'));
    });
    socket.write(requestText(asked));
  });
}

function requestText(asked: ApiRequest): string {
  const { method, path, body } = asked;
  const text = body === undefined ? '' : JSON.stringify(body);
  const head = [
    `${method} ${path} HTTP/1.1`,
    'host: source-dns',
    'connection: close',
    ...Object.entries(notAfterOf(asked)).map(([name, value]) => `${name}: ${value}`),
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${text}`;
}

/** Undefined until it is complete. Our server always tells the length. */
function responseIn(bytes: Buffer): Response | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const body = bytes.subarray(headEnd + 4);
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0);
  return body.length < length ? undefined : { status, body: body.toString('utf8', 0, length) };
}
