/**
 * Measures a hook from its start to its end, with a daemon that answers at once, in pairs with `node -e 0`.
 * Reports, and asserts no times. `npx vitest run --config vitest.bench.config.ts test/bench/hook.bench.ts`.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { builtProgram } from '../program/built-program.ts';

const program = builtProgram();
const pairs = 40;

/** Processor time of a finished child in milliseconds: the difference of what all children took. */
function cpuMs(args: readonly string[], env: Readonly<Record<string, string>>): number {
  const script = `
    const { spawnSync } = require('node:child_process');
    const { status } = spawnSync(process.execPath, ${JSON.stringify(args)}, { env: ${JSON.stringify(env)} });
    if (status !== 0) process.exit(1);
    const { readFileSync } = require('node:fs');
    const [, , cutime, cstime] = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ').slice(11);
    process.stdout.write(String(10 * (Number(cutime) + Number(cstime))));`;
  const { stdout, status } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect(status).toBe(0);
  return Number(stdout);
}
