/** The codes of the doctor are a promise to scripts: each has one owner, and a row in the documents. */

import { expect, test } from 'vitest';
import { lateCode } from '../../../src/doctor/check.ts';
import { checks } from '../../../src/doctor/checks.ts';
import { textOfFile } from '../../support/checkout.ts';

const codes = checks.flatMap((check) => check.codes);

test('docs/OPERATING.md has a row for each code, and for no other', () => {
  const [, section = ''] = textOfFile('docs/OPERATING.md').split(/^## The doctor$/m);
  const rows = [...(section.split(/^## /m)[0] ?? '').matchAll(/^\| `([a-z-]+)` \|/gm)].map(
    ([, code]) => code,
  );
  expect(rows.toSorted()).toEqual(codes.toSorted());
  expect(section).toContain(`\`${lateCode}\``);
});

test('no two checks have one name or one code', () => {
  const all = [...checks.map(({ name }) => name), ...codes, lateCode];
  expect(all.filter((one, index) => all.indexOf(one) !== index)).toEqual([]);
});
