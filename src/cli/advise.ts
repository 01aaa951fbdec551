/** `source-dns advise CLUSTER [--to AIM] [--server SERVER]`. */

import type { LoadedCluster, LoadedConfig } from '../config/loaded.ts';
import type { Failure } from '../core/model/observation.ts';
import { findServer } from '../daemon/find-server.ts';
import { askDaemon } from '../http/client.ts';
import { type AdviceDocument, adviceDocument } from '../http/documents.ts';
import { apiSocketPath } from '../http/unix-socket.ts';
import { adviceSql, adviceText } from './advice-text.ts';
import type { AdviseArguments } from './commands/advise.ts';
import { findCluster, onlyClusters, readConfiguration } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { type ExitCode, exitCodeOfProblem, exitCodes } from './exit-code.ts';
import { failureText, problemText } from './failure-text.ts';
import { observeOnce } from './observe-once.ts';
import { createStyle } from './style.ts';

/** The daemon answers from memory. */
const daemonMs = 5000;

type Asked =
  | { readonly kind: 'document'; readonly document: AdviceDocument }
  /** Told already. */
  | { readonly kind: 'failed'; readonly exitCode: ExitCode };

/** Prints a procedure for a person. Executes nothing. */
export async function advise(context: CommandContext, wanted: AdviseArguments): Promise<ExitCode> {
  const config = await readConfiguration(context);
  const cluster = config && findCluster(config, wanted.cluster, context);
  if (config === undefined || cluster === undefined) return exitCodes.usage;
  const asked =
    (await askTheDaemon(context, config, wanted)) ?? (await lookAlone(context, cluster, { config, wanted }));
  if (asked.kind === 'failed') return asked.exitCode;
  const { document } = asked;
  const { terminal, json } = context;
  if (json) terminal.out(`${JSON.stringify(document)}\n`);
  else if (document.kind === 'refused') terminal.err(adviceText(document, createStyle(false)));
  else if (wanted.sql) terminal.out(adviceSql(document));
  else terminal.out(adviceText(document, createStyle(terminal.colours)));
  return document.kind === 'refused' ? exitCodes.held : exitCodes.done;
}

/** Undefined: no daemon runs. */
async function askTheDaemon(
  context: CommandContext,
  { stateDir }: LoadedConfig,
  { cluster, aim, server }: AdviseArguments,
): Promise<Asked | undefined> {
  const query = new URLSearchParams({
    ...(aim !== undefined && { to: aim }),
    ...(server !== undefined && { server }),
  });
  const result = await askDaemon(apiSocketPath(stateDir), {
    method: 'GET',
    path: `/v1/clusters/${encodeURIComponent(cluster)}/advice?${query}`,
    timeoutMs: daemonMs,
  });
  switch (result.kind) {
    case 'no-daemon':
      return undefined;
    case 'problem':
      context.terminal.err(problemText(result.problem));
      return { kind: 'failed', exitCode: exitCodeOfProblem(result.problem) };
    case 'failed':
      return tell(context, result.failure, exitCodes.failed);
    case 'document':
      return isAdvice(result.body)
        ? { kind: 'document', document: result.body }
        : tell(
            context,
            {
              code: 'daemon-unusable',
              message: 'the daemon answers in a form that this version does not know',
            },
            exitCodes.failed,
          );
  }
}

const isAdvice = (value: unknown): value is AdviceDocument =>
  typeof value === 'object' &&
  value !== null &&
  ['procedures', 'refused', 'nothing'].includes(String((value as Record<string, unknown>)['kind']));

function tell({ terminal }: CommandContext, failure: Failure, exitCode: ExitCode): Asked {
  terminal.err(failureText(failure));
  return { kind: 'failed', exitCode };
}

/** Asks the servers and the nameserver itself. */
async function lookAlone(
  context: CommandContext,
  cluster: LoadedCluster,
  { config, wanted }: { readonly config: LoadedConfig; readonly wanted: AdviseArguments },
): Promise<Asked> {
  const observer = await observeOnce(context, onlyClusters(config, [cluster]));
  if (observer === undefined) return { kind: 'failed', exitCode: exitCodes.usage };
  try {
    const snapshot = observer.snapshot(wanted.cluster);
    const found =
      wanted.server === undefined
        ? undefined
        : findServer(wanted.server, snapshot?.servers.map(({ server }) => server) ?? []);
    if (found?.kind === 'not-found')
      return tell(context, { code: 'unknown-server', message: found.sentence }, exitCodes.usage);
    const unread = snapshot?.publications.find(({ readFailure }) => readFailure !== null)?.readFailure;
    if (unread) return tell(context, unread, exitCodes.unreachable);
    const advice = observer.advice(wanted.cluster, { aim: wanted.aim, server: found?.server });
    if (advice === undefined) throw new Error(`the observer has no cluster ${wanted.cluster}`);
    return { kind: 'document', document: adviceDocument(wanted.cluster, advice) };
  } finally {
    await observer.stop();
  }
}
