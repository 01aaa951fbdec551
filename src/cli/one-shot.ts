/** The service inside a command, for as long as the command takes: the same runtime as the daemon's. */

import type { LoadedConfig } from '../config/loaded.ts';
import type { HistoryEntry, Remembered } from '../core/events.ts';
import { openHistory, readHistory, rememberedFrom } from '../daemon/history.ts';
import { type Service, startService } from '../daemon/service.ts';
import type { CommandContext } from './context.ts';
import { failureText } from './failure-text.ts';

export interface OneShot {
  readonly service: Service;
  /** Finishes what is in flight. */
  close(): Promise<void>;
}

/** Only looks: decides and reports, writes neither the zone nor the history. Undefined: it could not begin, and why was printed. */
export async function openObserver(context: CommandContext, config: LoadedConfig, onChange: () => void): Promise<OneShot | undefined> {
  const { entries } = await readHistory(config.stateDir);
  const clusters = config.clusters.map((cluster) => ({ ...cluster, settings: { ...cluster.settings, mode: 'observe' as const } }));
  const remembered = (cluster: string) => rememberedFrom(entries, cluster);
  const service = await start(context, { ...config, clusters }, { remembered, onRecord: () => {}, onChange });
  return service === undefined ? undefined : { service, close: () => service.stop() };
}

/** Acts as the configuration says, and notes it in the history. Undefined: it could not begin, and why was printed. */
export async function openActor(context: CommandContext, config: LoadedConfig): Promise<OneShot | undefined> {
  const history = await openHistory({
    stateDir: config.stateDir,
    onFailure: (failure) => {
      if (failure !== undefined) context.terminal.err(failureText(failure));
    },
  });
  const service = await start(context, config, { remembered: history.remembered, onRecord: history.append });
  if (service === undefined) {
    await history.close();
    return undefined;
  }
  return {
    service,
    async close() {
      await service.stop();
      await history.close();
    },
  };
}

interface Listeners {
  remembered(cluster: string): readonly Remembered[];
  onRecord(entry: HistoryEntry): void;
  onChange?(): void;
}

async function start(context: CommandContext, config: LoadedConfig, listeners: Listeners): Promise<Service | undefined> {
  const { terminal, maker, clock, random } = context;
  const started = await startService({
    config,
    maker,
    clock,
    random,
    ...listeners,
    onWarning: (failure) => terminal.err(failureText(failure)),
    onBug(error) {
      terminal.err(`source-dns has a bug: ${error instanceof Error ? error.stack : String(error)}\n`);
      context.exit(1);
    },
  });
  if (started.kind === 'started') return started.service;
  for (const failure of started.failures) terminal.err(failureText(failure));
  return undefined;
}
