/** Columns of text. Pure. */

import { padded, widthOf } from './text-width.ts';

export interface Cell {
  readonly text: string;
  /** Applied after the widths are known: colours have no width. */
  paint?(text: string): string;
}

export interface Column {
  readonly heading: string;
  /** 1: the first column to leave out where there is no room; absent: never. */
  readonly dispensable?: number;
}

const gap = '  ';

/** Rows below their headings, indented; a column without text is left out. Ends with a newline. */
export function tableText(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  indent = '  ',
): string {
  const used = headings.map((_, column) => rows.some((row) => (row[column]?.text ?? '') !== ''));
  const kept = <T>(cells: readonly T[]): readonly T[] => cells.filter((_, column) => used[column]);
  const lines = [kept(headings.map((text): Cell => ({ text }))), ...rows.map(kept)];
  const widths = kept(headings).map((_, column) =>
    Math.max(...lines.map((line) => widthOf(line[column]?.text ?? ''))),
  );
  return lines.map((line) => `${indent}${lineText(line, widths)}\n`).join('');
}

/** The table without the columns for which there is no room. It may still be too wide: see `fits`. */
export function fittingTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  limit: number | undefined,
): string {
  const steps = new Set([0, ...columns.flatMap(({ dispensable }) => dispensable ?? [])]);
  let text = '';
  for (const dropped of [...steps].toSorted((a, b) => a - b)) {
    const kept = columns.flatMap(({ dispensable }, index) =>
      dispensable === undefined || dispensable > dropped ? [index] : [],
    );
    text = tableText(
      kept.map((index) => columns[index]?.heading ?? ''),
      rows.map((row) => kept.map((index) => row[index] ?? { text: '' })),
    );
    if (fits(text, limit)) break;
  }
  return text;
}

export const fits = (text: string, limit: number | undefined): boolean =>
  limit === undefined || text.split('\n').every((line) => widthOf(line) <= limit);

function lineText(cells: readonly Cell[], widths: readonly number[]): string {
  const last = cells.length - 1;
  return cells
    .map(({ text, paint = (same) => same }, column) => {
      const padding = column === last ? '' : padded(text, widths[column] ?? 0).slice(text.length);
      return `${paint(text)}${padding}`;
    })
    .join(gap)
    .trimEnd();
}
