/** The history, for people: one line per entry, and the times of each move. Pure. */

import type { HistoryEntry } from '../core/model/events.ts';
import { describeEntry } from '../daemon/entry-text.ts';
import { printable, type Style } from './style.ts';

type MoveEntry = Extract<HistoryEntry, { readonly kind: 'move' }>;

/** Marks a move, for the eye and for grep. */
const moveMark = '=>';

/** Oldest first. `all`: also the entries that are not shown, for the times of a move. */
export function historyText(
  entries: readonly HistoryEntry[],
  style: Style,
  { all }: { readonly all: readonly HistoryEntry[] } = { all: entries },
): string {
  const reports = printable(all.filter(({ kind }) => kind === 'propagated'));
  return printable(entries)
    .map(
      (entry) => `${entryText(entry, style)}${entry.kind === 'move' ? timesText(entry, reports, style) : ''}`,
    )
    .join('');
}

function entryText(entry: HistoryEntry, style: Style): string {
  const { level, sentence } = describeEntry(entry);
  const paint =
    level === 'info'
      ? entry.kind === 'move'
        ? style.green
        : (text: string) => text
      : level === 'warn'
        ? style.yellow
        : style.red;
  const isMove = entry.kind === 'move' || entry.kind === 'moved-elsewhere';
  const mark = isMove ? style.bold(moveMark) : '  ';
  return `${mark} ${entry.at}  ${style.bold(entry.cluster)}@${entry.nameserver}  ${paint(sentence)}\n`;
}

/** From seen to propagated, in milliseconds since the new source was seen writable. */
function timesText(move: MoveEntry, entries: readonly HistoryEntry[], style: Style): string {
  const begin = Date.parse(move.seenAt);
  const after = (what: string, at: string | undefined): string => {
    const ms = at === undefined ? Number.NaN : Date.parse(at) - begin;
    if (Number.isNaN(ms)) return '';
    // Decided while it only observed, or before the clock was set.
    return ms < 0 ? `, ${what} ${-ms} ms before` : `, ${what} +${ms} ms`;
  };
  const times = [
    `seen ${move.seenAt}`,
    after('decided', move.decidedAt),
    after('sent', move.sentAt),
    after('published', move.appliedAt),
    after('propagated', propagatedAt(move, entries)),
  ];
  return style.dim(`     ${times.join('')}\n`);
}

/** When the last nameserver answered the new RRset; undefined if one has not. */
function propagatedAt(move: MoveEntry, entries: readonly HistoryEntry[]): string | undefined {
  const report = entries.find(
    (entry) =>
      entry.kind === 'propagated' &&
      entry.cluster === move.cluster &&
      entry.nameserver === move.nameserver &&
      entry.epoch === move.epoch &&
      entry.among === undefined &&
      entry.complete,
  );
  if (report?.kind !== 'propagated') return undefined;
  return report.nameservers
    .flatMap(({ at }) => at ?? [])
    .sort()
    .at(-1);
}
