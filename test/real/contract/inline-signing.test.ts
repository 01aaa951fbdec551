/**
 * Publishes in a zone with inline signing: named acknowledges a change of the unsigned zone, and shows it
 * some milliseconds later.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ZoneReading } from '../../../src/core/model/zone.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { ZoneClient } from '../../../src/ports.ts';
import { address } from '../../support/given.ts';
import { type NamedFixture, startNamed } from '../../support/servers/named-fixture.ts';
import { openOn } from './bind-subject.ts';
import { soon } from './contract-run.ts';
import { ipOf, isSteadyOn, type ServerName, sourceName, startService, zone } from './service-on-zone.ts';

let named: NamedFixture;
let client: ZoneClient;

beforeAll(async () => {
  named = await startNamed(
    `zone "lab.test" { type primary; file "@folder@/lab.test.db"; dnssec-policy default; inline-signing yes; update-policy { grant one zonesub ANY; }; };`,
  );
  client = await openOn(named);
});
afterAll(async () => {
  await client.close();
  await named.stop();
  expect(livingProcesses()).toEqual([]);
});

test('each of twenty moves is one update, based on the previous one, and is reported when it is seen', async () => {
  const updates: string[] = [];
  let behind = 0;
  let last: ZoneReading | undefined;
  let isApplied = false;
  // The first read after each update is made to come too early: before the signed zone has the acknowledged
  // update.
  const watched: ZoneClient = {
    ...client,
    update: async (request) => {
      const outcome = await client.update(request);
      updates.push(outcome.kind === 'applied' ? 'applied' : outcome.failure.code);
      isApplied = outcome.kind === 'applied';
      return outcome;
    },
    read: async (request) => {
      if (isApplied && last !== undefined) {
        isApplied = false;
        behind += 1;
        return last;
      }
      last = await client.read(request);
      return last;
    },
  };
  const service = startService(watched, 5000);
  await service.until('the first publication', isSteadyOn('db1'));
  const moves = 20;
  const names: readonly ServerName[] = ['db1', 'db2'];
  for (let move = 1; move <= moves; move++) {
    const name = names[move % 2]!;
    await service.until(
      'the former source to have rejoined',
      ({ runtime }) => runtime.snapshot().ledger?.was.length === 0,
    );
    service.promote(name);
    await service.until(`move ${move}, to ${name}`, isSteadyOn(name));
  }
  await service.until('the nameserver to have answered the last move', ({ records }) =>
    records.some((entry) => entry.kind === 'propagated' && entry.epoch === moves + 1 && entry.complete),
  );
  // No update was based on an old read: such an update would have found another ledger.
  expect(new Set(updates)).toEqual(new Set(['applied']));
  expect(behind).toBeGreaterThan(moves);
  const told = service.records.flatMap((entry) =>
    entry.kind === 'move' ? [`${entry.epoch} ${entry.to.server}`] : [],
  );
  expect(told).toEqual(
    Array.from({ length: moves + 1 }, (_, index) => `${index + 1} ${address(names[index % 2]!)}`),
  );
  const reading = await client.read({ zone, questions: [{ name: sourceName, type: 'A' }], deadline: soon() });
  expect(reading).toMatchObject({ rrsets: [{ rdata: [ipOf(names[moves % 2]!)] }] });
  await service.stop();
});
