/** How busy the process is, and the haste that it can afford. */

import { expect, test } from 'vitest';
import type { MonoMs } from '../../../src/core/model/units.ts';
import { Load } from '../../../src/daemon/load.ts';

const at = (ms: number) => ms as MonoMs;

/** A process that is busy for this part of the time, from `from` to `to`. */
function busyFor(
  load: { busy: number; readonly load: Load },
  part: number,
  from: number,
  to: number,
): number {
  let stretch = 1;
  for (let now = from; now < to; now += 10) {
    load.busy += 10 * part;
    stretch = load.load.stretch(at(now + 10));
  }
  return stretch;
}

function startLoad() {
  const state = { busy: 0, load: undefined as unknown as Load };
  state.load = new Load(() => state.busy, at(0));
  return state;
}

/** An idle process in which connections wait to be opened. */
const waitingLoad = (waiting: { readonly count: number }): Load =>
  new Load(
    () => 0,
    at(0),
    () => waiting.count,
  );

test('an idle process takes nothing from the haste of its clusters', () => {
  expect(busyFor(startLoad(), 0.3, 0, 10_000)).toBe(1);
});

test('a busy process shrinks the haste step by step, to a bound, and gives it back when there is room', () => {
  const load = startLoad();
  expect(busyFor(load, 0.9, 0, 50)).toBe(2);
  expect(busyFor(load, 0.9, 50, 200)).toBe(16);
  expect(busyFor(load, 0.5, 200, 1000)).toBe(16);
  expect(busyFor(load, 1, 1000, 60_000)).toBe(256);
  expect(busyFor(load, 0.1, 60_000, 61_000)).toBe(1);
});

test('clusters in suspicion share the haste of the process, and give it back', () => {
  const { load } = startLoad();
  const clusters = Array.from({ length: 200 }, () => ({}));
  load.haste(clusters[0]!, 4);
  expect(load.stretch(at(1))).toBe(1);
  for (const cluster of clusters) load.haste(cluster, 4);
  expect(load.stretch(at(1))).toBe(128);
  for (const cluster of clusters.slice(4)) load.haste(cluster, 0);
  expect(load.stretch(at(1))).toBe(2);
});

test('while connections wait to be opened, the pauses of a suspicion are as long as they can be', () => {
  const waiting = { count: 3 };
  const load = waitingLoad(waiting);
  expect(load.stretch(at(1))).toBe(256);
  waiting.count = 0;
  expect(load.stretch(at(1))).toBe(1);
});

test('a process that cannot keep up asks half as often at rest, until there is room for the rest', () => {
  const state = startLoad();
  const atRest = (part: number, from: number, to: number): number => {
    let stretch = 1;
    for (let now = from; now < to; now += 10) {
      state.busy += 10 * part;
      stretch = state.load.restStretch(at(now + 10));
    }
    return stretch;
  };
  expect(atRest(0.9, 0, 10_000)).toBe(1);
  // An incident of a moment.
  expect(atRest(1, 10_000, 11_000)).toBe(1);
  expect(atRest(0.5, 11_000, 12_000)).toBe(1);
  expect(atRest(1, 12_000, 14_000)).toBe(2);
  // What is half of too much is no room.
  expect(atRest(0.5, 14_000, 60_000)).toBe(2);
  expect(atRest(0.4, 60_000, 62_000)).toBe(1);
});

test('while connections wait to be opened, servers are asked half as often at rest', () => {
  const waiting = { count: 3 };
  const load = waitingLoad(waiting);
  expect(load.restStretch(at(1))).toBe(2);
  waiting.count = 0;
  expect(load.restStretch(at(1))).toBe(1);
});

test('clusters that begin together spread over their interval', () => {
  const { load } = startLoad();
  const phases = Array.from({ length: 1000 }, () => load.phaseMs(1000));
  expect(phases[0]).toBe(0);
  expect(Math.max(...phases)).toBeLessThan(1000);
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const inside = phases.filter((ms) => ms >= tenth * 100 && ms < (tenth + 1) * 100);
    expect(inside.length).toBeGreaterThan(75);
    expect(inside.length).toBeLessThan(125);
  }
});
