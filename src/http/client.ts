/** Asks the daemon over its unix socket. Every result is a value. */

import { request } from 'node:http';
import { type ApiRequest, type ApiResult, failedRequest, notAfterOf, resultOf } from './api-result.ts';
import { socketPathFailure } from './unix-socket.ts';

export type { ApiResult } from './api-result.ts';

/** In bytes: some thousand clusters fit. */
const answerLimit = 64 * 1024 * 1024;

/** One request, one connection. Never rejects. */
export async function askDaemon(socketPath: string, asked: ApiRequest): Promise<ApiResult> {
  const tooLong = socketPathFailure(socketPath);
  if (tooLong !== undefined) return { kind: 'failed', failure: tooLong };
  try {
    const { status, text } = await exchange(socketPath, asked);
    return resultOf(status, text);
  } catch (error) {
    return failedRequest(socketPath, asked, error);
  }
}

function exchange(socketPath: string, asked: ApiRequest): Promise<{ status: number; text: string }> {
  const { method, path, body, timeoutMs } = asked;
  return new Promise((resolve, reject) => {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      ...notAfterOf(asked),
      ...(bytes && { 'content-type': 'application/json', 'content-length': bytes.length }),
    };
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
