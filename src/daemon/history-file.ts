/** Appends lines to a file of bounded size, one write at a time. Callers never wait. */

import { type FileHandle, rename } from 'node:fs/promises';
import { openOwn } from './own-file.ts';

/** The next line for a slow disk is dropped (it is in memory). */
const pendingLimit = 1000;

interface Appender {
  append(line: string): void;
  close(): Promise<void>;
}

interface AppenderOptions {
  readonly file: string;
  readonly rotateAtBytes: number;
  /** The first lines of a new file after a rotation. */
  head(): string;
  /** Called after each write. */
  onResult(error: unknown): void;
}

/** Opens the file at the first line. */
export function createAppender(options: AppenderOptions): Appender {
  let pending: string[] = [];
  let writing: Promise<void> | undefined;
  let current: OpenFile | undefined;

  /** The next lines that fit, but at least one. */
  function take(bytes: number): string {
    let count = 0;
    for (let left = bytes; count < pending.length; count++) {
      left -= Buffer.byteLength(pending[count] ?? '');
      if (left < 0 && count > 0) break;
    }
    return pending.splice(0, count).join('');
  }

  async function write(): Promise<void> {
    while (pending.length > 0) {
      let text = '';
      try {
        current = await rotated((await stillThere(current)) ?? (await openFile(options.file)), options);
        text = take(options.rotateAtBytes - current.bytes);
        await current.handle.appendFile(text);
        current.bytes += Buffer.byteLength(text);
        options.onResult(undefined);
      } catch (error) {
        // The file loses these lines, the memory has them. Opening it again also ends a half-written line.
        if (text === '') pending = [];
        await current?.handle.close().catch(() => {});
        current = undefined;
        options.onResult(error);
      }
    }
  }

  const begin = (): void => {
    writing ??= write().finally(() => {
      writing = undefined;
      if (pending.length > 0) begin();
    });
  };

  return {
    append(line) {
      if (pending.length >= pendingLimit)
        return options.onResult(Object.assign(new Error('the disk is too slow'), { code: 'EBUSY' }));
      pending.push(line);
      begin();
    },
    async close() {
      while (writing !== undefined) await writing;
      await current?.handle.close();
      current = undefined;
    },
  };
}

interface OpenFile {
  readonly handle: FileHandle;
  bytes: number;
}

async function openFile(file: string): Promise<OpenFile> {
  const handle = await openOwn(file, 'append');
  try {
    let { size } = await handle.stat();
    if (size > 0) {
      const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
      if (buffer[0] !== newline) {
        await handle.appendFile('\n');
        size += 1;
      }
    }
    return { handle, bytes: size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Undefined if the file was removed, e.g. by a cleaner of /tmp: writes to it would be lost. */
async function stillThere(current: OpenFile | undefined): Promise<OpenFile | undefined> {
  if (current === undefined || (await current.handle.stat()).nlink > 0) return current;
  await current.handle.close();
  return undefined;
}

const newline = 0x0a;

async function rotated(current: OpenFile, { file, rotateAtBytes, head }: AppenderOptions): Promise<OpenFile> {
  if (current.bytes < rotateAtBytes) return current;
  await rename(file, `${file}.1`);
  await current.handle.close();
  const next = await openFile(file);
  const text = head();
  await next.handle.appendFile(text);
  return { handle: next.handle, bytes: next.bytes + Buffer.byteLength(text) };
}
