/** A question to the daemon, and what came of it: two clients share it. */

import type { Failure } from '../core/model/observation.ts';
import type { Problem } from './problem.ts';

export interface ApiRequest {
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

/**
 * The header that keeps a request from being obeyed after its client has given up: milliseconds since 1970,
 * by the clock of this machine. The socket is local, so both sides have one clock.
 */
export const notAfterHeader = 'source-dns-not-after';

/** The header of a request that changes something; the others have none. */
export const notAfterOf = ({ method, timeoutMs }: ApiRequest): Readonly<Record<string, string>> =>
  method === 'POST' ? { [notAfterHeader]: String(Date.now() + timeoutMs) } : {};

/** Throws a SyntaxError if the text is not JSON. */
export function resultOf(status: number, text: string): ApiResult {
  const body: unknown = JSON.parse(text);
  return status < 400 ? { kind: 'document', body } : { kind: 'problem', problem: readProblem(status, body) };
}

function readProblem(status: number, body: unknown): Problem {
  const given = typeof body === 'object' && body !== null ? (body as Partial<Problem>) : {};
  const {
    code = 'daemon-unusable',
    title = 'The daemon refused',
    detail = `the daemon answered with status ${status}`,
    hint,
    cluster,
    results,
  } = given;
  return {
    status,
    code,
    title,
    detail,
    ...(hint === undefined ? {} : { hint }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(Array.isArray(results) ? { results } : {}),
  };
}

/** Why there was no answer. */
export function failedRequest(socketPath: string, asked: ApiRequest, error: unknown): ApiResult {
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
