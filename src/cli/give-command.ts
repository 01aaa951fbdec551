/** Gives a command to the daemon, or does it itself if no daemon runs. The ledger makes both safe. */

import type { LoadedCluster, LoadedConfig } from '../config/loaded.ts';
import type { Answer, Command } from '../core/model/events.ts';
import type { ServerAddress } from '../core/model/units.ts';
import { commandTimeoutMs } from '../daemon/command-desk.ts';
import type { ApiResult } from '../http/client.ts';
import { answerText } from './answer-text.ts';
import { askOwnDaemon } from './ask-daemon.ts';
import { complain, complainOfUsage } from './complain.ts';
import { findCluster, readOutline, readSecrets } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { type ExitCode, exitCodeOf, exitCodeOfProblem, exitCodes } from './exit-code.ts';
import { problemText } from './failure-text.ts';
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
  const outline = await readOutline(context);
  const known = outline && findCluster(outline, clusterName, context);
  if (outline === undefined || known === undefined) return exitCodes.usage;
  const command = make(known.settings.servers.map(({ address }) => address));
  if (command.kind === 'usage') {
    complainOfUsage(context, command.sentence);
    return exitCodes.usage;
  }
  const { kind, ...body } = command;
  const result = await askOwnDaemon(outline.stateDir, {
    method: 'POST',
    path: `/v1/clusters/${encodeURIComponent(clusterName)}/${kind}`,
    body,
    timeoutMs: commandTimeoutMs(known.settings) + daemonSlackMs,
  });
  if (result.kind !== 'no-daemon') return tellResult(context, result);
  const config = await readSecrets(context, outline);
  const cluster = config && findCluster(config, clusterName, context);
  return config === undefined || cluster === undefined
    ? exitCodes.usage
    : actAlone(context, config, cluster, command);
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
      complain(context, result.failure);
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
  const { actOnce } = await import('./one-shot.ts');
  const answer = await actOnce(context, config, cluster, command);
  return answer === undefined ? exitCodes.usage : tellAnswer(context, answer);
}
