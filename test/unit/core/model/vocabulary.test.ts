/** Shows that docs/DECISIONS.md has every rule, reason and alarm of the code. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { alarmCodes, holdReasons, pointToReasons } from '../../../../src/core/model/vocabulary.ts';
import { root, textOfFile } from '../../../support/checkout.ts';

const page = textOfFile('docs/DECISIONS.md');

/** The rows of the table under this heading: code, meaning, what to do. */
function rows(heading: string): readonly (readonly string[])[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) => line.slice(2, -2).split(' | '));
}

describe.each([
  ['point-to', pointToReasons],
  ['hold', holdReasons],
  ['Alarms', alarmCodes],
])('docs/DECISIONS.md, %s', (heading, vocabulary: Readonly<Record<string, string>>) => {
  test('has one row for every code, with the same words and in the same order', () => {
    const documented = rows(heading).map(([code, meaning]) => [code, meaning]);
    expect(documented).toEqual(Object.entries(vocabulary).map(([code, meaning]) => [`\`${code}\``, meaning]));
  });

  test('says what to do', () => {
    expect(rows(heading).filter((row) => row.length !== 3 || row[2] === '')).toEqual([]);
  });
});

test('docs/DECISIONS.md has the rules 1 to 13, in order', () => {
  expect([...page.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number))).toEqual(
    Array.from({ length: 13 }, (_, index) => index + 1),
  );
});

test('the rules name every reason of a decision', () => {
  const [rules = ''] = page.split('## point-to');
  const unnamed = [...Object.keys(pointToReasons), ...Object.keys(holdReasons)].filter(
    (reason) => !rules.includes(`\`${reason}\``),
  );
  expect(unnamed).toEqual([]);
});

test('the code has every reason that a document names for a hold or for pointing to a server', () => {
  const folders = ['.', 'docs', 'docs/decisions'];
  const documents = folders.flatMap((folder) =>
    readdirSync(join(root, folder)).map((file) => join(root, folder, file)),
  );
  const said = documents
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/\b(hold|point-to):? `([a-z]+(?:-[a-z]+)*)`/g)].map(
        ([, kind, code = '']) => ({
          path,
          kind,
          code,
        }),
      ),
    );
  expect(said.length).toBeGreaterThan(10);
  expect(
    said.filter(({ kind, code }) => !(code in (kind === 'hold' ? holdReasons : pointToReasons))),
  ).toEqual([]);
});
