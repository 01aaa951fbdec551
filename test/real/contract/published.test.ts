/**
 * Tests one instance and its names in a real zone: changes by hand, other types, names that existed before,
 * and clusters without a source.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Change, Rrset } from '../../../src/core/model/zone.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { ZoneClient } from '../../../src/ports.ts';
import { type NamedFixture, startNamed } from '../../support/servers/named-fixture.ts';
import {
  addressOf,
  Bystander,
  Instance,
  type InstanceOptions,
  ipOf,
  MadeUpCluster,
  openWith,
  settleMs,
} from './published-clusters.ts';

let named: NamedFixture;
let client: ZoneClient;
let others: ZoneClient;
let administrator: Bystander;
let running: Instance[] = [];

beforeAll(async () => {
  named = await startNamed(
    `zone "lab.test" { type primary; file "@folder@/lab.test.db"; update-policy { grant one zonesub ANY; }; };`,
  );
  client = await openWith(named.keyText(named.keys.one), named.named);
  others = await openWith(named.keyText(named.keys.one), named.named);
  administrator = new Bystander(others);
});
afterEach(async () => {
  await Promise.all(running.map(({ runtime }) => runtime.stop()));
  running = [];
});
afterAll(async () => {
  await Promise.all([client.close(), others.close()]);
  await named.stop();
  expect(livingProcesses()).toEqual([]);
});

const start = (cluster: MadeUpCluster, options?: InstanceOptions): Instance => {
  const instance = new Instance(cluster, { ns1: client }, options);
  running.push(instance);
  return instance;
};

/** The entries of the journal that touch the names of this cluster. */
const journalOf = async ({ source }: MadeUpCluster) =>
  (await named.journal())
    .map(({ added, deleted }) => {
      const own = (lines: readonly string[]) =>
        lines.filter((line) => line.startsWith(`${source} `)).map((line) => line.split(' IN ')[1]);
      return { added: own(added), deleted: own(deleted) };
    })
    .filter(({ added, deleted }) => added.length + deleted.length > 0);

describe('a change by hand', () => {
  const hand = (cluster: MadeUpCluster, wrong: Rrset | undefined): readonly Change[] => [
    { kind: 'delete-rrset', name: cluster.source, type: 'A' },
    ...(wrong ? [{ kind: 'add-rrset', rrset: wrong } as const] : []),
  ];
  const a = ({ source }: MadeUpCluster, address: string, ttlSeconds = 5): Rrset => ({
    name: source,
    type: 'A',
    ttlSeconds,
    rdata: [address],
  });

  test.each<[string, (cluster: MadeUpCluster) => readonly Change[]]>([
    ['another address', (cluster) => hand(cluster, a(cluster, '192.0.2.99'))],
    ['a second address', (cluster) => [{ kind: 'add-rrset', rrset: a(cluster, '192.0.2.99') }]],
    ['another TTL', (cluster) => hand(cluster, a(cluster, ipOf('db1'), 300))],
    ['no address', (cluster) => hand(cluster, undefined)],
    [
      'a CNAME',
      (cluster) =>
        hand(cluster, { name: cluster.source, type: 'CNAME', ttlSeconds: 5, rdata: ['www.lab.test.'] }),
    ],
    [
      'an AAAA beside it',
      ({ source }) => [
        { kind: 'add-rrset', rrset: { name: source, type: 'AAAA', ttlSeconds: 5, rdata: ['2001:db8::99'] } },
      ],
    ],
    [
      'an SRV RRset that leads elsewhere',
      ({ srv, source }) => [
        { kind: 'delete-rrset', name: srv, type: 'SRV' },
        {
          kind: 'add-rrset',
          rrset: {
            name: srv,
            type: 'SRV',
            ttlSeconds: 5,
            rdata: [{ priority: 0, weight: 0, port: 9, target: source }],
          },
        },
      ],
    ],
  ])('%s is repaired while the source is healthy, in the same epoch', async (title, changes) => {
    const cluster = new MadeUpCluster(`hand-${title.toLowerCase().replaceAll(' ', '-')}`);
    const instance = start(cluster, { source: { srv: true } });
    await instance.steadyOn('db1');
    const before = await administrator.published(cluster);
    await administrator.change(...changes(cluster));
    await instance.writes('repair');
    expect(await administrator.published(cluster)).toEqual(before);
    expect(await administrator.ledger(cluster)).toMatchObject({ epoch: 1, source: addressOf('db1') });
  });

  test('stays while the source is down, with an alarm, and is repaired when the source is back', async () => {
    const cluster = new MadeUpCluster('outage');
    const instance = start(cluster);
    await instance.steadyOn('db1');
    cluster.loseSource();
    await instance.holds('no-candidate');
    await administrator.change(...hand(cluster, a(cluster, '192.0.2.99')));
    await instance.alarm('zone-drift');
    await instance.looks();
    expect(await administrator.published(cluster)).toEqual(['A 5 192.0.2.99']);
    cluster.promote('db1');
    await instance.writes('repair');
    await instance.alarm('zone-drift', false);
    expect(await administrator.published(cluster)).toEqual([`A 5 ${ipOf('db1')}`]);
    expect(await administrator.ledger(cluster)).toMatchObject({ epoch: 1 });
  });

  test('is repaired ten times, and then raises an alarm for a person', async () => {
    const cluster = new MadeUpCluster('again');
    const instance = start(cluster);
    await instance.steadyOn('db1');
    for (let times = 1; times <= 10; times++) {
      await administrator.change(...hand(cluster, a(cluster, '192.0.2.99')));
      await instance.writes('repair', times);
      // A change before our own reading would look as if the nameserver had changed what we wrote.
      await instance.looks(2);
    }
    await administrator.change(...hand(cluster, a(cluster, '192.0.2.99')));
    await instance.alarm('zone-drift');
    await instance.looks();
    expect(await administrator.published(cluster)).toEqual(['A 5 192.0.2.99']);
    expect(instance.written('repair')).toHaveLength(10);
  });
});

