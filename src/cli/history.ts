/** `source-dns history [CLUSTER]`. */

import type { LoadedConfig } from '../config/loaded.ts';
import type { HistoryEntry } from '../core/model/events.ts';
import { readHistory } from '../daemon/history.ts';
import { askDaemon } from '../http/client.ts';
import type { HistoryDocument } from '../http/documents.ts';
import { apiSocketPath } from '../http/unix-socket.ts';
import type { OptionalCluster } from './commands/operands.ts';
import { findCluster, readConfiguration } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { failureText } from './failure-text.ts';
import { historyText } from './history-text.ts';
import { createStyle } from './style.ts';

const daemonMs = 5000;

/** Prints every move and every hold, oldest first. */
export async function history(context: CommandContext, { cluster }: OptionalCluster): Promise<ExitCode> {
  const { terminal, json } = context;
  const config = await readConfiguration(context);
  if (config === undefined) return exitCodes.usage;
  const file = await readHistory(config.stateDir);
  const all = file.failure === undefined ? file.entries : await recentOfDaemon(config);
  if (all === undefined) {
    if (file.failure !== undefined) terminal.err(failureText(file.failure));
    return exitCodes.failed;
  }
  const entries = cluster === undefined ? all : all.filter((entry) => entry.cluster === cluster);
  // A cluster that is no longer configured may still have a history.
  if (cluster !== undefined && entries.length === 0 && findCluster(config, cluster, context) === undefined)
    return exitCodes.usage;
  terminal.out(
    json
      ? `${JSON.stringify({ entries } satisfies HistoryDocument)}\n`
      : historyText(entries, createStyle(terminal.colours)),
  );
  return exitCodes.done;
}

/** The file has everything, but the daemon's newest entries are better than nothing. */
async function recentOfDaemon(config: LoadedConfig): Promise<readonly HistoryEntry[] | undefined> {
  const entries: HistoryEntry[] = [];
  for (const { settings } of config.clusters) {
    const path = `/v1/clusters/${encodeURIComponent(settings.cluster)}/history`;
    const result = await askDaemon(apiSocketPath(config.stateDir), {
      method: 'GET',
      path,
      timeoutMs: daemonMs,
    });
    if (result.kind !== 'document') return undefined;
    entries.push(...(result.body as HistoryDocument).entries);
  }
  return entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}
