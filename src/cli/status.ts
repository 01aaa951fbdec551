/** `source-dns status [CLUSTER] [--watch]`. */

import type { ClusterDocument } from '../http/documents.ts';
import type { StatusArguments } from './commands/status.ts';
import { findCluster, onlyClusters, readConfiguration } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { exitCodeOfLook, type Look, type Looker, openLooker } from './look.ts';
import { statusText } from './snapshot-text.ts';
import { createStyle } from './style.ts';

const redrawMs = 1000;
/** ECMA-48: cursor home; erase to the end of the screen. Erasing after the text does not flicker. */
const home = '\u001b[H';
const eraseBelow = '\u001b[J';
const eraseLine = '\u001b[K\n';

/** Prints what DNS says, the decision and every server. */
export async function status(
  context: CommandContext,
  { cluster, watch }: StatusArguments,
): Promise<ExitCode> {
  const config = await readConfiguration(context);
  if (config === undefined) return exitCodes.usage;
  const chosen = cluster === undefined ? undefined : findCluster(config, cluster, context);
  if (cluster !== undefined && chosen === undefined) return exitCodes.usage;
  const looker = await openLooker(
    context,
    onlyClusters(config, chosen === undefined ? config.clusters : [chosen]),
    cluster,
  );
  if (looker === undefined) return exitCodes.usage;
  try {
    return watch
      ? await watchClusters(context, looker, cluster !== undefined)
      : printLook(context, await looker.look(), cluster !== undefined);
  } finally {
    await looker.close();
  }
}

function printLook(context: CommandContext, look: Look, one: boolean): ExitCode {
  if (look.kind === 'failed') {
    context.terminal.err(look.text);
    return look.exitCode;
  }
  context.terminal.out(rendered(context, look.documents, one));
  return exitCodeOfLook(look.documents);
}

function rendered(
  { json, terminal }: CommandContext,
  documents: readonly ClusterDocument[],
  one: boolean,
): string {
  if (json) return `${JSON.stringify(one ? documents[0] : { clusters: documents })}\n`;
  const style = createStyle(terminal.colours);
  return documents.map((document) => statusText(document, style)).join('\n');
}

async function watchClusters(context: CommandContext, looker: Looker, one: boolean): Promise<ExitCode> {
  const { clock, terminal } = context;
  let stopped = false;
  let wake: () => void = () => {};
  const stop = (): void => {
    stopped = true;
    wake();
  };
  const forget = [context.onSignal('SIGINT', stop), context.onSignal('SIGTERM', stop)];
  const redraw = terminal.interactive && !context.json;
  try {
    while (!stopped && !terminal.closed()) {
      const look = await looker.look();
      // A daemon that restarts is away for a moment: keep looking.
      const text = look.kind === 'failed' ? look.text : rendered(context, look.documents, one);
      if (redraw) terminal.out(`${home}${text.replaceAll('\n', eraseLine)}${eraseBelow}`);
      else if (look.kind === 'failed') terminal.err(text);
      else terminal.out(context.json ? text : `${text}\n`);
      await new Promise<void>((resolve) => {
        const cancel = clock.after(stopped ? 0 : redrawMs, resolve);
        wake = () => {
          cancel();
          resolve();
        };
      });
    }
  } finally {
    for (const off of forget) off();
  }
  return exitCodes.done;
}
