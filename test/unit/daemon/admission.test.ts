/** Who begins, and when: the turns of the clusters of a process. */

import { expect, test } from 'vitest';
import { Admission, hasRoom } from '../../../src/daemon/admission.ts';
import { fakeClock } from '../../support/fakes.ts';
import { lateClock } from '../../support/late-clock.ts';

/** An admission with clusters c0, c1, ...; `begun` has those that have begun, in order. */
function queueOf(clusters: number, clock: Parameters<typeof admissionWith>[0] = fakeClock()) {
  const world = admissionWith(clock);
  for (let index = 0; index < clusters; index += 1) world.add(`c${index}`);
  return world;
}

function admissionWith(clock: ReturnType<typeof fakeClock> | ReturnType<typeof lateClock>) {
  const begun: string[] = [];
  /** Connections that wait to be opened. */
  const opening = { count: 0 };
  const admission = new Admission(clock, () => opening.count);
  /** Whether the clusters that began are up. */
  const up = { are: true };
  const add = (cluster: string, name = cluster): void =>
    admission.add(cluster, { start: () => void begun.push(name), isUp: () => up.are });
  return { admission, begun, opening, up, add };
}

test('the first cluster begins at once, the others in their order, a little after one another', async () => {
  const clock = fakeClock();
  const { begun, admission } = queueOf(1000, clock);
  expect(begun).toEqual(['c0']);
  await clock.advance(370);
  expect(begun.length).toBeGreaterThan(90);
  expect(begun.length).toBeLessThan(110);
  await clock.advance(10_000);
  expect(begun).toEqual(Array.from({ length: 1000 }, (_, index) => `c${index}`));
  expect([admission.waiting.size, clock.timers()]).toEqual([0, 0]);
});

test('while connections wait to be opened, hardly any cluster begins; servers that are away hold up none', async () => {
  const clock = fakeClock();
  const { begun, opening } = queueOf(1000, clock);
  opening.count = 30;
  await clock.advance(2000);
  expect(begun.length).toBeGreaterThanOrEqual(8);
  expect(begun.length).toBeLessThan(12);
  opening.count = 0;
  await clock.advance(10_000);
  expect(begun).toHaveLength(1000);
});

test('a process that is too late lets nobody begin, and goes on when there is room', async () => {
  const clock = lateClock();
  const { begun, admission } = queueOf(1000, clock);
  for (let look = 0; look < 100; look += 1) clock.pass(900);
  expect([begun.length, admission.waiting.size]).toEqual([1, 999]);
  for (let look = 0; look < 1000; look += 1) clock.pass(10);
  expect(admission.waiting.size).toBe(0);
});

test('a late look lets a bounded number begin', () => {
  const clock = lateClock();
  const { begun } = queueOf(1000, clock);
  const before = begun.length;
  clock.pass(240);
  expect(begun.length - before).toBeGreaterThan(20);
  expect(begun.length - before).toBeLessThan(40);
});

test('a cluster that somebody asks for begins at once, and only once', async () => {
  const clock = fakeClock();
  const { begun, opening, admission } = queueOf(10, clock);
  opening.count = 1000;
  admission.letIn('c7');
  admission.letIn('c7');
  admission.letIn('unknown');
  expect(begun).toEqual(['c0', 'c7']);
  opening.count = 0;
  await clock.advance(1000);
  expect(begun).toEqual(['c0', 'c7', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c8', 'c9']);
});

test('a cluster that changes keeps its place, one that goes leaves it, a new one is the last', async () => {
  const clock = fakeClock();
  const { begun, admission, add } = queueOf(4, clock);
  add('c1', 'c1 changed');
  admission.leave('c2');
  add('new');
  await clock.advance(1000);
  expect(begun).toEqual(['c0', 'c1 changed', 'c3', 'new']);
});

test('after a stop nobody begins', async () => {
  const clock = fakeClock();
  const { begun, admission } = queueOf(4, clock);
  admission.stop();
  await clock.advance(1000);
  expect([begun, clock.timers()]).toEqual([['c0'], 0]);
});

test('a process that is late lets one after the other begin, each when the last one is up', () => {
  const clock = lateClock();
  const { begun, up } = queueOf(1000, clock);
  const before = begun.length;
  up.are = false;
  for (let look = 0; look < 8; look += 1) clock.pass(600);
  expect(begun.length).toBe(before);
  up.are = true;
  clock.pass(600);
  expect(begun.length).toBeGreaterThan(before);
});

test('how late the process is decides who has room', () => {
  const look = { behindMs: 0, opening: 0, sinceMs: 10, isLastUp: false };
  expect(hasRoom(look)).toBe(true);
  expect(hasRoom({ ...look, opening: 4 })).toBe(false);
  expect(hasRoom({ ...look, opening: 4, sinceMs: 250 })).toBe(true);
  expect(hasRoom({ ...look, behindMs: 501, sinceMs: 250 })).toBe(false);
  expect(hasRoom({ ...look, behindMs: 501, isLastUp: true })).toBe(true);
  expect(hasRoom({ ...look, behindMs: 501, sinceMs: 5000 })).toBe(true);
  expect(hasRoom({ ...look, behindMs: 801, isLastUp: true, sinceMs: 5000 })).toBe(false);
});
