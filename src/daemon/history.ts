/** The history of every cluster: JSON lines in the state directory, the newest in memory too. */

import { join } from 'node:path';
import type { HistoryEntry } from '../core/model/events.ts';
import type { Failure } from '../core/model/observation.ts';
import type { Remembered } from '../core/model/remembered.ts';
import { createAppender } from './history-file.ts';
import { createMemory, entryLine, type ReadLines, readLines } from './history-lines.ts';
import { NotOurs, openOwn } from './own-file.ts';
import { makeFolder } from './state-dir.ts';

/** At this size the file becomes `history.jsonl.1`, and a new one begins. */
const rotateAtBytes = 8 * 1024 * 1024;
/** Entries in memory, per cluster. */
export const recentLimit = 500;

/** The file of the newest entries. */
export const historyFile = (stateDir: string): string => join(stateDir, 'history.jsonl');

export interface History {
  /** Never throws, never waits. */
  append(entry: HistoryEntry): void;
  /** The newest `recentLimit` entries of a cluster, oldest first. */
  recent(cluster: string): readonly HistoryEntry[];
  /** The highest epoch of each nameserver of the cluster. */
  remembered(cluster: string): readonly Remembered[];
  /** Resolves when all lines are written, or have failed. */
  close(): Promise<void>;
}

interface HistoryOptions {
  /** Created with mode 0750 if missing. */
  readonly stateDir: string;
  /** Default: 8 MiB. */
  readonly rotateAtBytes?: number;
  /** Called when writing begins to fail, and when it works again (undefined). */
  onFailure(failure: Failure | undefined): void;
}

/** Reads the existing entries and appends to them. After a failure, the history is in memory only. */
export async function openHistory(options: HistoryOptions): Promise<History> {
  const file = historyFile(options.stateDir);
  const limit = options.rotateAtBytes ?? rotateAtBytes;
  const memory = createMemory();
  const recent = new Map<string, HistoryEntry[]>();

  function keep(entry: HistoryEntry): void {
    memory.note(entry);
    const list = recent.get(entry.cluster) ?? [];
    list.push(entry);
    if (list.length > recentLimit) list.shift();
    recent.set(entry.cluster, list);
  }

  const before = await readHistory(options.stateDir, limit);
  for (const entry of before.entries) keep(entry);
  let failing = false;
  const tell = (failure: Failure | undefined): void => {
    if (failing === (failure !== undefined)) return;
    failing = failure !== undefined;
    options.onFailure(failure);
  };
  if (before.failure !== undefined) tell(before.failure);
  try {
    await makeFolder(options.stateDir);
  } catch (error) {
    tell(historyFailure('history-unwritable', options.stateDir, error));
  }
  const appender = createAppender({
    file,
    rotateAtBytes: limit,
    head: () => memory.carried().map(entryLine).join(''),
    onResult: (error) =>
      tell(error === undefined ? undefined : historyFailure('history-unwritable', file, error)),
  });
  return {
    append(entry) {
      keep(entry);
      appender.append(entryLine(entry));
    },
    recent: (cluster) => [...(recent.get(cluster) ?? [])],
    remembered: memory.remembered,
    close: appender.close,
  };
}

interface ReadHistory extends ReadLines {
  readonly failure?: Failure;
}

/** Writes nothing. No file is an empty history; a failure comes with what could be read. */
export async function readHistory(
  stateDir: string,
  limitBytes: number = rotateAtBytes,
): Promise<ReadHistory> {
  const file = historyFile(stateDir);
  let text = '';
  let failure: Failure | undefined;
  for (const path of [`${file}.1`, file]) {
    try {
      const part = await readTail(path, 2 * limitBytes);
      text += part.endsWith('\n') || part === '' ? part : `${part}\n`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        failure = historyFailure('history-unreadable', path, error);
    }
  }
  return { ...readLines(text), ...(failure === undefined ? {} : { failure }) };
}

/** At most the last `limit` bytes: the file may be a giant. */
async function readTail(path: string, limit: number): Promise<string> {
  const handle = await openOwn(path, 'read');
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - limit);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** What the entries say about one cluster's last moves. */
export function rememberedFrom(entries: readonly HistoryEntry[], cluster: string): readonly Remembered[] {
  const memory = createMemory();
  for (const entry of entries) memory.note(entry);
  return memory.remembered(cluster);
}

function historyFailure(
  code: 'history-unreadable' | 'history-unwritable',
  path: string,
  error: unknown,
): Failure {
  if (error instanceof NotOurs) {
    return {
      code,
      message: `${path} ${error.message}, so source-dns does not touch it`,
      hint: 'move it away; until then the history is in memory only',
    };
  }
  const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return {
    code,
    message: `${path}: ${reason}`,
    hint: 'the service goes on without it; the name and its ledger do not need it',
  };
}
