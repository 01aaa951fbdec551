/** V8 goes on without an option that it does not know: the heap of the daemon would be unbounded again. */

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { heapOption } from '../../../src/daemon/heap.ts';

test('the V8 of this Node has the option that bounds the heap', () => {
  const options = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  expect(options).toContain(`${heapOption} (`);
});
