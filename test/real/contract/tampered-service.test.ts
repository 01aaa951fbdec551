/**
 * Runs the service with an attacker between it and its nameserver. Whatever happens to the update of a move,
 * the service converges, and no move is wrong. (tampering.test.ts tests the client alone.)
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Fqdn } from '../../../src/core/model/units.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { ZoneClient } from '../../../src/ports.ts';
import { type NamedFixture, startNamed } from '../../support/servers/named-fixture.ts';
import { soon } from './contract-run.ts';
import { faults } from './faults.ts';
import { type Listening, openClient, verifyAt } from './open-client.ts';
import {
  ipOf,
  isSteadyOn,
  ledgerOwner,
  ledgersOf,
  movesIn,
  type Service,
  sourceName,
  startService,
  zone,
} from './service-on-zone.ts';
import { startTamperingProxy, type TamperingProxy } from './tampering-proxy.ts';

const timeoutMs = 300;

let named: NamedFixture;
let proxy: TamperingProxy;
let client: ZoneClient;
let honest: ZoneClient;
let service: Service;
/** The serial of the zone before the test: older entries of the journal belong to earlier tests. */
let since = 0;

const open = (transport: 'tcp' | 'udp', at: Listening) =>
  openClient(at, {
    transport,
    keyText: named.keyText(named.keys.one),
    timeoutMs,
    verify: [verifyAt(at)],
  });

const inZone = async () => {
  const reading = await honest.read({ zone, questions: [{ name: sourceName, type: 'A' }], deadline: soon() });
  return reading.kind === 'read' ? reading.rrsets.map(({ rdata }) => rdata) : reading.failure;
};
const moves = async () => movesIn(ledgersOf((await named.journal()).filter(({ serial }) => serial > since)));

beforeAll(async () => {
  named = await startNamed(
    `zone "lab.test" { type primary; file "@folder@/lab.test.db"; update-policy { grant one zonesub ANY; }; };`,
  );
  honest = await open('tcp', named.named);
});
afterAll(async () => {
  await honest.close();
  await named.stop();
  expect(livingProcesses()).toEqual([]);
});

describe.each(['tcp', 'udp'] as const)('over %s', (transport) => {
  beforeEach(async () => {
    since = await named.named.awaitSerial(1, 5000);
    proxy = await startTamperingProxy(named.named);
    client = await open(transport, proxy);
    service = startService(client, timeoutMs);
    await service.until('the first publication', isSteadyOn('db1'));
  });
  afterEach(async () => {
    await service.stop();
    await Promise.all([client.close(), proxy.close()]);
    const gone = [
      [sourceName, 'A'],
      [`_mysql._tcp.${sourceName}` as Fqdn, 'SRV'],
      [ledgerOwner, 'TXT'],
    ] as const;
    const changes = gone.map(([name, type]) => ({ kind: 'delete-rrset', name, type }) as const);
    expect(
      await honest.update({ plan: { zone, prerequisites: [], changes }, notAfter: soon(), deadline: soon() }),
    ).toEqual({
      kind: 'applied',
    });
  });

  test.each(Object.entries(faults))(
    '%s: the service moves once, and knows that it moved',
    async (_, { fault }) => {
      proxy.arm(fault);
      service.promote('db2');
      await service.until('the move to db2', isSteadyOn('db2'));
      expect(await inZone()).toEqual([[ipOf('db2')]]);
      expect(await moves()).toEqual(['db1', 'db2']);
      const { records } = service;
      const epochs = (...kinds: readonly string[]) =>
        records.flatMap((entry) => ('epoch' in entry && kinds.includes(entry.kind) ? [entry.epoch] : []));
      expect(epochs('move', 'moved-elsewhere')).toEqual([1, 2]);
      // The report of the service is true.
      expect(epochs('move')).toEqual([1, 2]);
    },
  );

  test('the update of a move hangs on its way while the source comes back: the update is fenced off, and never applied', async () => {
    proxy.arm({ hold: 'request' });
    service.promote('db2');
    await service.until('the update to be on its way', () => proxy.updates() === 2);
    service.promote('db1');
    await service.until('the fence', ({ records }) =>
      records.some((entry) => entry.kind === 'written' && entry.what === 'fence'),
    );
    proxy.release();
    await proxy.answered(1);
    expect(await inZone()).toEqual([[ipOf('db1')]]);
    await service.until('calm', isSteadyOn('db1'));
    expect(await moves()).toEqual(['db1']);
  });

  test('the answer of a move comes after the next move: the service believes nothing old in it', async () => {
    proxy.arm({ hold: 'answer' });
    service.promote('db2');
    await service.until('the move to db2', isSteadyOn('db2'));
    service.promote('db3');
    await service.until('the move to db3', isSteadyOn('db3'));
    proxy.release();
    // The former sources have to rejoin first. That is written into the ledger, and every read on the way
    // shows that the client of the late answer works.
    await service.until('db2 to have rejoined', ({ runtime }) => runtime.snapshot().ledger?.was.length === 0);
    service.promote('db2');
    await service.until('the move back to db2', isSteadyOn('db2'));
    expect(await inZone()).toEqual([[ipOf('db2')]]);
    expect(await moves()).toEqual(['db1', 'db2', 'db3', 'db2']);
  });
});
