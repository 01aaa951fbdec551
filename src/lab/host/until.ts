/** Waits for a condition: checks it again and again, up to a deadline. */

import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from './lab-error.ts';

/** Longer than any wait of a run that goes well. */
export const waitMs = 60_000;
const lookEveryMs = 10;

/** Resolves when `check` says yes; rejects with a LabError that names `what` after `deadlineMs`. */
export async function until(
  what: string,
  check: () => boolean | Promise<boolean>,
  deadlineMs: number = waitMs,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await check())) {
    if (performance.now() > end)
      throw new LabError(`waited ${deadlineMs} ms for ${what}, without success`, {
        hint: 'run the lab with --keep and read the logs in its folder',
      });
    await delay(lookEveryMs);
  }
}
