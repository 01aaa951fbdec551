/** `source-dns history [CLUSTER]`. */

import type { ConfigOutline } from '../config/loaded.ts';
import type { HistoryEntry } from '../core/model/events.ts';
import { historyFile, readHistory } from '../daemon/history.ts';
import type { HistoryDocument } from '../http/documents.ts';
import { askOwnDaemon } from './ask-daemon.ts';
import type { HistoryArguments } from './commands/history.ts';
import { complain } from './complain.ts';
import { findCluster, readOutline } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { isOfKind } from './history-kinds.ts';
import { historyText } from './history-text.ts';
import { createStyle } from './style.ts';
import { readTime } from './time-span.ts';

const daemonMs = 5000;

/** Prints every move and every hold, oldest first. */
export async function history(context: CommandContext, args: HistoryArguments): Promise<ExitCode> {
  const { terminal, json } = context;
  const { cluster } = args;
  const config = await readOutline(context);
  if (config === undefined) return exitCodes.usage;
  const file = await readHistory(config.stateDir);
  const recent = file.failure === undefined ? undefined : await recentOfDaemon(config);
  if (file.failure !== undefined && recent === undefined) {
    complain(context, file.failure);
    return exitCodes.failed;
  }
  if (recent !== undefined && !json)
    terminal.err(`${historyFile(config.stateDir)} cannot be read: only what the daemon has in memory\n`);
  const all = recent ?? file.entries;
  const ofCluster = cluster === undefined ? all : all.filter((entry) => entry.cluster === cluster);
  // A cluster that is no longer configured may still have a history.
  if (cluster !== undefined && ofCluster.length === 0 && findCluster(config, cluster, context) === undefined)
    return exitCodes.usage;
  const entries = chosen(ofCluster, args, context.clock.wall());
  if (json) terminal.out(`${JSON.stringify({ entries } satisfies HistoryDocument)}\n`);
  else if (entries.length > 0)
    terminal.out(historyText(entries, createStyle(terminal.colours), { all: ofCluster }));
  else terminal.err(emptyText(ofCluster.length, config));
  return exitCodes.done;
}

/** In the order of the file: a clock that is set back does not mix the entries up. */
function chosen(
  entries: readonly HistoryEntry[],
  { since, until, kinds, limit }: HistoryArguments,
  now: number,
): readonly HistoryEntry[] {
  const [from, to] = [since, until].map((text) => (text === undefined ? undefined : readTime(text, now)));
  const found = entries.filter((entry) => {
    const at = Date.parse(entry.at);
    if (typeof from === 'number' && at < from) return false;
    if (typeof to === 'number' && at >= to) return false;
    return kinds === undefined || kinds.some((kind) => isOfKind(entry, kind));
  });
  return limit === undefined ? found : found.slice(-limit);
}

/** To standard error: a script that counts lines gets none. */
const emptyText = (others: number, { stateDir }: ConfigOutline): string =>
  others > 0
    ? `none of the ${others} entries in ${historyFile(stateDir)} is what you asked for\n`
    : `no history in ${stateDir}; if a daemon of another user runs, set the same state_dir in the configuration for both\n`;

/** The file has everything, but the daemon's newest entries are better than nothing. */
async function recentOfDaemon(config: ConfigOutline): Promise<readonly HistoryEntry[] | undefined> {
  const entries: HistoryEntry[] = [];
  for (const { settings } of config.clusters) {
    const path = `/v1/clusters/${encodeURIComponent(settings.cluster)}/history`;
    const result = await askOwnDaemon(config.stateDir, {
      method: 'GET',
      path,
      timeoutMs: daemonMs,
    });
    if (result.kind !== 'document') return undefined;
    entries.push(...(result.body as HistoryDocument).entries);
  }
  return entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}
