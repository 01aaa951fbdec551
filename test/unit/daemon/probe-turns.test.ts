/** In one turn of the event loop only so many probes begin; the others begin in their order. */

import { expect, test } from 'vitest';
import { mostPerTurn, ProbeTurns } from '../../../src/daemon/probe-turns.ts';
import { lateClock } from '../../support/late-clock.ts';

function crowd(size: number) {
  const clock = lateClock();
  const turns = new ProbeTurns(clock);
  const begun: number[] = [];
  for (let index = 0; index < size; index += 1) turns.take(() => begun.push(index));
  return { clock, turns, begun };
}

test('a probe begins at once while there is room', () => {
  expect(crowd(mostPerTurn).begun).toHaveLength(mostPerTurn);
});

test('the others begin in later turns, first come, first served', () => {
  const { clock, begun } = crowd(3 * mostPerTurn + 1);
  const counts = [begun.length];
  for (let turn = 0; turn < 3; turn += 1) {
    clock.pass(10);
    counts.push(begun.length);
  }
  expect(counts).toEqual([mostPerTurn, 2 * mostPerTurn, 3 * mostPerTurn, 3 * mostPerTurn + 1]);
  expect(begun).toEqual(begun.toSorted((a, b) => a - b));
});

test('a probe that comes while others wait is behind them', () => {
  const { clock, turns, begun } = crowd(2 * mostPerTurn);
  clock.pass(10);
  turns.take(() => begun.push(-1));
  expect(begun).not.toContain(-1);
  clock.pass(10);
  expect(begun.at(-1)).toBe(-1);
});

test('what begins in a turn counts in that turn', () => {
  const { clock, turns, begun } = crowd(mostPerTurn + 1);
  clock.pass(10);
  for (let index = 0; index < mostPerTurn; index += 1) turns.take(() => begun.push(index));
  expect(begun).toHaveLength(2 * mostPerTurn);
});
