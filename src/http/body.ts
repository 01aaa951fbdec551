/** Reads a request's JSON body, bounded, and checks its shape. */

import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Command } from '../core/model/events.ts';
import type { WallMs } from '../core/model/units.ts';
import { hookTools } from '../hook/claim.ts';
import { notAfterHeader } from './api-result.ts';
import { type Problem, problem } from './problem.ts';

/** In bytes: our own bodies have some hundred. */
export const bodyLimit = 64 * 1024;

/** The ledger keeps it in one character-string. */
const reasonLimit = 200;
const text = (limit: number) => z.string().min(1).max(limit);

/** Who gives the command: becomes part of `frozen=<by>: <reason>`, so no colon and no space. */
const by = z
  .string()
  .regex(/^[A-Za-z0-9._@-]{1,64}$/, 'must be 1 to 64 characters of A-Z a-z 0-9 . _ @ -')
  .optional();

export const followBody = z.strictObject({
  server: text(300),
  force: z.boolean().optional(),
  althoughReadOnly: z.boolean().optional(),
  dryRun: z.boolean().optional(),
  reason: text(reasonLimit).optional(),
  id: text(200).optional(),
  by,
});
export const freezeBody = z.strictObject({ reason: text(reasonLimit), by });
export const thawBody = z.strictObject({ by });
/** A tool names a server by its name and by its IP address. */
const places = z
  .array(z.strictObject({ host: text(300), port: z.int().min(1).max(65_535).optional() }))
  .max(4);
/** See `Claim`. */
export const hookBody = z.strictObject({
  tool: z.enum(hookTools),
  act: z.enum(['moved', 'moving', 'announced', 'status']),
  cluster: text(300).optional(),
  names: z.array(text(300)).max(4),
  former: places,
  successor: places,
  by: by.unwrap(),
  reason: text(reasonLimit).optional(),
  id: text(200).optional(),
});
export const forgetBody = z.strictObject({ server: text(300), by });

type Body<T> =
  | { readonly kind: 'body'; readonly value: T }
  | { readonly kind: 'wrong'; readonly problem: Problem };

/** An absent body is an empty object. A request that nobody waits for is wrong. Never rejects. */
export async function readBody<T>(request: IncomingMessage, shape: z.ZodType<T>): Promise<Body<T>> {
  const type = request.headers['content-type']?.split(';')[0]?.trim();
  const bytes = await collect(request);
  if (bytes === 'too-large')
    return wrong(problem('body-too-large', `the body is longer than ${bodyLimit} bytes`));
  if (bytes === 'aborted') return wrong(problem('bad-request', 'the body ended before it was complete'));
  if (bytes.length > 0 && type !== 'application/json')
    return wrong(
      problem(
        'wrong-media-type',
        `the body has ${type === undefined ? 'no content type' : `the content type ${type}`}`,
      ),
    );
  let value: unknown;
  try {
    value = bytes.length === 0 ? {} : JSON.parse(bytes.toString('utf8'));
  } catch {
    return wrong(problem('bad-request', 'the body is not JSON'));
  }
  const parsed = shape.safeParse(value);
  const late = parsed.success ? await tooLate(request) : undefined;
  if (late !== undefined) return wrong(late);
  if (parsed.success) return { kind: 'body', value: parsed.data };
  return wrong(
    problem(
      'bad-request',
      parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; '),
    ),
  );
}

/**
 * Why it must not be obeyed any more. A daemon that was stopped finds old requests in its queue. Their
 * clients have said that nothing was heard, and since then somebody may have decided otherwise.
 */
async function tooLate(request: IncomingMessage): Promise<Problem | undefined> {
  // The end of the connection is read one turn after the last of the body.
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  if (request.socket.destroyed || request.socket.readableEnded)
    return problem('too-late', 'the client has hung up; nothing was done');
  const notAfter = notAfterIn(request);
  if (notAfter === undefined || Date.now() <= notAfter) return undefined;
  return Number.isNaN(notAfter)
    ? problem('bad-request', `${notAfterHeader} must be milliseconds since 1970`)
    : problem(
        'too-late',
        `the client waits until ${new Date(notAfter).toISOString()}, and that is over; nothing was done`,
        'give the command again, if it is still right',
      );
}

/** Milliseconds since 1970, by the clock of this machine. Undefined: the client did not say it. */
function notAfterIn({ headers }: IncomingMessage): number | undefined {
  const given = headers[notAfterHeader];
  if (given === undefined) return undefined;
  return typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
}

/** The command with the end of its client's patience: it may have to wait behind other commands. */
export function withPatience(command: Command, request: IncomingMessage): Command {
  const notAfter = notAfterIn(request);
  return notAfter === undefined ? command : { ...command, notAfter: notAfter as WallMs };
}

const wrong = (what: Problem): Body<never> => ({ kind: 'wrong', problem: what });

/** By events: to leave an iteration half way would destroy the connection that must carry the answer. */
function collect(request: IncomingMessage): Promise<Buffer | 'too-large' | 'aborted'> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let length = 0;
    request.on('data', (part: Buffer) => {
      length += part.length;
      if (length <= bodyLimit) {
        parts.push(part);
      } else {
        request.pause();
        resolve('too-large');
      }
    });
    request.on('end', () => resolve(Buffer.concat(parts)));
    request.on('error', () => resolve('aborted'));
    request.on('close', () => resolve('aborted'));
  });
}
