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
  const state = { now: 0, busy: 0, cpu: 0, load: undefined as unknown as Load };
  state.load = new Load({ busyMs: () => state.busy, cpuMs: () => state.cpu }, at(0));
  return state;
}

/** How often servers at rest are asked at the end of a time in which the process was so busy. */
function atRest(state: ReturnType<typeof startLoad>, seconds: number, busy: number, cpu = busy): number {
  let stretch = 1;
  const from = state.now;
  for (let now = from; now < from + seconds * 1000; now += 10) {
    state.busy += 10 * busy;
    state.cpu += 10 * cpu;
    state.now = now + 10;
    stretch = state.load.restStretch(at(state.now));
  }
  return stretch;
}

/** An idle process in which connections wait to be opened. */
const waitingLoad = (waiting: { readonly count: number }): Load =>
  new Load({ busyMs: () => 0, cpuMs: () => 0, waiting: () => waiting.count }, at(0));

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

test('many clusters in suspicion share turns while the process is busy; few never do', () => {
  const many = startLoad();
  const few = startLoad();
  many.load.haste({}, 160);
  few.load.haste({}, 4);
  expect(many.load.sharesTurns).toBe(false);
  for (const { load, expected } of [
    { load: many, expected: true },
    { load: few, expected: false },
  ]) {
    expect(busyFor(load, 1, 0, 60_000)).toBe(256);
    expect(load.load.sharesTurns).toBe(expected);
    busyFor(load, 0.1, 60_000, 61_000);
    expect(load.load.sharesTurns).toBe(false);
  }
  many.load.haste({}, 640);
  expect(many.load.sharesTurns).toBe(true);
});

test('connections that wait to be opened make no turns shared', () => {
  const load = waitingLoad({ count: 3 });
  expect(load.stretch(at(1))).toBe(256);
  expect(load.sharesTurns).toBe(false);
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
  expect(atRest(state, 10, 0.9)).toBe(1);
  // An incident of a moment.
  expect(atRest(state, 1, 1)).toBe(1);
  expect(atRest(state, 1, 0.5)).toBe(1);
  expect(atRest(state, 2, 1)).toBe(2);
  // What is half of too much is no room.
  expect(atRest(state, 60, 0.5)).toBe(2);
  expect(atRest(state, 20, 0.4)).toBe(1);
});

test('a process beside busy neighbours asks as often as planned again when its own work has room', () => {
  const state = startLoad();
  expect(atRest(state, 2, 1, 0.5)).toBe(2);
  // It waits for the CPU for a third of the time in which it has something to do.
  expect(atRest(state, 20, 0.6, 0.4)).toBe(1);
  expect(atRest(state, 60, 0.9, 0.6)).toBe(1);
});

test('where neighbours leave too little CPU, it asks half as often for most of the time', () => {
  const state = startLoad();
  let stretched = 0;
  let stretch = 1;
  for (let second = 0; second < 600; second += 1) {
    // Asked half as often, its work has room by itself; asked as planned, the event loop is never idle.
    stretch = stretch === 1 ? atRest(state, 1, 1, 0.5) : atRest(state, 1, 0.6, 0.3);
    stretched += stretch === 1 ? 0 : 1;
  }
  expect(stretched).toBeGreaterThan(400);
  expect(stretched).toBeLessThan(600);
  expect(state.load.isOverloaded).toBe(true);
});

test('the CPU time of threads that help does not keep a process with room from its pace', () => {
  const state = startLoad();
  expect(atRest(state, 2, 1, 1.5)).toBe(2);
  expect(atRest(state, 20, 0.4, 0.9)).toBe(1);
});

test('while connections wait to be opened, servers are asked half as often at rest', () => {
  const waiting = { count: 3 };
  const load = waitingLoad(waiting);
  expect(load.restStretch(at(1))).toBe(2);
  waiting.count = 0;
  expect(load.restStretch(at(1))).toBe(1);
});
