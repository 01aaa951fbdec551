/** `source-dns explain CLUSTER`. */

import type { ClusterArgument } from './commands/operands.ts';
import { findCluster, onlyClusters, readConfiguration } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { explainText } from './explain-text.ts';
import { exitCodeOfLook, openLooker } from './look.ts';

import { createStyle } from './style.ts';

/** Prints the decision and the evidence, server by server. */
export async function explain(context: CommandContext, { cluster }: ClusterArgument): Promise<ExitCode> {
  const { terminal, json } = context;
  const config = await readConfiguration(context);
  const chosen = config && findCluster(config, cluster, context);
  if (config === undefined || chosen === undefined) return exitCodes.usage;
  const looker = await openLooker(context, onlyClusters(config, [chosen]), cluster);
  if (looker === undefined) return exitCodes.usage;
  try {
    const look = await looker.look();
    if (look.kind === 'failed') {
      terminal.err(look.text);
      return look.exitCode;
    }
    const style = createStyle(terminal.colours);
    for (const document of look.documents)
      terminal.out(json ? `${JSON.stringify(document)}\n` : explainText(document, style));
    return exitCodeOfLook(look.documents);
  } finally {
    await looker.close();
  }
}
