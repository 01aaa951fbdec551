/** The built program as the first process of a container, for which signals have no default. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { place, program, start } from './built-program.ts';

const mayBeAbsent = process.env['CHAOS_MAY_BE_ABSENT'] === '1';
const unshare = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])];

/** Whether the process runs our first instructions: bit 11 of the mask (proc(5)) is SIGUSR2. */
function catchesUserSignal(pid: string): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> 11n) & 1n) === 1n;
}

test.skipIf(mayBeAbsent)('SIGTERM during the start ends it, although it is the first process', async () => {
  const here = await place();
  const command = [process.execPath, program, '--config', here.config, 'run'];
  const running = start([...unshare, '--pid', '--fork', '--kill-child', ...command]);
  const { pid = 0 } = running.child;
  const deadline = performance.now() + 20_000;
  const first = (): string => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  while (first() === '' || !catchesUserSignal(first())) {
    expect(performance.now()).toBeLessThan(deadline);
    await new Promise((resolve) => setImmediate(resolve));
  }
  process.kill(Number(first()), 'SIGTERM');
  // 143: nothing had begun yet.
  expect([0, 143]).toContain((await running.ended).code);
});
