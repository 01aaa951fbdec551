/** `source-dns status [CLUSTER] [--watch | --check]`. */

import type { ConfigOutline } from '../config/loaded.ts';
import { type Check, checkOf } from './check-line.ts';
import type { StatusArguments } from './commands/status.ts';
import { complain } from './complain.ts';
import { findCluster, readOutline } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { daemonText } from './daemon-text.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { failureText } from './failure-text.ts';
import { exitCodeOfLook, type Look, type Looker, lookAtDaemon, openLooker } from './look.ts';
import { statusText } from './snapshot-text.ts';
import { createStyle, printable } from './style.ts';
import { wrapped } from './wrap.ts';

const redrawMs = 1000;
/** ECMA-48: cursor home; erase to the end of the screen. Erasing after the text does not flicker. */
const home = '\u001b[H';
const endOfColours = '\u001b[0m';
const eraseBelow = '\u001b[J';
const eraseLine = '\u001b[K\n';

/** Prints what DNS says, the decision and every server. */
export async function status(
  context: CommandContext,
  { cluster, watch, check }: StatusArguments,
): Promise<ExitCode> {
  const config = await readOutline(context);
  if (config === undefined) return exitCodes.usage;
  if (cluster !== undefined && findCluster(config, cluster, context) === undefined) return exitCodes.usage;
  if (check) return checkOnce(context, config, cluster);
  const looker = await openLooker(context, config, cluster);
  if (looker === undefined) return exitCodes.usage;
  try {
    return watch
      ? await watchClusters(context, looker, cluster !== undefined)
      : printLook(context, await looker.look(), cluster !== undefined);
  } finally {
    await looker.close();
  }
}

/** For monitoring: one line, and no question to any server. */
async function checkOnce(
  { terminal, json }: CommandContext,
  config: ConfigOutline,
  cluster: string | undefined,
): Promise<ExitCode> {
  const check: Check = checkOf(await lookAtDaemon(config, cluster), config.stateDir);
  terminal.out(json ? `${JSON.stringify(check)}\n` : `${printable(check.sentence)}\n`);
  return check.exitCode;
}

function printLook(context: CommandContext, look: Look, one: boolean): ExitCode {
  if (look.kind === 'failed') {
    complain(context, look.failure);
    return look.exitCode;
  }
  context.terminal.out(rendered(context, look, one));
  return exitCodeOfLook(look.documents);
}

function rendered(
  { json, terminal, clock }: CommandContext,
  { documents, daemon }: Extract<Look, { readonly kind: 'seen' }>,
  one: boolean,
): string {
  if (json) return `${JSON.stringify(one ? { ...documents[0], daemon } : { daemon, clusters: documents })}\n`;
  const style = createStyle(terminal.colours);
  const { columns } = terminal;
  const head = daemonText(daemon, clock.wall(), style);
  const text = documents.map((document) => statusText(document, style, columns)).join('\n');
  return `${columns === undefined ? head : wrapped(head, columns)}${text}`;
}

async function watchClusters(context: CommandContext, looker: Looker, one: boolean): Promise<ExitCode> {
  const { clock } = context;
  let stopped = false;
  let wake: () => void = () => {};
  const stop = (): void => {
    stopped = true;
    wake();
  };
  const forget = [context.onSignal('SIGINT', stop), context.onSignal('SIGTERM', stop)];
  try {
    while (!stopped && !context.terminal.closed()) {
      show(context, await looker.look(), one);
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

/** A daemon that restarts is away for a moment: that ends nothing. */
function show(context: CommandContext, look: Look, one: boolean): void {
  const { terminal, json } = context;
  if (json && look.kind === 'failed') {
    complain(context, look.failure);
    return;
  }
  const text = look.kind === 'failed' ? failureText(look.failure) : rendered(context, look, one);
  if (terminal.interactive && !json) {
    const lines = text.trimEnd().split('\n').slice(0, screenLines(terminal.rows));
    // The last line that fits may be in the middle of a colour.
    const plain = terminal.colours ? endOfColours : '';
    terminal.out(`${home}${lines.map((line) => `${line}${eraseLine}`).join('')}${plain}${eraseBelow}`);
  } else if (look.kind === 'failed') terminal.err(text);
  else terminal.out(json ? text : `${text}\n`);
}

/** The last line of the screen stays free for the cursor; more lines would scroll the first ones away. */
const screenLines = (rows: number | undefined): number | undefined =>
  rows === undefined || rows < 2 ? undefined : rows - 1;
