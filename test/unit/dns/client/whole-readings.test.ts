/** A reading beside an update: torn by it, it is repeated until it is whole. */

import { expect, test } from 'vitest';
import type { Fqdn, MonoMs } from '../../../../src/core/model/units.ts';
import type { Rrset, UpdatePlan, ZoneReading } from '../../../../src/core/model/zone.ts';
import { WholeReadings } from '../../../../src/dns/client/whole-readings.ts';

const zone = 'example.com.' as Fqdn;
const [source, other] = ['source.example.com.', 'other.example.com.'] as [Fqdn, Fqdn];
const a = (...rdata: readonly string[]): Rrset => ({ name: source, type: 'A', ttlSeconds: 5, rdata });
const reads = (...rrsets: readonly Rrset[]): ZoneReading => ({ kind: 'read', zone, rrsets });
const [old, torn, now] = [reads(), reads(a('192.0.2.1'), a('192.0.2.9')), reads(a('192.0.2.1'))];
const request = { questions: [{ name: source, type: 'A' as const }], deadline: 0 as MonoMs };
const planOf = (name: Fqdn): UpdatePlan => ({
  zone,
  prerequisites: [],
  changes: [{ kind: 'delete-rrset', name, type: 'A' }],
});

/** The nameserver says this, one reading after the other; `count` tells how many there were. */
function world(answers: readonly ZoneReading[]) {
  let count = 0;
  let answer = (): void => {};
  const readings = new WholeReadings(async () => {
    const reading = answers[count];
    count += 1;
    if (reading === undefined) throw new Error('too many readings');
    await new Promise<void>((resolve) => {
      answer = resolve;
      setImmediate(resolve);
    });
    return reading;
  });
  let end = (): void => {};
  const update = (name: Fqdn) =>
    readings.beside(planOf(name), () => new Promise<void>((resolve) => (end = resolve)));
  return { readings, update, end: () => end(), answer: () => answer(), count: () => count };
}

test('with no update a reading is one', async () => {
  const { readings, count } = world([old]);
  expect(await readings.read(request)).toBe(old);
  expect(count()).toBe(1);
});

test('beside an update that began before, two readings must agree', async () => {
  const { readings, update, end, count } = world([old, torn, now, now]);
  const updated = update(source);
  expect(await readings.read(request)).toBe(now);
  expect(count()).toBe(4);
  end();
  await updated;
});

test('an update that begins during the reading counts, too, and after its end one reading is enough', async () => {
  const { readings, update, end, count } = world([torn, now]);
  const reading = readings.read(request);
  const updated = update(source);
  end();
  await updated;
  expect(await reading).toBe(now);
  expect(count()).toBe(2);
});

test('the order of RRsets and of their data says nothing', async () => {
  const [one, same] = [reads(a('192.0.2.1', '192.0.2.2')), reads(a('192.0.2.2', '192.0.2.1'))];
  const { readings, update, count } = world([one, same]);
  void update(source);
  expect(await readings.read(request)).toBe(same);
  expect(count()).toBe(2);
});

test('updates of other names, and failures, repeat nothing; four readings are the most', async () => {
  const failed: ZoneReading = { kind: 'failed', failure: { code: 'no-answer', message: 'silence' } };
  const elsewhere = world([old]);
  void elsewhere.update(other);
  expect(await elsewhere.readings.read(request)).toBe(old);
  const broken = world([failed]);
  void broken.update(source);
  expect(await broken.readings.read(request)).toBe(failed);
  const restless = world([old, now, old, now]);
  void restless.update(source);
  expect(await restless.readings.read(request)).toBe(now);
});
