/** The history, for people: one line per entry, and the times of each move. Pure. */

import type { HistoryEntry } from '../core/model/events.ts';
import { describeEntry } from '../daemon/entry-text.ts';
import { printable, type Style } from './style.ts';

type MoveEntry = Extract<HistoryEntry, { readonly kind: 'move' }>;

/** Oldest first. */
export function historyText(entries: readonly HistoryEntry[], style: Style): string {
  const shown = printable(entries);
  return shown
    .map(
      (entry) => `${entryText(entry, style)}${entry.kind === 'move' ? timesText(entry, shown, style) : ''}`,
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
  return `${entry.at}  ${style.bold(entry.cluster)}@${entry.nameserver}  ${paint(sentence)}\n`;
}

/** From seen to propagated, in milliseconds since the new source was seen writable. */
function timesText(move: MoveEntry, entries: readonly HistoryEntry[], style: Style): string {
  const begin = Date.parse(move.seenAt);
  const after = (what: string, at: string | undefined): string => {
    const ms = at === undefined ? Number.NaN : Date.parse(at) - begin;
    return Number.isNaN(ms) ? '' : `, ${what} +${ms} ms`;
  };
  const times = [
    `seen ${move.seenAt}`,
    after('decided', move.decidedAt),
    after('sent', move.sentAt),
    after('published', move.appliedAt),
    after('propagated', propagatedAt(move, entries)),
  ];
  return style.dim(`    ${times.join('')}\n`);
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
