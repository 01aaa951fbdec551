/** Texts fit the terminal, whatever characters they have. */

import { describe, expect, test } from 'vitest';
import { explainText, proseColumns } from '../../../src/cli/explain-text.ts';
import { statusText } from '../../../src/cli/snapshot-text.ts';
import { createStyle } from '../../../src/cli/style.ts';
import { tableText } from '../../../src/cli/table.ts';
import { openTerminal } from '../../../src/cli/terminal.ts';
import { widthOf, withoutColours } from '../../../src/cli/text-width.ts';
import { wrapped } from '../../../src/cli/wrap.ts';
import { clusterDocument } from '../../../src/http/documents.ts';
import { shopSnapshot } from '../../support/snapshots.ts';

const style = createStyle(true);
const shop = clusterDocument(shopSnapshot);

test.each([40, 60, 80, 120, 160, 240])('status fits %i columns, and shows every server', (columns) => {
  const text = statusText(shop, style, columns);
  // A word of its own line may be longer: a name that can be copied is worth more.
  const tooWide = text.split('\n').filter((line) => widthOf(line) > columns && line.trim().includes(' '));
  expect(tooWide).toEqual([]);
  for (const { server } of shop.servers) expect(text).toContain(server);
  expect(text.replace(/\s+/g, ' ')).toContain('may choose db1:3306 80, db2:3306 60');
});

test.each([40, 80, 120])('explain fits %i columns', (columns) => {
  const tooWide = explainText(shop, style, columns)
    .split('\n')
    .filter((line) => widthOf(line) > columns && line.trim().includes(' '));
  expect(tooWide).toEqual([]);
});

test('status leaves out the UUID first, then the version, then the table', () => {
  const headings = [300, 240, 215, 80].map(
    (columns) =>
      /^.*SERVER.*$/m
        .exec(statusText(shop, createStyle(false), columns))?.[0]
        .trim()
        .split(/ {2,}/) ?? [],
  );
  expect(headings.map((row) => ['UUID', 'VERSION', 'SERVER'].filter((name) => row.includes(name)))).toEqual([
    ['UUID', 'VERSION', 'SERVER'],
    ['UUID', 'VERSION', 'SERVER'],
    ['VERSION', 'SERVER'],
    [],
  ]);
});

test('a coloured line is indented as the plain one, where it goes on', () => {
  const line = '  one two three four';
  expect(wrapped(line, 12)).toBe('  one two\n    three\n    four');
  expect(withoutColours(wrapped(style.dim(line), 12))).toBe(wrapped(line, 12));
});

test('status is ASCII but for what servers and people say: for cron, mail and the C locale', () => {
  expect(statusText(shop, createStyle(false))).not.toMatch(/[^\n -~]/);
});

test('a table is aligned although characters have no width, or two columns', () => {
  const rows = ['e\u0301', '日本', 'ab'].map((text) => [{ text, paint: style.red }, { text: 'x' }]);
  const lines = tableText(['A', 'B'], rows).trimEnd().split('\n');
  expect(lines.map((line) => widthOf(line.slice(0, line.search(/[xB]$/))))).toEqual([8, 8, 8, 8]);
});

test.each([
  ['\u2705 \u231a \u{1f7e0} \u{1fae0}', 11, 'emoji of every block'],
  ['\u2744 \u2192 \u2500', 5, 'signs that are text'],
  ['\u{1f1eb}\u{1f1f7}', 2, 'a flag'],
  ['\u1112\u1161\u11ab', 2, 'one syllable of Hangul in three parts'],
  ['e\u0301\u200b', 1, 'marks, and what is invisible'],
])('%s takes %i columns: %s', (text, columns) => expect(widthOf(text)).toBe(columns));

describe('the width of the terminal', () => {
  const columnsOf = (env: Record<string, string>, stdout: object): number | undefined => {
    const stream = { on: () => {}, write: () => true, ...stdout } as never;
    return openTerminal({ stdout: stream, stderr: stream, env }).columns;
  };
  test.each([
    ['a terminal', {}, { isTTY: true, columns: 132 }, 132],
    ['a terminal of 0 columns, as of a serial line', {}, { isTTY: true, columns: 0 }, undefined],
    ['a terminal of 1 column', {}, { isTTY: true, columns: 1 }, 40],
    ['a pipe', {}, {}, undefined],
    ['a pipe with $COLUMNS', { COLUMNS: '80' }, {}, 80],
    ['an empty $COLUMNS', { COLUMNS: '' }, { isTTY: true, columns: 90 }, 90],
    ['$COLUMNS of 0', { COLUMNS: '0' }, {}, undefined],
    ['$COLUMNS that is no number', { COLUMNS: 'wide' }, {}, undefined],
  ])('%s', (_, env, stdout, columns) => {
    expect(columnsOf(env, stdout)).toBe(columns);
  });

  test('prose is not wider than can be read', () => {
    expect([undefined, 80, 400].map(proseColumns)).toEqual([100, 80, 120]);
  });
});
