/** `source-dns run` as a process, over some pairs; it writes down each of its steps. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HistoryEntry } from '../../../src/core/model/events.ts';
import type { Snapshot } from '../../../src/core/report/snapshot-types.ts';
import { askDaemon } from '../../../src/http/client.ts';
import { launch } from '../../../src/lab/host/processes.ts';
import { until } from '../../../src/lab/host/until.ts';
import type { BindPair } from '../../../src/lab/servers/bind.ts';
import { type WatchedPair, writePairsConfig } from './daemon-config.ts';
import type { TracedStep } from './trace-steps.ts';

export interface TracedDaemon {
  snapshot(cluster: string): Promise<Snapshot>;
  history(cluster: string): Promise<readonly HistoryEntry[]>;
  /** Every step of a cluster so far. */
  steps(cluster: string): Promise<readonly TracedStep[]>;
  stop(): Promise<void>;
}

/** The compiled program has `src/` beside `test/`. */
const compiled = join(import.meta.dirname, '..', '..', '..');
const stopMs = 10_000;

/** Resolves when it answers on its socket. The folder must not exist. */
export async function startTracedDaemon(
  folder: string,
  pairs: readonly WatchedPair[],
  bind: BindPair,
): Promise<TracedDaemon> {
  const { file, stateDir } = await writePairsConfig(folder, pairs, bind);
  const traceFile = join(folder, 'steps.jsonl');
  const daemon = launch(
    'source-dns run',
    process.execPath,
    [
      '--import',
      join(import.meta.dirname, 'trace-steps.js'),
      join(compiled, 'src', 'main.js'),
      '--config',
      file,
      'run',
    ],
    { cwd: folder, logFile: join(folder, 'source-dns.log'), through: ['env', `TRACE_FILE=${traceFile}`] },
  );
  const get = async (path: string): Promise<unknown> => {
    const result = await askDaemon(join(stateDir, 'api.sock'), { method: 'GET', path, timeoutMs: 5000 });
    if (result.kind === 'document') return result.body;
    throw new Error(`source-dns did not answer ${path}: ${JSON.stringify(result)}\n${daemon.log.tail()}`);
  };
  await until('source-dns to answer on its socket', () =>
    get('/v1/clusters').then(
      () => true,
      (error: unknown) => {
        if (!daemon.running) throw error;
        return false;
      },
    ),
  );
  return {
    snapshot: async (cluster) => (await get(`/v1/clusters/${cluster}`)) as Snapshot,
    history: async (cluster) =>
      ((await get(`/v1/clusters/${cluster}/history`)) as { entries: readonly HistoryEntry[] }).entries,
    steps: async (cluster) =>
      (await readFile(traceFile, 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as TracedStep)
        .filter((step) => step.cluster === cluster),
    stop: async () => {
      await daemon.stop(stopMs);
    },
  };
}
