/** What `advise` prints. */

import { expect, test } from 'vitest';
import { adviceText } from '../../../src/cli/advice-text.ts';
import { createStyle } from '../../../src/cli/style.ts';
import type { Step } from '../../../src/core/model/procedure.ts';

const step: Step = {
  say: 'Start db1:3306.',
  on: 'db1:3306' as NonNullable<Step['on']>,
  statements: ['START REPLICA'],
  commands: [],
  keep: [],
  verify: [{ statement: 'SELECT 1, 2', expect: 'ON, ON', atFirst: 'CONNECTING' }],
  undo: null,
};
const printed = (first: Step | null) =>
  adviceText(
    { cluster: 'shop', kind: 'refused', reason: 'former-source-writable', sentence: 'Not now.', first },
    createStyle(false),
    100,
  );

test('a refusal, and the step that must come first', () => {
  expect(printed(null)).toBe('No procedure now (former-source-writable): Not now.\n');
  expect(printed(step)).toBe(`No procedure now (former-source-writable): Not now.
1. Start db1:3306.
-- on db1:3306
START REPLICA;
-- verify: the answer must be: ON, ON (CONNECTING at first: ask again)
SELECT 1, 2;
`);
});
