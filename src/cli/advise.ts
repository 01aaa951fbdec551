/** `source-dns advise CLUSTER [--to AIM] [--server SERVER]`. */

import type { ConfigOutline } from '../config/loaded.ts';
import type { Failure } from '../core/model/observation.ts';
import { findServer } from '../daemon/find-server.ts';
import { type AdviceDocument, adviceDocument } from '../http/documents.ts';
import { adviceText } from './advice-text.ts';
import { askOwnDaemon } from './ask-daemon.ts';
import type { AdviseArguments } from './commands/advise.ts';
import { complain } from './complain.ts';
import { findCluster, onlyClusters, readOutline, readSecrets } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { type ExitCode, exitCodeOfProblem, exitCodes } from './exit-code.ts';
import { proseColumns } from './explain-text.ts';
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
  const outline = await readOutline(context);
  if (outline === undefined || findCluster(outline, wanted.cluster, context) === undefined)
    return exitCodes.usage;
  const asked = (await askTheDaemon(context, outline, wanted)) ?? (await lookAlone(context, outline, wanted));
  if (asked.kind === 'failed') return asked.exitCode;
  print(context, asked.document);
  return asked.document.kind === 'refused' ? exitCodes.held : exitCodes.done;
}

function print({ terminal, json }: CommandContext, document: AdviceDocument): void {
  const columns = proseColumns(terminal.columns);
  const style = createStyle(terminal.colours);
  if (json) terminal.out(`${JSON.stringify(document)}\n`);
  else if (document.kind === 'refused') terminal.err(adviceText(document, style, columns));
  else terminal.out(adviceText(document, style, columns));
}

/** Undefined: no daemon runs. */
async function askTheDaemon(
  context: CommandContext,
  { stateDir }: ConfigOutline,
  { cluster, aim, server }: AdviseArguments,
): Promise<Asked | undefined> {
  const query = new URLSearchParams({
    ...(aim !== undefined && { to: aim }),
    ...(server !== undefined && { server }),
  });
  const result = await askOwnDaemon(stateDir, {
    method: 'GET',
    path: `/v1/clusters/${encodeURIComponent(cluster)}/advice?${query}`,
    timeoutMs: daemonMs,
  });
  switch (result.kind) {
    case 'no-daemon':
      return undefined;
    case 'problem': {
      const { code, detail: message, hint } = result.problem;
      const failure = { code, message, ...(hint !== undefined && { hint }) };
      return tell(context, failure, exitCodeOfProblem(result.problem));
    }
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

function tell(context: CommandContext, failure: Failure, exitCode: ExitCode): Asked {
  complain(context, failure);
  return { kind: 'failed', exitCode };
}

/** Asks the servers and the nameserver itself. */
async function lookAlone(
  context: CommandContext,
  outline: ConfigOutline,
  wanted: AdviseArguments,
): Promise<Asked> {
  const config = await readSecrets(context, outline);
  const cluster = config && findCluster(config, wanted.cluster, context);
  const observer = config && cluster && (await observeOnce(context, onlyClusters(config, [cluster])));
  if (observer === undefined) return { kind: 'failed', exitCode: exitCodes.usage };
  try {
    const snapshot = observer.snapshot(wanted.cluster);
    const found =
      wanted.server === undefined
        ? undefined
        : findServer(wanted.server, snapshot?.servers.map(({ server }) => server) ?? []);
    if (found?.kind === 'not-found')
      return tell(context, { code: 'unknown-server', message: found.sentence }, exitCodes.usage);
    const unread = snapshot?.publications[0]?.readFailure;
    if (unread) return tell(context, unread, exitCodes.unreachable);
    const advice = observer.advice(wanted.cluster, { aim: wanted.aim, server: found?.server });
    if (advice === undefined) throw new Error(`the observer has no cluster ${wanted.cluster}`);
    return { kind: 'document', document: adviceDocument(wanted.cluster, advice) };
  } finally {
    await observer.stop();
  }
}
