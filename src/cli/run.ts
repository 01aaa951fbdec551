/** `source-dns run`: the daemon. */

import type { LoadedConfig } from '../config/loaded.ts';
import type { HistoryEntry } from '../core/model/events.ts';
import type { Failure } from '../core/model/observation.ts';
import { boundHeap } from '../daemon/heap.ts';
import { type History, openHistory } from '../daemon/history.ts';
import { createHooks, type Hooks } from '../daemon/hooks/hooks.ts';
import { createLog, type Log } from '../daemon/log.ts';
import { createNotifier } from '../daemon/notify-systemd.ts';
import { type Service, startService } from '../daemon/service.ts';
import { prepareStateDir } from '../daemon/state-dir.ts';
import { statusLine } from '../daemon/status-line.ts';
import { shareDocument } from '../http/documents.ts';
import { type ApiServer, startApi } from '../http/server.ts';
import { apiSocketPath } from '../http/unix-socket.ts';
import { sayApiAddress } from './api-address.ts';
import { apiPlugins } from './api-plugins.ts';
import { complain, complainOfAll } from './complain.ts';
import { readConfiguration } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { type DaemonMetrics, openDaemonMetrics } from './daemon-metrics.ts';
import { type DaemonNotes, openDaemonNotes } from './daemon-notes.ts';
import { shareText } from './daemon-text.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { createReloader } from './reload.ts';

/** Updates have deadlines of seconds; this is for an adapter that does not end. */
const stopLimitMs = 30_000;

interface Daemon {
  readonly config: LoadedConfig;
  readonly log: Log;
  readonly history: History;
  readonly api: ApiServer;
  readonly service: Service;
  readonly hooks: Hooks;
  readonly notes: DaemonNotes;
  readonly metrics: DaemonMetrics;
}

/** Runs until SIGTERM or SIGINT; a second signal ends it at once. */
export async function run(context: CommandContext): Promise<ExitCode> {
  const signals = listenToSignals(context);
  boundHeap();
  const config = await readConfiguration(context);
  if (config === undefined) return exitCodes.usage;
  const log = createLog(config.logLevel);
  const onBug = (error: unknown): void => {
    log.fatal(error);
    // The supervisor starts a new process; this one has only half a state.
    context.exit(exitCodes.failed);
  };
  const { clock, supervisor } = context;
  const notifier = createNotifier({ clock, supervisor, onWarning: (failure) => log.fail('warn', failure) });
  const daemon = await startDaemon(context, config, log, onBug);
  if (typeof daemon === 'number') return daemon;
  const { service } = daemon;
  // Not only when a nameserver has answered: the start of the host must not wait for another host.
  notifier.ready({
    status: () => statusLine(service.clusters().flatMap((name) => service.snapshot(name) ?? [])),
    overdueMs: () => service.overdueMs(),
  });
  log.say('info', 'started', `source-dns watches ${watchedText(config)} as ${config.instance}`);
  const reactions = {
    onTaken(next: LoadedConfig): void {
      daemon.notes.use(next);
      daemon.hooks.replace(next);
      daemon.metrics.use(next);
    },
    onRefused: () => daemon.metrics.use(undefined),
    onBug,
  };
  signals.reloadWith(createReloader({ ...daemon, ...reactions, notifier, load: context.load }));
  await signals.stopped;
  const [code] = await Promise.all([stopDaemon(context, daemon), notifier.stopping()]);
  return code;
}

function watchedText(config: LoadedConfig): string {
  const share = shareDocument(config);
  return share === undefined
    ? config.clusters.map(({ settings }) => settings.cluster).join(', ')
    : shareText(share);
}

