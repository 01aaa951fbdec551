/** Where the log goes: a process that opens many logs listens to its output once. */

import { expect, test } from 'vitest';
import { openStdout } from '../../../src/daemon/log-destination.ts';

test('each further log adds no listener to the output', () => {
  openStdout();
  const before = process.stdout.listenerCount('error');
  for (let count = 0; count < 20; count += 1) openStdout();
  expect(process.stdout.listenerCount('error')).toBe(before);
});
