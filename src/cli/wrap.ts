/** Breaks text into lines of limited width. Pure. */

import { widthOf, withoutColours } from './text-width.ts';

/** Breaks long lines between words and indents the rest by two columns. */
export const wrapped = (text: string, columns: number): string =>
  text
    .split('\n')
    .map((line) => wrappedLine(line, columns))
    .join('\n');

function wrappedLine(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line;
  const margin = ' '.repeat(widthOf(line) - widthOf(withoutColours(line).trimStart()) + 2);
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(/(?<=\S) (?=\S)/)) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (current === '' || widthOf(longer) <= columns) {
      current = longer;
      continue;
    }
    lines.push(current);
    current = `${margin}${word}`;
  }
  return [...lines, current].join('\n');
}
