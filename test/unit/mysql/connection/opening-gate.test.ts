/** The gate lets few connections be opened at once, in the order in which they came. */

import { expect, test } from 'vitest';
import { OpeningGate, type Ticket } from '../../../../src/mysql/connection/opening-gate.ts';
import { settled } from '../../../support/fakes.ts';
import { lateClock } from '../../../support/late-clock.ts';

function crowd(gate: OpeningGate, count: number) {
  const begun: number[] = [];
  const tickets = Array.from({ length: count }, (_, index): Ticket => {
    const ticket = gate.ticket();
    void ticket.take().then(() => begun.push(index));
    return ticket;
  });
  return { begun, tickets };
}

test('a thousand attempts begin a few at a time, the first ones first', async () => {
  const gate = new OpeningGate(lateClock());
  const { begun, tickets } = crowd(gate, 1000);
  await settled();
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(gate.waiting).toBe(992);
  for (let index = 0; index < 1000; index += 1) {
    tickets[index]?.giveBack();
    await Promise.resolve();
  }
  await settled();
  expect(begun).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  expect(gate.waiting).toBe(0);
});

test('more begin at once while this process keeps up, up to a bound', async () => {
  const clock = lateClock();
  const { begun } = crowd(new OpeningGate(clock), 1000);
  for (let pulse = 0; pulse < 100; pulse += 1) clock.pass(20);
  await settled();
  expect(begun).toHaveLength(64);
});

test('fewer begin once this process does not keep up', async () => {
  const clock = lateClock();
  const gate = new OpeningGate(clock);
  const { begun, tickets } = crowd(gate, 1000);
  // A timer that is 80 ms late: the openings fill this process.
  for (let pulse = 0; pulse < 20; pulse += 1) clock.pass(100);
  for (const ticket of tickets.slice(0, 8)) ticket.giveBack();
  await settled();
  expect(begun).toHaveLength(12);
});

test('an attempt that had a slot goes before those that had none', async () => {
  const gate = new OpeningGate(lateClock());
  const { begun, tickets } = crowd(gate, 20);
  await settled();
  const [first] = tickets;
  first?.giveBack();
  await settled();
  expect(begun.at(-1)).toBe(8);
  void first?.take(true).then(() => begun.push(-1));
  tickets[1]?.giveBack();
  tickets[2]?.giveBack();
  await settled();
  expect(begun.slice(-2)).toEqual([-1, 9]);
});

test('an attempt that is given up leaves the queue', async () => {
  const gate = new OpeningGate(lateClock());
  const { begun, tickets } = crowd(gate, 10);
  tickets[8]?.giveBack();
  tickets[0]?.giveBack();
  await settled();
  expect(begun.at(-1)).toBe(9);
});

test('so many attempts wait at most', () => {
  const gate = new OpeningGate(lateClock(), 3);
  crowd(gate, 10);
  expect(gate.isFull).toBe(false);
  crowd(gate, 1);
  expect(gate.isFull).toBe(true);
});
