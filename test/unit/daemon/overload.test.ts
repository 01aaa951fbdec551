/** When an operator is told that a process has too much to do, and when that it has room again. */

import { expect, test } from 'vitest';
import type { MonoMs } from '../../../src/core/model/units.ts';
import { Load } from '../../../src/daemon/load.ts';
import { Overload, overloadWarning } from '../../../src/daemon/overload.ts';

const at = (ms: number) => ms as MonoMs;
const second = 1000;

/** What is told, and when, in seconds: `isBusy` says of each second whether there is too much to do in it. */
function told(isBusy: (second: number) => boolean, seconds: number): readonly string[] {
  const overload = new Overload(at(0));
  const lines: string[] = [];
  for (let now = 1; now <= seconds; now += 1) {
    if (!overload.look(isBusy(now), at(now * second))) continue;
    const { since } = overload;
    lines.push(since === undefined ? `${now}: over` : `${now}: since ${since / second}`);
  }
  return lines;
}

test('a minute of too much to do is told once, with its beginning, and over after five minutes of room', () => {
  expect(told((now) => now > 10 && now <= 70, 3600)).toEqual(['70: since 10', '370: over']);
});

test('a start or an incident of less than a minute is not told', () => {
  expect(told((now) => now <= 59, 3600)).toEqual([]);
});

test('what lasts for hours is over as soon', () => {
  expect(told((now) => now <= 10_000, 20_000)).toEqual(['60: since 0', '10300: over']);
});

test('moments of too much to do, hour after hour, are not told; nor are moments of room for the end', () => {
  expect(told((now) => now % 10 < 4, 36_000)).toEqual([]);
  expect(told((now) => now % 10 < 6, 36_000)).toHaveLength(1);
});

test('turns of some minutes, for a day, are told once', () => {
  expect(told((now) => now % 300 <= 70, 86_400)).toHaveLength(1);
});

test('a machine that slept is not overloaded', () => {
  const overload = new Overload(at(0));
  expect(overload.look(true, at(10 * 3600 * second))).toBe(false);
  expect(overload.since).toBeUndefined();
});

test('connections that wait for a minute are told by the load, and what is told is for people', () => {
  const tellings: (number | undefined)[] = [];
  let waiting = 3;
  const load = new Load(
    { busyMs: () => 0, cpuMs: () => 0, waiting: () => waiting, onOverload: (since) => tellings.push(since) },
    at(0),
  );
  for (let now = 0; now <= 60 * second; now += 100) load.restStretch(at(now));
  expect([tellings, load.isOverloaded]).toEqual([[0], true]);
  waiting = 0;
  for (let now = 60 * second; now <= 361 * second; now += 100) load.restStretch(at(now));
  expect([tellings, load.isOverloaded]).toEqual([[0, undefined], false]);
  const { code, message, hint } = overloadWarning(Date.UTC(2026, 10, 22, 11, 30), []);
  expect(code).toBe('overloaded');
  expect(message).toMatch(/^since 2026-11-22T11:30:00Z .* more rarely than configured/);
  expect(hint).toMatch(/docs\/SHARES\.md/);
});
