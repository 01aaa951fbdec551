/** The service inside a command, while the command runs: the same runtime as in the daemon. */

import type { LoadedCluster, LoadedConfig } from '../config/loaded.ts';
import type { Answer, Command, HistoryEntry } from '../core/model/events.ts';
import type { Failure } from '../core/model/observation.ts';
import type { Remembered } from '../core/model/remembered.ts';
import { clientsOf, openNameservers, withoutFence } from '../daemon/adapters.ts';
import { describeEntry } from '../daemon/entry-text.ts';
import { type History, openHistory, readHistory, rememberedFrom } from '../daemon/history.ts';
import { createHooks, type Hooks } from '../daemon/hooks/hooks.ts';
import { createClusterRuntime } from '../daemon/runtime.ts';
import { type Service, startService } from '../daemon/service.ts';
import { complainOfAll } from './complain.ts';
import { onlyClusters } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { failureText } from './failure-text.ts';

/** How long a command waits for `after_move` hooks, in milliseconds: an operator waits for the command. */
const hooksMs = 10_000;

/** Only observes: writes no zone and no history. Undefined: the start failed; the reason is printed. */
export async function openObserver(
  context: CommandContext,
  config: LoadedConfig,
  onChange: () => void,
): Promise<Service | undefined> {
  const { clock, random } = context;
  const { entries } = await readHistory(config.stateDir);
  const started = await startService({
    config: { ...config, clusters: config.clusters.map(observing) },
    maker: await context.loadMaker(),
    clock,
    random,
    remembered: (cluster) => rememberedFrom(entries, cluster),
    onRecord: () => {},
    onChange,
    onWarning: printTo(context),
    onBug: endOn(context),
  });
  if (started.kind === 'started') return started.service;
  complainOfAll(context, started.failures);
  return undefined;
}

/** Gives one command to its own runtime, and notes it in the history; a dry run writes nothing. */
export async function actOnce(
  context: CommandContext,
  config: LoadedConfig,
  cluster: LoadedCluster,
  command: Command,
): Promise<Answer | undefined> {
  const { clock, random } = context;
  const maker = await context.loadMaker();
  const { settings } = withoutFence(cluster);
  const opened = await openNameservers(
    onlyClusters(config, [cluster]).nameservers.values(),
    new Map(),
    maker,
    printTo(context),
  );
  if (opened.kind === 'failed') {
    complainOfAll(context, opened.failures);
    return undefined;
  }
  opened.warnings.forEach(printTo(context));
  const dry = command.kind === 'follow' && command.dryRun;
  const past = dry
    ? await readPast(config, settings.cluster)
    : await openPast(context, config, settings.cluster);
  const prober = maker.prober(cluster);
  const hooks = hooksOf(context, config, past);
  const runtime = createClusterRuntime({
    settings: dry ? observing(cluster).settings : settings,
    remembered: past.remembered,
    prober,
    zoneClients: clientsOf(cluster, opened.nameservers),
    clock,
    random,
    onRecord(entry) {
      past.append(entry);
      if (!dry) hooks.take(entry);
    },
    onBug: endOn(context),
  });
  try {
    runtime.start();
    // Before any answer arrives, so that the command is judged before an automatic move.
    return await runtime.command(command);
  } finally {
    await runtime.stop();
    await hooks.finished(Math.max(0, Math.min(hooksMs, (context.hooksBy ?? Infinity) - clock.mono())));
    await hooks.stop();
    await prober.close();
    await Promise.all([...opened.nameservers.values()].map(({ client }) => client.close()));
    await past.close();
  }
}

/** Only those of moves: the alarms of a command would never be over. */
const hooksOf = (context: CommandContext, config: LoadedConfig, past: Past): Hooks =>
  createHooks({
    config: { ...config, hooks: { ...config.hooks, onAlarm: [] } },
    clock: context.clock,
    random: context.random,
    // A hook has had its time: now it must end soon.
    limits: { stopMs: 0, graceMs: 300, afterKillMs: 100 },
    onRecord(entry) {
      past.append(entry);
      const { level, sentence } = describeEntry(entry);
      if (level !== 'info') context.terminal.err(`${sentence}\n`);
    },
    onBug: endOn(context),
  });

const observing = (cluster: LoadedCluster): LoadedCluster => ({
  ...cluster,
  settings: { ...cluster.settings, mode: 'observe' },
});

interface Past {
  readonly remembered: readonly Remembered[];
  append(entry: HistoryEntry): void;
  close(): Promise<void>;
}

async function readPast({ stateDir }: LoadedConfig, cluster: string): Promise<Past> {
  const { entries } = await readHistory(stateDir);
  return { remembered: rememberedFrom(entries, cluster), append: () => {}, close: async () => {} };
}

async function openPast(context: CommandContext, { stateDir }: LoadedConfig, cluster: string): Promise<Past> {
  const history: History = await openHistory({
    stateDir,
    onFailure(failure) {
      if (failure !== undefined) printTo(context)(failure);
    },
  });
  return { remembered: history.remembered(cluster), append: history.append, close: history.close };
}

const printTo =
  ({ terminal }: CommandContext) =>
  (failure: Failure): void =>
    terminal.err(failureText(failure));

const endOn =
  ({ terminal, exit }: CommandContext) =>
  (error: unknown): void => {
    terminal.err(`source-dns has a bug: ${error instanceof Error ? error.stack : String(error)}\n`);
    exit(1);
  };
