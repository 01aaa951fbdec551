/** Effects end once, in the words of their adapter where it has some. */

import { describe, expect, test } from 'vitest';
import type { Event } from '../../../src/core/model/events.ts';
import { type MonoMs, plusMs } from '../../../src/core/model/units.ts';
import { createInFlight, guardGraceMs } from '../../../src/daemon/in-flight.ts';
import { db1, fakeAdapters, settled } from '../../support/fakes.ts';
import { at } from '../../support/given.ts';
import { lateClock } from '../../support/late-clock.ts';

const waits = { kind: 'unasked', failure: { code: 'connection-waits', message: 'it waits for its turn' } };

function probing() {
  const clock = lateClock();
  const adapters = fakeAdapters();
  const events: Event[] = [];
  const inFlight = createInFlight(clock, (event) => events.push(event));
  inFlight.begin(
    { kind: 'probe', server: db1, places: undefined, deadline: plusMs(clock.mono(), 2000) },
    adapters,
  );
  return { clock, events, answer: (value: unknown) => adapters.asked[0]?.answer(value) };
}

test('a process that stood still past the guard hears the adapter first', async () => {
  const { clock, events, answer } = probing();
  clock.pass(2000 + guardGraceMs + 200);
  answer(waits);
  await settled();
  expect(events).toEqual([{ kind: 'observed', server: db1, probe: waits }]);
});

test('an adapter that stays silent is guarded after a pause of the process, too', async () => {
  const { clock, events, answer } = probing();
  clock.pass(2000 + guardGraceMs + 200);
  clock.pass(guardGraceMs);
  answer(waits);
  await settled();
  expect(events).toMatchObject([{ probe: { kind: 'unknown', failure: { code: 'adapter-deadline' } } }]);
});

/** As a real clock: between two readings a little time passes. */
function tickingClock(): () => MonoMs {
  let now = 0;
  return () => {
    now += 0.01;
    return now as MonoMs;
  };
}

describe('a probe that waits for its turn', () => {
  function waiting() {
    const clock = lateClock();
    const adapters = fakeAdapters();
    const events: Event[] = [];
    const begins: (() => void)[] = [];
    const turns = { take: (begin: () => void) => begins.push(begin) };
    const inFlight = createInFlight(clock, (event) => events.push(event), turns);
    const deadline = plusMs(clock.mono(), 2000);
    inFlight.begin({ kind: 'probe', server: db1, places: undefined, deadline }, adapters);
    return { clock, adapters, events, inFlight, begin: () => begins[0]?.() };
  }

  test('has its whole time-out from when it begins', async () => {
    const { clock, events, begin } = waiting();
    clock.pass(3000);
    expect(events).toEqual([]);
    begin();
    clock.pass(1999);
    clock.pass(guardGraceMs);
    await settled();
    expect(events).toEqual([]);
    clock.pass(1);
    clock.pass(guardGraceMs);
    expect(events).toMatchObject([{ probe: { kind: 'unknown', failure: { code: 'adapter-deadline' } } }]);
  });

  test('says how long it waited', async () => {
    const { clock, adapters, events, begin } = waiting();
    clock.pass(700);
    begin();
    adapters.asked[0]?.answer(waits);
    await settled();
    expect(events).toEqual([{ kind: 'observed', server: db1, probe: waits, waitedMs: 700 }]);
  });

  test('did not wait if it begins at once: probes of one step are asked at the same time', async () => {
    const clock = { ...lateClock(), mono: tickingClock() };
    const adapters = fakeAdapters();
    const events: Event[] = [];
    const turns = { take: (begin: () => void) => begin() };
    const inFlight = createInFlight(clock, (event) => events.push(event), turns);
    inFlight.begin({ kind: 'probe', server: db1, places: undefined, deadline: at(2000).mono }, adapters);
    adapters.asked[0]?.answer(waits);
    await settled();
    expect(events).toEqual([{ kind: 'observed', server: db1, probe: waits }]);
    inFlight.abandon();
  });

  test('is not asked after the runtime gave it up', () => {
    const { adapters, inFlight, begin } = waiting();
    inFlight.abandon();
    begin();
    expect(adapters.asked).toEqual([]);
  });

  test('keeps its adapter open', async () => {
    const { adapters, inFlight, begin } = waiting();
    let isOver = false;
    const ended = inFlight.ended().then(() => {
      isOver = true;
    });
    await settled();
    expect(isOver).toBe(false);
    begin();
    adapters.asked[0]?.answer(waits);
    await ended;
    expect(isOver).toBe(true);
  });
});
