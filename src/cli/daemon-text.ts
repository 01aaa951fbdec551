/** Whether a daemon watches, for people: the first line of `status` and `explain`. Pure. */

import type { Failure } from '../core/model/observation.ts';
import type { DaemonDocument, ShareDocument } from '../http/documents.ts';
import { printable, type Style } from './style.ts';

/** The `daemon` of `status --json`. A daemon of an older version says nothing of itself. */
export type DaemonSeen =
  | DaemonDocument
  | { readonly running: true }
  | { readonly running: false; readonly socket: string; readonly warnings: readonly Failure[] };

/** Ends with an empty line. `now`: wall clock in milliseconds since 1970. */
export function daemonText(daemon: DaemonSeen, now: number, style: Style): string {
  const shown = printable(daemon);
  return [headText(shown, now, style), ...warningLines(shown, style), '', ''].join('\n');
}

function headText(daemon: DaemonSeen, now: number, style: Style): string {
  if (!daemon.running)
    return [
      style.red(style.bold('no daemon runs: nobody watches, and no name moves by itself')),
      style.dim(`  nothing listens on ${daemon.socket}; this command asked the servers itself, just now`),
    ].join('\n');
  if (!('pid' in daemon)) return 'a daemon of an older version watches';
  const { instance, version, pid, since, share } = daemon;
  const shared = share === undefined ? '' : `\n  it watches ${shareText(share)}`;
  return `daemon ${instance} watches since ${since}${agoText(now - Date.parse(since))}${style.dim(` (source-dns ${version}, pid ${pid})`)}${shared}`;
}

/** `4 of 10 clusters: each is watched by 2 of 5 instances` */
export const shareText = ({ instances, watchers, watched, elsewhere }: ShareDocument): string =>
  `${watched} of ${watched + elsewhere} clusters: each is watched by ${watchers} of ${instances.length} instances`;

/** Nothing for a time in the future: the clock has stepped. */
const agoText = (ms: number): string => (ms >= 0 ? `, ${spanText(ms)}` : '');

/** A span of time in its two largest units. */
export function spanText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const units: readonly (readonly [number, string])[] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  if (first < 0) return '0 s';
  const [large = [1, 's'], small] = units.slice(first, first + 2);
  const count = Math.floor(seconds / large[0]);
  const rest = small === undefined ? 0 : Math.floor((seconds % large[0]) / small[0]);
  return `${count} ${large[1]}${rest === 0 || small === undefined ? '' : ` ${rest} ${small[1]}`}`;
}

const warningLines = (daemon: DaemonSeen, style: Style): readonly string[] =>
  'warnings' in daemon
    ? daemon.warnings.flatMap(({ code, message, hint }) => [
        `  ${style.yellow(`! ${code}`)} ${message}`,
        ...(hint === undefined ? [] : [`    ${hint}`]),
      ])
    : [];
