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
import { overviewText } from './overview-text.ts';
import { statusText } from './snapshot-text.ts';
import { createStyle, printable } from './style.ts';
import { widthOf } from './text-width.ts';
import { worstFirst } from './tone-style.ts';
import { wrapped } from './wrap.ts';

type Seen = Extract<Look, { readonly kind: 'seen' }>;

const redrawMs = 1000;
/** A look at a thousand clusters is work for the daemon: it rests for so many times as long. */
const restTimes = 4;
/** A cluster has more lines than this. */
const fewestLines = 5;
const failureLines = 4;
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
  const { interactive, rows } = context.terminal;
  // One cluster can be scrolled; a list of many is read at a glance.
  const limit = interactive && look.documents.length > 1 ? screenLines(rows) : undefined;
  context.terminal.out(rendered(context, look, one, limit));
  return exitCodeOfLook(look.documents);
}

/** `rows`: of a screen that it shall fit; undefined: it may be as long as it is. */
function rendered(
  { json, terminal, clock }: CommandContext,
  { documents, daemon }: Seen,
  one: boolean,
  rows?: number,
): string {
  if (json) return `${JSON.stringify(one ? { ...documents[0], daemon } : { daemon, clusters: documents })}\n`;
  const style = createStyle(terminal.colours);
  const { columns } = terminal;
  const said = daemonText(daemon, clock.wall(), style);
  const head = columns === undefined ? said : wrapped(said, columns);
  const room = rows === undefined ? Number.POSITIVE_INFINITY : rows - heightOf(head, columns);
  const overview = () => `${head}${overviewText(documents, style, { columns, rows: room })}`;
  if (documents.length * fewestLines > room && documents.length > 1) return overview();
  const whole = (alarmsAt: 'end' | 'top') =>
    worstFirst(documents)
      .map((document) => statusText(document, style, columns, alarmsAt))
      .join('\n');
  const text = whole('end');
  if (heightOf(text, columns) <= room) return `${head}${text}`;
  return documents.length > 1 ? overview() : `${head}${whole('top')}`;
}

/** The rows of the screen that it takes: an address that is longer than a row takes several. */
const rowsOf = (line: string, columns: number | undefined): number =>
  columns === undefined ? 1 : Math.max(1, Math.ceil(widthOf(line) / columns));
const heightOf = (text: string, columns: number | undefined): number =>
  text
    .split('\n')
    .slice(0, -1)
    .reduce((sum, line) => sum + rowsOf(line, columns), 0);

async function watchClusters(context: CommandContext, looker: Looker, one: boolean): Promise<ExitCode> {
  const { clock, terminal } = context;
  let stopped = false;
  let wake: () => void = () => {};
  const stop = (): void => {
    stopped = true;
    wake();
  };
  let last: Look | undefined;
  let past: Past | undefined;
  const redraw = (): void => {
    if (last !== undefined && terminal.interactive && !context.json) show(context, last, one, past);
  };
  const forget = [
    context.onSignal('SIGINT', stop),
    context.onSignal('SIGTERM', stop),
    terminal.onResize?.(redraw) ?? (() => {}),
  ];
  try {
    while (!stopped && !terminal.closed()) {
      const begun = clock.mono();
      last = await looker.look();
      if (last.kind === 'seen') past = { look: last, at: clock.mono() };
      show(context, last, one, past);
      const pauseMs = Math.max(redrawMs, restTimes * (clock.mono() - begun));
      await new Promise<void>((resolve) => {
        const cancel = clock.after(stopped ? 0 : pauseMs, resolve);
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

/** The last look that was answered. */
interface Past {
  readonly look: Seen;
  /** Milliseconds of the monotonic clock. */
  readonly at: number;
}

/** A daemon that restarts is away for a moment: that ends nothing. */
function show(context: CommandContext, look: Look, one: boolean, past?: Past): void {
  const { terminal, json } = context;
  if (json && look.kind === 'failed') {
    complain(context, look.failure);
    return;
  }
  const rows = terminal.interactive ? screenLines(terminal.rows) : undefined;
  const text =
    look.kind === 'failed'
      ? `${failureText(look.failure)}${pastText(context, one, rows, past)}`
      : rendered(context, look, one, rows);
  if (terminal.interactive && !json) {
    // The last line that fits may be in the middle of a colour.
    const plain = terminal.colours ? endOfColours : '';
    const lines = cut(text.trimEnd().split('\n'), rows, terminal.columns).map(
      (line) => `${line}${plain}${eraseLine}`,
    );
    terminal.out(`${home}${lines.join('')}${eraseBelow}`);
  } else if (look.kind === 'failed') terminal.err(text);
  else terminal.out(json ? text : `${text}\n`);
}

/** Below a failure: on a screen, what was there says more than nothing. It must not look like the present. */
function pastText(context: CommandContext, one: boolean, rows: number | undefined, past?: Past): string {
  const { terminal, clock } = context;
  if (past === undefined || !terminal.interactive) return '';
  const seconds = Math.round((clock.mono() - past.at) / 1000);
  const style = createStyle(terminal.colours);
  const head = `\n${style.yellow(`What follows is the past: it was so ${seconds} s ago.`)}\n\n`;
  // The failure has two lines, and may be wrapped.
  const room = rows === undefined ? undefined : rows - heightOf(head, terminal.columns) - failureLines;
  return `${head}${rendered(context, past.look, one, room)}`;
}

/** Says how much is missing, instead of hiding it. */
function cut(
  lines: readonly string[],
  rows: number | undefined,
  columns: number | undefined,
): readonly string[] {
  if (rows === undefined || heightOf(`${lines.join('\n')}\n`, columns) <= rows) return lines;
  const note = (missing: number): string => `... ${missing} more lines: enlarge the window`;
  let room = rows - rowsOf(note(lines.length), columns);
  const first = lines.findIndex((line) => {
    room -= rowsOf(line, columns);
    return room < 0;
  });
  return [...lines.slice(0, first), note(lines.length - first)];
}

/** The last line of the screen stays free for the cursor; more lines would scroll the first ones away. */
const screenLines = (rows: number | undefined): number | undefined =>
  rows === undefined || rows < 2 ? undefined : rows - 1;
