/** The share of the ticks in the event loop. */

import { expect, test } from 'vitest';
import type { MonoMs } from '../../../src/core/model/units.ts';
import { longestTickDelayMs, WorkShare } from '../../../src/daemon/work-share.ts';

const at = (ms: number) => ms as MonoMs;

test('no tick waits if no work takes time', () => {
  const share = new WorkShare();
  share.worked(at(5), at(5));
  for (let tick = 0; tick < 1000; tick++) expect(share.turn(at(5))).toBe(5);
});

test('after work a tick waits as long as the work took, and waiting ticks take turns', () => {
  const share = new WorkShare();
  share.worked(at(100), at(130));
  const turns = [share.turn(at(130)), share.turn(at(130)), share.turn(at(130))];
  expect(turns[0]).toBe(160);
  expect(turns[1]).toBeGreaterThan(160);
  expect(turns[2]).toBeGreaterThan(turns[1]!);
  expect(share.turn(at(200))).toBe(200);
});

test('a tick never waits longer than the limit', () => {
  const share = new WorkShare();
  for (let tick = 0; tick < 100_000; tick++) share.turn(at(0));
  share.worked(at(0), at(60_000));
  expect(share.turn(at(60_000))).toBe(60_000 + longestTickDelayMs);
});
