/** Messages propose only commands that exist. */

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandNames } from '../../../src/cli/command-table.ts';

/** The text after "source-dns" and a colon, without comments: messages propose commands in this form. */
const proposedIn = (text: string): readonly string[] =>
  [...text.replace(/\/\*[\s\S]*?\*\//g, '').matchAll(/: source-dns ([a-z]+)/g)].map(
    ([, command]) => command as string,
  );

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.ts'),
);

test('every command that a message proposes exists', () => {
  const proposed = sources.flatMap((path) => proposedIn(readFileSync(`src/${path}`, 'utf8')));
  expect(proposed).toContain('follow');
  expect(proposed.filter((command) => !commandNames.some((name) => name === command))).toEqual([]);
  expect(proposedIn('Mend it, then: source-dns reload')).toEqual(['reload']);
});
