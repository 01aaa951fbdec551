/** Gives a command to the daemon, or does it itself if no daemon runs. The ledger makes both safe. */

import type { LoadedCluster, LoadedConfig } from '../config/loaded.ts';
import type { Answer, Command } from '../core/model/events.ts';
import type { ServerAddress } from '../core/model/units.ts';
import { commandTimeoutMs } from '../daemon/command-desk.ts';
import type { ApiResult } from '../http/api-result.ts';
import { askDaemon } from '../http/client.ts';
import { apiSocketPath } from '../http/socket-path.ts';
import { answerText } from './answer-text.ts';
import { findCluster, readConfiguration } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { type ExitCode, exitCodeOf, exitCodeOfProblem, exitCodes } from './exit-code.ts';
import { failureText, problemText } from './failure-text.ts';
import { actOnce } from './one-shot.ts';
import { createStyle } from './style.ts';

/** The daemon answers within this time plus the time of the command. */
const daemonSlackMs = 2000;

/** Makes the command once the servers of the cluster are known, or explains a usage error. */
type MakeCommand = (
  servers: readonly ServerAddress[],
) => Command | { readonly kind: 'usage'; readonly sentence: string };

/** Prints the answer of every publication; the exit code is that of the worst. */
export async function giveCommand(
  context: CommandContext,
  clusterName: string,
  make: MakeCommand,
): Promise<ExitCode> {
  const config = await readConfiguration(context);
  const cluster = config && findCluster(config, clusterName, context);
  if (config === undefined || cluster === undefined) return exitCodes.usage;
  const command = make(cluster.settings.servers.map(({ address }) => address));
  if (command.kind === 'usage') {
    context.terminal.err(`${command.sentence}\n`);
    return exitCodes.usage;
  }
  const { kind, ...body } = command;
  const result = await askDaemon(apiSocketPath(config.stateDir), {
    method: 'POST',
    path: `/v1/clusters/${encodeURIComponent(clusterName)}/${kind}`,
    body,
    timeoutMs: commandTimeoutMs(cluster.settings) + daemonSlackMs,
  });
  return result.kind === 'no-daemon'
    ? actAlone(context, config, cluster, command)
    : tellResult(context, result);
}

function tellResult(
  context: CommandContext,
  result: Exclude<ApiResult, { readonly kind: 'no-daemon' }>,
): ExitCode {
  const { terminal, json } = context;
  switch (result.kind) {
    case 'document':
      return tellAnswer(context, result.body as Answer);
    case 'problem': {
      const { problem } = result;
      if (problem.results !== undefined) return tellAnswer(context, { results: problem.results });
      if (json) terminal.out(`${JSON.stringify(problem)}\n`);
      else terminal.err(problemText(problem));
      return exitCodeOfProblem(problem);
    }
    case 'failed':
      terminal.err(failureText(result.failure));
      return exitCodes.failed;
  }
}

function tellAnswer({ terminal, json }: CommandContext, answer: Answer): ExitCode {
  terminal.out(json ? `${JSON.stringify(answer)}\n` : answerText(answer, createStyle(terminal.colours)));
  return exitCodeOf(answer);
}

async function actAlone(
  context: CommandContext,
  config: LoadedConfig,
  cluster: LoadedCluster,
  command: Command,
): Promise<ExitCode> {
  const answer = await actOnce(context, config, cluster, command);
  return answer === undefined ? exitCodes.usage : tellAnswer(context, answer);
}
