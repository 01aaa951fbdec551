/** Calls the URL of a hook: one POST request with JSON, everything bounded by one time-out. */

import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { UrlHook } from '../../config/loaded.ts';
import type { Clock } from '../../ports.ts';
import type { Attempt, Trying } from './attempt.ts';
import { createExcerpt } from './excerpt.ts';
import { type HookCall, jsonOf } from './hook-call.ts';
import type { HookLimits } from './hook-limits.ts';

export interface PostSurroundings {
  readonly clock: Clock;
  readonly limits: HookLimits;
  readonly lookup: LookupFunction;
  /** Aborted: the call must end now, because source-dns stops. */
  readonly stop: AbortSignal;
}

/** The scheme, host and port. Never the rest: user, password, path and query may be secrets. */
export const shownUrl = (url: string): string => new URL(url).origin;

/** Each attempt has a connection of its own: one that was kept open may be dead when the next move comes. */
export function postJson(hook: UrlHook, call: HookCall, around: PostSurroundings): Trying {
  const attempt = new Promise<Attempt>((resolve) => post(hook, call, around, resolve));
  return { attempt, gone: attempt.then(() => {}) };
}

function post(
  hook: UrlHook,
  call: HookCall,
  { clock, limits, lookup, stop }: PostSurroundings,
  resolve: (attempt: Attempt) => void,
): void {
  const url = new URL(hook.url.reveal());
  const secrets = [hook.url, ...hook.headers.values()].map((secret) => secret.reveal());
  const excerpt = createExcerpt('first', [...secrets, url.password, url.pathname + url.search]);
  let request: ClientRequest | undefined;
  let response: IncomingMessage | undefined;
  const settle = (attempt: Attempt): void => {
    cancel();
    stop.removeEventListener('abort', onStop);
    request?.destroy();
    resolve({ ...attempt, output: excerpt.text() });
  };
  /** The status is the answer: whether its body comes whole is of no interest. */
  const settleBy = (otherwise: Attempt): void =>
    settle(response === undefined ? otherwise : statusText(response, clock));
  const cancel = clock.after(hook.timeoutMs, () => settleBy(timedOut(hook.timeoutMs, request)));
  const onStop = (): void =>
    settleBy({ outcome: 'failed', sentence: 'was broken off because source-dns stops' });
  stop.addEventListener('abort', onStop, { once: true });
  try {
    const make = url.protocol === 'https:' ? httpsRequest : httpRequest;
    request = make(url, {
      method: 'POST',
      agent: false,
      lookup,
      // Also with NODE_TLS_REJECT_UNAUTHORIZED=0, which somebody may have set for another program.
      rejectUnauthorized: true,
      headers: headersOf(hook, call),
    });
  } catch (error) {
    settle(notSent(error));
    return;
  }
  request.on('response', (answer) => {
    response = answer;
    answer.on('data', (piece: Buffer) => {
      excerpt.add(piece);
      if (excerpt.bytes() >= limits.answerBytes) settleBy(broken);
    });
    answer.once('end', () => settleBy(broken));
    answer.once('error', () => settleBy(broken));
  });
  request.on('error', (error) => settleBy(notSent(error)));
  request.on('close', () => settleBy(broken));
  request.end(jsonOf(call));
}

function headersOf(hook: UrlHook, call: HookCall): Readonly<Record<string, string | number>> {
  return {
    Accept: '*/*',
    'Accept-Encoding': 'identity',
    'User-Agent': 'source-dns',
    ...Object.fromEntries([...hook.headers].map(([name, secret]) => [name, secret.reveal()])),
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(jsonOf(call)),
    'Idempotency-Key': call.id,
    Connection: 'close',
  };
}

/** Not tried again in both cases: `timeout` says how long such news is worth something. */
const timedOut = (ms: number, request: ClientRequest | undefined): Attempt => ({
  outcome: 'timed-out',
  sentence: request?.writableFinished
    ? `no answer within ${ms} ms; it may have arrived, so it is not sent again`
    : `no connection within ${ms} ms`,
});

const broken: Attempt = {
  outcome: 'failed',
  sentence: 'the connection was closed without an answer',
  again: {},
};

/** The receiver may be back in a moment. Its certificate is not. */
const passing = new Set([
  ...[
    'ECONNREFUSED',
    'ECONNRESET',
    'ECONNABORTED',
    'EPIPE',
    'ETIMEDOUT',
    'EADDRNOTAVAIL',
    'EMFILE',
    'ENFILE',
  ],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EAI_AGAIN', 'ENOTFOUND', 'ENOMEM', 'ENOBUFS'],
]);

/** Only the code: a message may quote the URL. */
function notSent(error: unknown): Attempt {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  const isTls = /CERT|SELF_SIGNED|UNABLE_TO_|TLS|SSL/.test(code);
  return {
    outcome: 'failed',
    sentence: `the connection failed (${code})`,
    ...(isTls && {
      hint: 'its certificate must be valid for its name; for an authority of your own, start source-dns with NODE_EXTRA_CA_CERTS=FILE',
    }),
    ...(passing.has(code) ? { again: {} } : {}),
  };
}

/** RFC 9110 15: 408 and 429 say "later", 5xx says "not my day"; the others would say the same again. */
function statusText(response: IncomingMessage, clock: Clock): Attempt {
  const { statusCode: status = 0 } = response;
  if (status >= 200 && status < 300) return { outcome: 'done', sentence: `HTTP ${status}`, status };
  const failed = { outcome: 'failed', sentence: `HTTP ${status}`, status } as const;
  if (status >= 300 && status < 400)
    return { ...failed, hint: 'redirects are not followed: write the URL to which it leads' };
  const isPassing = status === 408 || status === 429 || status >= 500;
  return isPassing ? { ...failed, again: { afterMs: retryAfter(response, clock) } } : failed;
}

/** RFC 9110 10.2.3: seconds, or a date. In milliseconds; undefined: neither. */
function retryAfter({ headers }: IncomingMessage, clock: Clock): number | undefined {
  const text = headers['retry-after'] ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.wall());
}
