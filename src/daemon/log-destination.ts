/** Where the lines of the log go: stdout. Nothing here waits for a reader that has stopped reading. */

import { fstatSync } from 'node:fs';
import { pino } from 'pino';

/** Takes whole lines. */
export interface LogDestination {
  write(line: string): void;
  /** Resolves when everything is written, or after a second. */
  flush?(): Promise<void>;
  /** Writes what can be written at once. */
  flushSync?(): void;
}

/** Bytes that wait for the reader. Further lines are dropped: a stuck reader must not stop the service. */
const waitingBytes = 1024 * 1024;
/** How long the end of the process waits for the reader, in milliseconds. */
const flushMs = 1000;

/** Without a reader, the lines are dropped: the name is more important. */
export function openStdout(): LogDestination {
  const stats = fstatSync(1);
  return stats.isFIFO() || stats.isSocket() ? readByOthers() : storedHere();
}

/** It stays gone: later lines are dropped. */
const readerGone = (): void => {};

/** A pipe or a socket. A blocking write, even in a thread, would keep the process from ending. */
function readByOthers(): LogDestination {
  const { stdout } = process;
  // Once, however many logs this process opens.
  stdout.off('error', readerGone).on('error', readerGone);
  return {
    write(line) {
      if (stdout.writable && stdout.writableLength <= waitingBytes) stdout.write(line);
    },
    flush: () =>
      new Promise((resolve) => {
        if (!stdout.writable || stdout.writableLength === 0) return resolve();
        const timer = setTimeout(resolve, flushMs);
        stdout.write('', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

/** A file, a terminal or a device. */
function storedHere(): LogDestination {
  const stdout = pino.destination({ dest: 1, sync: false, maxLength: waitingBytes });
  let isFull = false;
  // A full disk: the destination's own flushSync, also at the end of the process, would retry for ever.
  stdout.on('error', () => {
    isFull = true;
  });
  stdout.on('write', () => {
    isFull = false;
  });
  const flushSync = (): void => {
    try {
      if (isFull) stdout.destroy();
      else stdout.flushSync();
    } catch {
      // Not open yet, or not writable: there is no better place to report this.
    }
  };
  const flush = (): Promise<void> =>
    new Promise((resolve) => {
      const end = (error?: unknown): void => {
        clearTimeout(timer);
        if (isFull || error) stdout.destroy();
        resolve();
      };
      const timer = setTimeout(end, flushMs, 'too late');
      stdout.flush(end);
    });
  return { write: (line) => void stdout.write(line), flushSync, flush };
}
