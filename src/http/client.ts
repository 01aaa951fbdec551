/** Asks the daemon over its unix socket. Every result is a value. */

import { request } from 'node:http';
import type { Failure } from '../core/model/observation.ts';
import type { Problem } from './problem.ts';
import { socketPathFailure } from './unix-socket.ts';

/** In bytes: some thousand clusters fit. */
const answerLimit = 64 * 1024 * 1024;

interface ApiRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** In milliseconds, for the whole answer. */
  readonly timeoutMs: number;
}

export type ApiResult =
  | { readonly kind: 'document'; readonly body: unknown }
  | { readonly kind: 'problem'; readonly problem: Problem }
  /** No process listens there. */
  | { readonly kind: 'no-daemon' }
  /** A process listens, or may; but it cannot be asked. */
  | { readonly kind: 'failed'; readonly failure: Failure };

/** One request, one connection. Never rejects. */
export async function askDaemon(socketPath: string, asked: ApiRequest): Promise<ApiResult> {
  const tooLong = socketPathFailure(socketPath);
  if (tooLong !== undefined) return { kind: 'failed', failure: tooLong };
  try {
    const { status, text } = await exchange(socketPath, asked);
    const body: unknown = JSON.parse(text);
    return status < 400
      ? { kind: 'document', body }
      : { kind: 'problem', problem: readProblem(status, body) };
  } catch (error) {
    return failedRequest(socketPath, asked, error);
  }
}

function exchange(
  socketPath: string,
  { method, path, body, timeoutMs }: ApiRequest,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers =
      bytes === undefined ? {} : { 'content-type': 'application/json', 'content-length': bytes.length };
    const sent = request({ socketPath, method, path, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      let length = 0;
      response.on('data', (part: Buffer) => {
        length += part.length;
        parts.push(part);
        if (length > answerLimit) sent.destroy(new Error('the answer is too long'));
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
      );
      response.on('error', reject);
    });
    const timer = setTimeout(
      () => sent.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })),
      timeoutMs,
    );
    sent.on('error', reject);
    sent.on('close', () => clearTimeout(timer));
    sent.end(bytes);
  });
}

function readProblem(status: number, body: unknown): Problem {
  const given = typeof body === 'object' && body !== null ? (body as Partial<Problem>) : {};
  const {
    code = 'daemon-unusable',
    title = 'The daemon refused',
    detail = `the daemon answered with status ${status}`,
    hint,
    results,
  } = given;
  return {
    status,
    code,
    title,
    detail,
    ...(hint === undefined ? {} : { hint }),
    ...(Array.isArray(results) ? { results } : {}),
  };
}

function failedRequest(socketPath: string, asked: ApiRequest, error: unknown): ApiResult {
  const { code, message } = error as NodeJS.ErrnoException;
  const failed = (failureCode: string, what: string, hint: string): ApiResult => ({
    kind: 'failed',
    failure: { code: failureCode, message: what, hint },
  });
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
    case 'ENOTDIR':
      return { kind: 'no-daemon' };
    case 'EACCES':
    case 'EPERM':
      return failed(
        'daemon-forbidden',
        `this user may not use ${socketPath}`,
        'run the command as root, or as a member of the group that owns the socket',
      );
    case 'ETIMEDOUT':
      return failed(
        'daemon-silent',
        `the daemon on ${socketPath} did not answer within ${asked.timeoutMs} ms`,
        'look at its log',
      );
    default:
      return failed(
        'daemon-unusable',
        `the exchange with the daemon on ${socketPath} failed: ${code ?? message}`,
        'look at its log',
      );
  }
}
