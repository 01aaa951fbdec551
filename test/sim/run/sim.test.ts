/**
 * Runs the whole service in the simulated world. The program is compiled first: it then runs twice as fast as
 * in the test runner, and takes arguments (run.ts).
 */

import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../run-program.mjs', import.meta.url));

// Beside each other: at the end of a run nothing else may be left to do.
test.concurrent.each([
  ['the simulated world keeps every promise', 'seeds'],
  // Each in the world that is known to catch it. Other worlds are searched by hand: --budget.
  ['every wrong build breaks a promise', 'mutants'],
])('%s', async (_, what) => {
  const { exitCode, all } = await execa(
    process.execPath,
    [program, 'sim/run', '--max-semi-space-size=64', '--', '--check', what],
    { all: true, reject: false },
  );
  process.stdout.write(`${all}\n`);
  expect(exitCode, all).toBe(0);
});
