/** The manual page of the repository is the one that the commands' forms make. */

import { expect, test } from 'vitest';
import { commandNames } from '../../../src/cli/command-table.ts';
import { textOfFile } from '../../support/checkout.ts';
import { manPage } from '../../support/man-page.ts';

test('man/source-dns.1 is made of the forms of the commands', async () => {
  await expect(manPage()).toMatchFileSnapshot('../../../man/source-dns.1');
});

test('the package has the manual page, and man finds it', () => {
  const { man, files } = JSON.parse(textOfFile('package.json')) as { man: string; files: readonly string[] };
  expect(man).toBe('man/source-dns.1');
  expect(files).toContain('man');
});

test('no line of it is taken for a macro by accident, and every command is there', () => {
  const page = manPage();
  const macros = new Set(['\\"', 'TH', 'SH', 'SS', 'B', 'RB', 'IR', 'I', 'TP', 'PP', 'RS', 'RE', 'nf', 'fi']);
  const used = [...page.matchAll(/^[.'](\S+)/gm)].map(([, macro = '']) => macro);
  expect(used.filter((macro) => !macros.has(macro))).toEqual([]);
  for (const name of commandNames) expect(page).toContain(`.SS source\\-dns ${name}`);
});