/** An exit code: the start failed, and the reason is printed. */
async function startDaemon(
  context: CommandContext,
  config: LoadedConfig,
  log: Log,
  onBug: (error: unknown) => void,
): Promise<Daemon | ExitCode> {
  const { clock, random } = context;
  const maker = await context.loadMaker();
  for (const warning of config.warnings) log.say('warn', 'config-warning', warning);
  const stateDir = await prepareStateDir(config.stateDir);
  if (stateDir.kind === 'failed') {
    complain(context, stateDir.failure);
    return exitCodes.failed;
  }
  if (stateDir.warning !== undefined) log.fail('warn', stateDir.warning);
  // First, because it shows whether another daemon uses this state directory.
  const api = await openApi(config, log);
  if ('code' in api) {
    complain(context, api);
    return api.code === 'socket-path-too-long' ? exitCodes.usage : exitCodes.failed;
  }
  const history = await openHistory({
    stateDir: config.stateDir,
    onFailure(failure) {
      if (failure === undefined) log.say('info', 'history-written-again', 'the history can be written again');
      else log.fail('warn', failure);
    },
  });
  const metrics = await openDaemonMetrics({ ...context, maker }, config);
  const record = (entry: HistoryEntry): void => {
    log.record(entry);
    history.append(entry);
    metrics.record(entry);
    api.tell(entry);
  };
  const hooks = createHooks({ config, clock, random, onRecord: record, onBug });
  const notes = openDaemonNotes(context, { config, stateDir: stateDir.warning, log });
  const started = await startService({
    config,
    maker,
    clock,
    random,
    remembered: history.remembered,
    onRecord(entry) {
      record(entry);
      hooks.take(entry);
    },
    onWarning: (failure) => log.fail('warn', failure),
    onOverload: notes.overloaded,
    onBug,
  });
  if (started.kind === 'failed') {
    complainOfAll(context, started.failures);
    notes.stop();
    metrics.stop();
    await Promise.all([api.close(), history.close()]);
    return exitCodes.usage;
  }
  const { service } = started;
  api.serve({
    daemon: notes.document,
    clusters: () => service.clusters(),
    elsewhere: (cluster) => service.elsewhere(cluster),
    snapshot: (cluster) => service.snapshot(cluster),
    advice: (cluster, wish) => service.advice(cluster, wish),
    history: (cluster) => history.recent(cluster),
    known: () => service.known(),
    metrics: () => metrics.scrape(service),
    note: (level, sentence) => log.say(level, 'hook', sentence),
    command: (cluster, command) => service.command(cluster, command),
  });
  return { config, log, history, api, service, hooks, notes, metrics };
}

/** The API on the unix socket, and over TCP if the configuration says so. */
async function openApi(config: LoadedConfig, log: Log): Promise<ApiServer | Failure> {
  const api = await startApi({
    socketPath: apiSocketPath(config.stateDir),
    plugins: apiPlugins,
    // A page that cannot be shown is no reason to stop following the source.
    onBug: (error) =>
      log.say('error', 'api-bug', 'source-dns has a bug: a request could not be answered', {
        stack: String(error instanceof Error ? error.stack : error),
      }),
    onWrongToken: (sentence) => log.say('warn', 'api-wrong-token', sentence),
  });
  if (api.kind === 'failed') return api.failure;
  const tcp = await api.server.prepareTcp(config.http);
  if (tcp.kind === 'prepared') {
    await tcp.use();
    sayApiAddress(api.server, log);
    return api.server;
  }
  await api.server.close();
  return tcp.failure;
}

interface Signals {
  /** Resolves at the first SIGTERM or SIGINT. */
  readonly stopped: Promise<void>;
  /** The action of SIGHUP from now on; runs at once if the signal has already come. */
  reloadWith(reload: () => void): void;
}

/** Called before the start: an early signal is not lost, and does not end the process. */
function listenToSignals(context: CommandContext): Signals {
  let reload: (() => void) | undefined;
  let isReloadAskedFor = false;
  context.onSignal('SIGHUP', () => {
    isReloadAskedFor = true;
    reload?.();
  });
  const stopped = new Promise<void>((resolve) => {
    let asked = false;
    const onSignal = (): void => {
      if (asked) context.exit(exitCodes.failed);
      asked = true;
      resolve();
    };
    context.onSignal('SIGTERM', onSignal);
    context.onSignal('SIGINT', onSignal);
  });
  return {
    stopped,
    reloadWith(given) {
      reload = given;
      if (isReloadAskedFor) given();
    },
  };
}

async function stopDaemon(
  { clock }: CommandContext,
  { log, service, hooks, api, history, notes, metrics }: Daemon,
): Promise<ExitCode> {
  log.say('info', 'stopping', 'source-dns finishes the updates in flight');
  let cancel: () => void = () => {};
  const limit = new Promise<'late'>((resolve) => {
    cancel = clock.after(stopLimitMs, () => resolve('late'));
  });
  notes.stop();
  metrics.stop();
  const end = async (): Promise<'stopped'> => {
    // In this order, clients still get the last answers, and the file the last records.
    await service.stop();
    await hooks.stop();
    await api.close();
    await history.close();
    return 'stopped';
  };
  const ended = await Promise.race([end(), limit]);
  cancel();
  if (ended === 'stopped') log.say('info', 'stopped', 'source-dns has stopped');
  else
    log.say(
      'error',
      'stop-late',
      `source-dns did not stop within ${stopLimitMs} ms; the updates in flight may or may not be applied`,
    );
  await log.flush();
  return ended === 'stopped' ? exitCodes.done : exitCodes.failed;
}
