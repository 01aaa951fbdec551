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

test('after work a tick waits, and waiting ticks take turns', () => {
  const share = new WorkShare();
  share.worked(at(100), at(130));
  const turns = [share.turn(at(130)), share.turn(at(130)), share.turn(at(130))];
  expect(turns[0]).toBeGreaterThan(150);
  expect(turns[1]).toBeGreaterThan(turns[0]!);
  expect(turns[2]).toBeGreaterThan(turns[1]!);
  expect(share.turn(at(200))).toBe(200);
});

test('a tick waits longer if the event loop is busy with more than the work that is timed', () => {
  /** How long a tick waits after two seconds in which each millisecond of work kept the loop busy for more. */
  const waitAfter = (busyForEach: number): number => {
    let busy = 0;
    const share = new WorkShare(() => busy);
    let now = 0;
    for (; now < 2000; now += 100) {
      busy += 10 * busyForEach;
      share.worked(at(now), at(now + 10));
    }
    return share.turn(at(now - 90)) - (now - 90);
  };
  expect(waitAfter(3)).toBeGreaterThan(2 * waitAfter(1));
  // Ten times as much is a loop that others fill: ticks must not wait for these for ever.
  expect(waitAfter(1000)).toBe(waitAfter(10));
});

test('a tick never waits longer than the limit', () => {
  const share = new WorkShare();
  for (let tick = 0; tick < 100_000; tick++) share.turn(at(0));
  share.worked(at(0), at(60_000));
  expect(share.turn(at(60_000))).toBe(60_000 + longestTickDelayMs);
});
