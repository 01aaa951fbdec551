/** A client waits only so long; a request that nobody waits for is not obeyed. */

import type { IncomingMessage } from 'node:http';
import type { Command } from '../core/model/events.ts';
import type { WallMs } from '../core/model/units.ts';
import { notAfterHeader } from './api-result.ts';
import { type Problem, problem } from './problem.ts';

/**
 * Why it must not be obeyed any more. A daemon that was stopped finds old requests in its queue. Their
 * clients have said that nothing was heard, and since then somebody may have decided otherwise.
 */
export async function tooLate(request: IncomingMessage): Promise<Problem | undefined> {
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
