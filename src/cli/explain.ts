/** `source-dns explain CLUSTER`. */

import type { ClusterArgument } from './commands/operands.ts';
import { complain } from './complain.ts';
import { findCluster, readOutline } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { daemonText } from './daemon-text.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { explainText, proseColumns } from './explain-text.ts';
import { exitCodeOfLook, openLooker } from './look.ts';
import { createStyle } from './style.ts';
import { wrapped } from './wrap.ts';

/** Prints the decision and the evidence, server by server. */
export async function explain(context: CommandContext, { cluster }: ClusterArgument): Promise<ExitCode> {
  const { terminal, json, clock } = context;
  const config = await readOutline(context);
  if (config === undefined || findCluster(config, cluster, context) === undefined) return exitCodes.usage;
  const looker = await openLooker(context, config, cluster);
  if (looker === undefined) return exitCodes.usage;
  try {
    const look = await looker.look();
    if (look.kind === 'failed') {
      complain(context, look.failure);
      return look.exitCode;
    }
    const { documents, daemon } = look;
    const style = createStyle(terminal.colours);
    const columns = proseColumns(terminal.columns);
    if (!json) terminal.out(wrapped(daemonText(daemon, clock.wall(), style), columns));
    for (const document of documents)
      terminal.out(
        json ? `${JSON.stringify({ ...document, daemon })}\n` : explainText(document, style, columns),
      );
    return exitCodeOfLook(documents);
  } finally {
    await looker.close();
  }
}
