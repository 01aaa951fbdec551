/** Standard output and standard error, and who may be reading them. */

import { hostname, userInfo } from 'node:os';
import type { WriteStream } from 'node:tty';
import type { Terminal } from './context.ts';

/** What a terminal needs of the process. */
export interface Streams {
  readonly stdout: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY'>>;
  readonly stderr: NodeJS.WritableStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A reader that goes away (`| head`) is no failure of ours: what is left to say is dropped, and what is being done is finished. */
export function openTerminal({ stdout, stderr, env }: Streams): Terminal {
  let closed = false;
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    closed = true;
  };
  stdout.on('error', onError);
  stderr.on('error', onError);
  const interactive = stdout.isTTY === true;
  return {
    out(text) {
      if (!closed) stdout.write(text);
    },
    err(text) {
      stderr.write(text);
    },
    interactive,
    // https://no-color.org: when present and not empty.
    colours: interactive && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
    closed: () => closed,
  };
}

/** Resolves when what was written has left the process, or cannot. */
export const drained = (stream: NodeJS.WritableStream): Promise<void> => new Promise((resolve) => stream.write('', () => resolve()));

/** `user@host`, of the characters that a ledger's `frozen=<by>: <reason>` can take; at most 64. */
export function operatorName(): string {
  let user: string;
  try {
    user = userInfo().username;
  } catch {
    // A user id without a name, as in many containers.
    user = `uid-${process.getuid?.() ?? 'unknown'}`;
  }
  return `${user}@${hostname()}`.replace(/[^A-Za-z0-9._@-]/g, '-').slice(0, 64);
}
