/** Standard output and standard error, and readers that go away. */

import { hostname, userInfo } from 'node:os';
import type { WriteStream } from 'node:tty';
import type { Terminal } from './context.ts';

interface Streams {
  readonly stdout: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>;
  readonly stderr: NodeJS.WritableStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The reader has gone: `| head`, a closed terminal, a log collector that restarts. */
const readerGone: ReadonlySet<string | undefined> = new Set([
  'EPIPE',
  'ECONNRESET',
  'EIO',
  'ERR_STREAM_DESTROYED',
]);

interface OpenTerminal extends Terminal {
  /** Output was lost, and not because the reader went away: the disk is full, for example. */
  failed(): boolean;
}

/** If nothing can be written any more, further output is dropped, and the command still finishes. */
export function openTerminal({ stdout, stderr, env }: Streams): OpenTerminal {
  let closed = false;
  let failed = false;
  const onError = ({ code, message }: NodeJS.ErrnoException): void => {
    if (!closed && !readerGone.has(code)) {
      failed = true;
      writeTo(stderr, `the output cannot be written: ${code ?? message}\n`, () => {});
    }
    closed = true;
  };
  stdout.on('error', onError);
  stderr.on('error', () => {});
  const isTerminal = stdout.isTTY === true;
  const canPaint = env['TERM'] !== 'dumb';
  return {
    out(text) {
      if (!closed) writeTo(stdout, text, onError);
    },
    err: (text) => writeTo(stderr, text, () => {}),
    // Without a cursor that moves, a new picture can only follow the last one.
    interactive: isTerminal && canPaint,
    colours: wantsColours(env, isTerminal && canPaint),
    get columns() {
      return columnsOf(env['COLUMNS'], isTerminal ? stdout.columns : undefined);
    },
    get rows() {
      return isTerminal && (stdout.rows ?? 0) > 0 ? stdout.rows : undefined;
    },
    onResize(listener) {
      stdout.on('resize', listener);
      return () => void stdout.off('resize', listener);
    },
    closed: () => closed,
    failed: () => failed,
  };
}

/** https://no-color.org and https://force-color.org: present and not empty. `watch --color` is a pipe. */
function wantsColours(env: Streams['env'], byItself: boolean): boolean {
  if (env['NO_COLOR']) return false;
  const forced = env['FORCE_COLOR'];
  return forced ? forced !== '0' && forced !== 'false' : byItself;
}

/** Narrower, nothing can be read; a terminal may say 0. */
const fewestColumns = 40;

/** `$COLUMNS` counts for a pipe too, as it does for man and ps. */
function columnsOf(variable: string | undefined, ofTerminal: number | undefined): number | undefined {
  const wanted = /^[1-9]\d{0,4}$/.test(variable ?? '') ? Number(variable) : ofTerminal;
  return wanted === undefined || wanted === 0 ? undefined : Math.max(wanted, fewestColumns);
}

/** A write to a file throws. */
function writeTo(
  stream: NodeJS.WritableStream,
  text: string,
  onError: (error: NodeJS.ErrnoException) => void,
): void {
  try {
    stream.write(text);
  } catch (error) {
    onError(error as NodeJS.ErrnoException);
  }
}

/** Resolves when the output has left the process, or cannot; after `patienceMs` at the latest. */
export const drained = (stream: NodeJS.WritableStream, patienceMs?: number): Promise<void> =>
  new Promise((resolve) => {
    if (!stream.writable) return resolve();
    if (patienceMs !== undefined) setTimeout(resolve, patienceMs);
    try {
      stream.write('', () => resolve());
    } catch {
      resolve();
    }
  });

/** `user@host`, in characters that a ledger's `frozen=<by>: <reason>` can have; at most 64. */
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
