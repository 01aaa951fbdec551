/**
 * Files that are no configuration, or made to be slow, are refused soon; files of unknown size are read
 * whole.
 */

import { expect, test } from 'vitest';
import { readBounded } from '../../../src/config/secret-files.ts';
import { complaints, minimal, withPassword } from './folder.ts';

test.each([
  [
    '20,000 aliases',
    `a: &a x\nb: [${'*a,'.repeat(20_000)}]\n`,
    'more than 100 aliases; write the values out',
  ],
  [
    'aliases of aliases',
    Array.from({ length: 14 }, (_, n) => `a${n}: &a${n} [${`*a${n - 1},`.repeat(n ? 9 : 0)}]`).join('\n'),
    'aliases',
  ],
  ['a sequence 20,000 deep', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'not valid YAML'],
  [
    '20,000 unknown keys',
    Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`).join('\n'),
    'is not known here',
  ],
])(
  '%s',
  async (_, text, words) => {
    const told = await complaints(text);
    expect(told.join('\n')).toContain(words);
    expect(told.length).toBeLessThanOrEqual(200);
  },
  20_000,
);

test('each repeated key is reported', async () => {
  const text = `${minimal()}clusters: {}\n`;
  expect(await complaints(text, withPassword)).toContainEqual(
    expect.stringMatching(/^source-dns\.yaml:\d+:1: this key is listed twice; remove one$/),
  );
});

test('a file that claims to be empty is read to the end', async () => {
  const read = await readBounded('/proc/self/status', 65_536);
  expect(read.kind === 'read' && read.text).toMatch(/^Name:[\s\S]*ctxt_switches:\s+\d+\n$/);
});