describe('the form of the name', () => {
  test('changes from addresses to a CNAME and back in one message each, so the name always has an answer', async () => {
    const cluster = new MadeUpCluster('types');
    const instance = start(cluster, { source: { srv: true } });
    await instance.steadyOn('db1');
    const srv = `SRV 5 0 0 3301 ${cluster.source}`;
    expect(await administrator.published(cluster)).toEqual([`A 5 ${ipOf('db1')}`, srv]);
    await instance.reconfigure({ source: { srv: true, type: 'cname' } });
    await instance.writes('form');
    expect(await administrator.published(cluster)).toEqual(['CNAME 5 db1.lab.test.', srv]);
    await instance.reconfigure({ source: { srv: true, type: 'address' } });
    await instance.writes('form', 2);
    expect(await administrator.published(cluster)).toEqual([`A 5 ${ipOf('db1')}`, srv]);
    const [address, cname] = [`A ${ipOf('db1')}`, 'CNAME db1.lab.test.'];
    expect(await journalOf(cluster)).toEqual([
      { added: [address], deleted: [] },
      { added: [cname], deleted: [address] },
      { added: [address], deleted: [cname] },
    ]);
    expect(await administrator.ledger(cluster)).toMatchObject({ epoch: 1 });
  });

  test('moves as a CNAME and an SRV RRset together, to another host and another port', async () => {
    const cluster = new MadeUpCluster('cname');
    const instance = start(cluster, { source: { type: 'cname', srv: true } });
    await instance.steadyOn('db1');
    cluster.promote('db2');
    await instance.steadyOn('db2');
    expect(await administrator.published(cluster)).toEqual([
      'CNAME 5 db2.lab.test.',
      `SRV 5 0 0 3302 ${cluster.source}`,
    ]);
    expect(await administrator.ledger(cluster)).toMatchObject({
      epoch: 2,
      form: { type: 'cname', targets: ['db2.lab.test.'] },
    });
  });
});

describe('a name that somebody else has published', () => {
  test.each<[string, Pick<Rrset & { type: 'A' | 'CNAME' }, 'type' | 'rdata'>]>([
    ['A 5 192.0.2.50', { type: 'A', rdata: ['192.0.2.50'] }],
    ['CNAME 5 old.lab.test.', { type: 'CNAME', rdata: ['old.lab.test.'] }],
  ])('%s is refused, and with adopt replaced in one message', async (there, { type, rdata }) => {
    const cluster = new MadeUpCluster(`adopt-${type.toLowerCase()}`);
    await administrator.change({
      kind: 'add-rrset',
      rrset: { name: cluster.source, type, ttlSeconds: 5, rdata },
    });
    const instance = start(cluster);
    await instance.holds('foreign-rrset');
    await instance.looks();
    expect(await administrator.published(cluster)).toEqual([there]);
    await instance.reconfigure({ adopt: true });
    await instance.steadyOn('db1');
    expect(await administrator.published(cluster)).toEqual([`A 5 ${ipOf('db1')}`]);
    expect(await administrator.ledger(cluster)).toMatchObject({ epoch: 1, why: 'first-source' });
    const text = `${type} ${rdata.join()}`;
    expect(await journalOf(cluster)).toEqual([
      { added: [text], deleted: [] },
      { added: [`A ${ipOf('db1')}`], deleted: [text] },
    ]);
  });
});

describe('on_no_source: withdraw', () => {
  test('withdraws after settle, and only when every server is seen; publishes again when the source is back or another server is promoted', async () => {
    const cluster = new MadeUpCluster('withdraw');
    const instance = start(cluster, { onNoSource: 'withdraw', source: { srv: true } });
    await instance.steadyOn('db1');
    const before = await administrator.published(cluster);
    cluster.silence('db3');
    await instance.alarm('server-unknown');
    cluster.demote();
    await instance.holds('no-candidate');
    // A read comes every interval, so this is longer than `settle`.
    await instance.looks(10);
    expect(await administrator.published(cluster)).toEqual(before);
    cluster.lag('db3', 0);
    await instance.alarm('server-unknown', false);
    const seenAt = performance.now();
    await instance.writes('withdraw');
    expect(performance.now() - seenAt).toBeGreaterThan(settleMs - 20);
    expect(await administrator.published(cluster)).toEqual([]);
    expect(await administrator.ledger(cluster)).toMatchObject({
      epoch: 1,
      source: addressOf('db1'),
      form: { targets: [] },
    });
    cluster.promote('db1');
    await instance.writes('form');
    expect(await administrator.published(cluster)).toEqual(before);
    expect(await administrator.ledger(cluster)).toMatchObject({ epoch: 1 });
    cluster.demote();
    await instance.writes('withdraw', 2);
    cluster.promote('db2');
    await instance.steadyOn('db2');
    // A move that the nameserver refuses is sent again without the SRV RRset, which follows.
    await instance.alarm('left-out', false);
    expect(await administrator.published(cluster)).toEqual([
      `A 5 ${ipOf('db2')}`,
      `SRV 5 0 0 3302 ${cluster.source}`,
    ]);
    expect(await administrator.ledger(cluster)).toMatchObject({ epoch: 2 });
  });

  test('on_no_source: keep leaves the name where it is', async () => {
    const cluster = new MadeUpCluster('keep');
    const instance = start(cluster);
    await instance.steadyOn('db1');
    cluster.demote();
    await instance.holds('no-candidate');
    await instance.looks(10);
    expect(await administrator.published(cluster)).toEqual([`A 5 ${ipOf('db1')}`]);
  });
});
