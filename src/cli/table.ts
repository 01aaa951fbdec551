/** Columns of text. Pure. */

import { padded, widthOf } from './text-width.ts';

export interface Cell {
  readonly text: string;
  /** Applied after the widths are known: colours have no width. */
  paint?(text: string): string;
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
