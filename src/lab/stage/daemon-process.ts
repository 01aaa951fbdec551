/** The lab's source-dns: `source-dns run` as a process, watched through its unix socket only. */

import { join } from 'node:path';
import type { HistoryEntry } from '../../core/model/events.ts';
import type { Snapshot } from '../../core/report/snapshot-types.ts';
import { askDaemon } from '../../http/client.ts';
import { LabError } from '../host/lab-error.ts';
import { launch, type ServerProcess } from '../host/processes.ts';
import { until } from '../host/until.ts';
import type { LabConfig } from './lab-config.ts';

export interface DaemonProcess {
  readonly process: ServerProcess;
  snapshot(): Promise<Snapshot>;
  history(): Promise<readonly HistoryEntry[]>;
  stop(): Promise<void>;
}

/** Long: a machine may be busy with other things. */
const answerMs = 20_000;
const stopMs = 10_000;

/** Resolves when its socket answers. `program`: node and the entry file. `through`: see LaunchOptions. */
export async function startDaemon(
  program: readonly string[],
  config: Pick<LabConfig, 'file' | 'stateDir'>,
  folder: string,
  through: readonly string[] = [],
): Promise<DaemonProcess> {
  const [command, ...first] = program as [string, ...string[]];
  const logFile = join(folder, 'source-dns.log');
  const server = launch('source-dns run', command, [...first, '--config', config.file, 'run'], {
    cwd: folder,
    logFile,
    through,
  });
  const socket = join(config.stateDir, 'api.sock');
  const get = async (path: string): Promise<unknown> => {
    const result = await askDaemon(socket, { method: 'GET', path, timeoutMs: answerMs });
    if (result.kind === 'document') return result.body;
    const said =
      result.kind === 'problem'
        ? result.problem.detail
        : result.kind === 'failed'
          ? result.failure.message
          : 'no process listens on its socket';
    throw new LabError(`source-dns did not answer: ${said}\n${server.log.tail()}`, {
      hint: `see ${logFile}`,
    });
  };
  const answers = () =>
    get('/v1/clusters').then(
      () => true,
      (error: unknown) => {
        if (!server.running) throw error;
        return false;
      },
    );
  await until('source-dns to answer on its socket', answers);
  return {
    process: server,
    snapshot: async () => (await get('/v1/clusters/shop')) as Snapshot,
    history: async () =>
      ((await get('/v1/clusters/shop/history')) as { entries: readonly HistoryEntry[] }).entries,
    stop: async () => {
      await server.stop(stopMs);
    },
  };
}
