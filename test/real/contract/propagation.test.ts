/**
 * Tests propagation on a real BIND: a hanging secondary raises an alarm with its name until it is in step,
 * and inline signing shows a change late.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HistoryEntry } from '../../../src/core/model/events.ts';
import type { Fqdn, MonoMs } from '../../../src/core/model/units.ts';
import { systemClock } from '../../../src/daemon/clock.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { clusterName, manyClusters } from '../../support/many-clusters.ts';
import { type BindFixture, startBind } from '../../support/servers/bind-fixture.ts';
import { openAt } from './bind-subject.ts';

let bind: BindFixture;
beforeAll(async () => {
  bind = await startBind({ clusters: [clusterName(0), 'signed'] });
});
afterAll(async () => {
  await bind.stop();
  expect(livingProcesses()).toEqual([]);
});

const soon = (ms: number) => (systemClock.mono() + ms) as MonoMs;

const open = () => openAt(bind, { timeoutMs: 2000 });

test('a secondary that hangs raises an alarm with its name, and the alarm ends when the secondary has caught up', async () => {
  const client = await open();
  const clusters = manyClusters({ count: 1, zone: `${bind.zone}.`, client });
  const late = `${bind.secondary.address}:${bind.secondary.port}`;
  const happened = (what: (entry: HistoryEntry) => boolean) =>
    expect.poll(() => clusters.history.some(what), { interval: 10, timeout: 40_000 }).toBe(true);
  const alarm = (raised: boolean) => (entry: HistoryEntry) =>
    entry.kind === 'alarm' &&
    entry.alarm.code === 'secondary-behind' &&
    entry.alarm.subject === late &&
    entry.raised === raised;
  try {
    clusters.start();
    await clusters.awaitEpoch(1, 20_000);
    await happened((entry) => entry.kind === 'propagated' && entry.epoch === 1 && entry.complete);
    await bind.secondary.suspend();
    clusters.switchAll();
    await clusters.awaitEpoch(2, 20_000);
    await happened(alarm(true));
    expect(clusters.history.filter(({ kind }) => kind === 'propagated')).toHaveLength(2);
    const [publication] = clusters.runtimes[0]!.snapshot().publications;
    expect(publication!.propagation).toMatchObject({ epoch: 2, complete: false });
    bind.secondary.resume();
    await happened(alarm(false));
    const told = clusters.history.filter((entry) => entry.kind === 'propagated').at(-1);
    expect(told).toMatchObject({
      epoch: 2,
      complete: true,
      nameservers: [{ serial: expect.any(Number) }, { nameserver: late, serial: expect.any(Number) }],
    });
    expect(clusters.runtimes[0]!.snapshot().alarms).toEqual([]);
  } finally {
    bind.secondary.resume();
    await clusters.stop();
    await client.close();
  }
});

test('a secondary that was away during a change asks for it after its start: soon, with bind-config', async () => {
  const client = await open();
  const zone = `${bind.zone}.` as Fqdn;
  const rrset = {
    name: `source.signed.${zone}` as Fqdn,
    type: 'A' as const,
    ttlSeconds: 5,
    rdata: ['192.0.2.77'],
  };
  try {
    await bind.secondary.stop();
    const plan = { zone, prerequisites: [], changes: [{ kind: 'add-rrset' as const, rrset }] };
    expect(await client.update({ plan, notAfter: soon(5000), deadline: soon(5000) })).toEqual({
      kind: 'applied',
    });
    await bind.secondary.start();
    const { nameservers } = await client.propagation({
      zone,
      present: [rrset],
      absent: [],
      deadline: soon(30_000),
    });
    expect(nameservers.map(({ failure }) => failure)).toEqual([undefined, undefined]);
  } finally {
    await client.close();
  }
});

test('with inline-signing a change appears some milliseconds after its acknowledgement, and both nameservers are waited for', async () => {
  const file = join(bind.primary.folder, 'named.conf');
  const text = await readFile(file, 'utf8');
  await bind.primary.stop();
  await writeFile(
    file,
    text.replace(
      '    type primary;',
      '    type primary;\n    dnssec-policy default;\n    inline-signing yes;',
    ),
  );
  await bind.primary.start();
  const client = await open();
  const zone = `${bind.zone}.` as Fqdn;
  const name = `source.signed.${zone}` as Fqdn;
  try {
    for (let round = 1; round <= 20; round++) {
      const rrset = { name, type: 'A' as const, ttlSeconds: 5, rdata: [`192.0.2.${round}`] };
      const changes = [
        { kind: 'delete-rrset' as const, name, type: 'A' as const },
        { kind: 'add-rrset' as const, rrset },
      ];
      expect(
        await client.update({
          plan: { zone, prerequisites: [], changes },
          notAfter: soon(5000),
          deadline: soon(5000),
        }),
      ).toEqual({
        kind: 'applied',
      });
      const { nameservers } = await client.propagation({
        zone,
        present: [rrset],
        absent: [{ name, type: 'AAAA' }],
        deadline: soon(20_000),
      });
      expect(nameservers.map(({ failure }) => failure)).toEqual([undefined, undefined]);
    }
  } finally {
    await client.close();
  }
});
