/** Effects end once, in the words of their adapter where it has some. */

import { expect, test } from 'vitest';
import type { Event } from '../../../src/core/model/events.ts';
import { plusMs } from '../../../src/core/model/units.ts';
import { createInFlight, guardGraceMs } from '../../../src/daemon/in-flight.ts';
import { db1, fakeAdapters, settled } from '../../support/fakes.ts';
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
