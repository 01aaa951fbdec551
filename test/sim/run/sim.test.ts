/**
 * Runs the whole service in the simulated world. The program is compiled first: it then runs twice as fast as
 * in the test runner, and takes arguments (run.ts).
 */

import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../run-program.mjs', import.meta.url));

// The wrong builds are hunted by hand (`npm run sim -- --check mutants`): since the worlds have glances,
// other seeds catch them. test/mutants.test.ts holds their patches to the code.
test('the simulated world keeps every promise', async () => {
  const { exitCode, all } = await execa(
    process.execPath,
    [program, 'sim/run', '--max-semi-space-size=64', '--', '--check', 'seeds'],
    { all: true, reject: false },
  );
  process.stdout.write(`${all}\n`);
  expect(exitCode, all).toBe(0);
});
