/**
 * Tests a real BIND where a side name left the zone, or the ledger's name has an alias: the name of the
 * source moves in the first case, and holds in the second.
 */
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ReplicasName } from '../../../src/core/model/settings.ts';
import type { Fqdn } from '../../../src/core/model/units.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { ZoneClient } from '../../../src/ports.ts';
import { type NamedFixture, startNamed } from '../../support/servers/named-fixture.ts';
import { openOn } from './bind-subject.ts';
import { isSteadyOn, ledgerOwner, type Service, startService } from './service-on-zone.ts';

let named: NamedFixture;
let client: ZoneClient;
beforeAll(async () => {
  named = await startNamed(
    'zone "lab.test" { type primary; file "@folder@/lab.test.db"; update-policy { grant one zonesub ANY; }; };',
  );
  client = await openOn(named);
});
afterAll(async () => {
  await client.close();
  await named.stop();
  expect(livingProcesses()).toEqual([]);
});

/** An administrator changes the zone by hand. */
async function byHand(...lines: readonly string[]): Promise<void> {
  const { address, port } = named.named;
  const { name, secret } = named.keys.one;
  const script = [
    `server ${address} ${port}`,
    `key hmac-sha256:${name} ${secret}`,
    'zone lab.test',
    ...lines,
    'send',
    '',
  ];
  await execa(named.programs.nsupdate, ['-v'], { input: script.join('\n'), timeout: 20_000 });
}

const alarm = ({ runtime }: Service, code: string) =>
  runtime.snapshot().alarms.find((each) => each.code === code);

test('the source moves while the replicas and the SRV RRset are delegated away; an alarm names them, and they follow when they are back', async () => {
  const name = 'replicas.shop.lab.test.' as Fqdn;
  const replicas: ReplicasName = { name, ttlSeconds: 5, maxLagMs: 10_000, whenEmpty: 'source' };
  const service = startService(client, 5000, replicas);
  await service.until('the first publication', isSteadyOn('db1'));
  await byHand(
    'update delete replicas.shop.lab.test A',
    'update add replicas.shop.lab.test 5 NS ns.elsewhere.test.',
  );
  await byHand('update add _tcp.source.shop.lab.test 5 NS ns.elsewhere.test.');
  await service.until('the alarm', (now) => alarm(now, 'left-out') !== undefined);
  service.promote('db2');
  await service.until('the move', isSteadyOn('db2'));
  const { sentence } = alarm(service, 'left-out')!;
  expect(sentence).toMatch(
    /is written without .*_mysql\._tcp\.source\.shop\.lab\.test\. and replicas\.shop\.lab\.test\./,
  );
  expect(service.records.filter(({ kind }) => kind === 'update-failed')).toEqual([]);
  await byHand('update delete replicas.shop.lab.test NS', 'update delete _tcp.source.shop.lab.test NS');
  await service.until('the alarm to be over', (now) => alarm(now, 'left-out') === undefined);
  await service.until('the replicas', (now) =>
    now.records.some((entry) => entry.kind === 'written' && entry.what === 'replicas'),
  );
  await service.stop();
});

test('a CNAME at the name of the ledger stops every claim, and the hold says what to remove', async () => {
  const service = startService(client, 5000);
  await service.until('what the zone says', isSteadyOn('db1'));
  const moves = () => service.records.filter(({ kind }) => kind === 'move').length;
  const before = moves();
  await byHand(`update delete ${ledgerOwner}`, `update add ${ledgerOwner} 5 CNAME elsewhere.lab.test.`);
  await service.until('the hold', ({ runtime }) => runtime.snapshot().decision.reason === 'ledger-unknown');
  service.promote('db3');
  await service.until('another look', ({ runtime }) =>
    runtime.snapshot().servers.some(({ server, writable }) => server.startsWith('db3') && writable),
  );
  expect(service.runtime.snapshot().decision.sentence).toContain(
    'is a CNAME (elsewhere.lab.test.), and no ledger can be stored beside a CNAME',
  );
  expect(moves()).toBe(before);
  await service.stop();
});
