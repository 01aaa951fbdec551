/**
 * Tests several instances at one name of a real zone, the RRset of the replicas, and one cluster at two
 * nameservers (the views of one named).
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findFreePort } from '../../../src/lab/host/free-ports.ts';
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
} from './published-clusters.ts';

let named: NamedFixture;
/** Each nameserver with the key of its view. */
let one: ZoneClient;
let two: ZoneClient;
let bystander: Bystander;
const opened: ZoneClient[] = [];
let running: Instance[] = [];

const view = (name: 'one' | 'two', matching: string, file: string) =>
  `view "${name}" { match-clients { ${matching} }; zone "lab.test" { type primary; file "@folder@/${file}"; update-policy { grant ${name} zonesub ANY; }; }; };`;
const open = async (
  key: 'one' | 'two',
  at: { readonly address: string; readonly port: number },
): Promise<ZoneClient> => {
  const client = await openWith(named.keyText(named.keys[key]), at);
  opened.push(client);
  return client;
};

beforeAll(async () => {
  named = await startNamed(
    `${view('one', '!key two; key one; 127.0.0.1;', 'lab.test.db')}${view('two', 'key two;', 'lab.test.two.db')}`,
  );
  one = await open('one', named.named);
  two = await open('two', named.named);
  bystander = new Bystander(await open('one', named.named));
});
afterEach(async () => {
  await Promise.all(running.map(({ runtime }) => runtime.stop()));
  running = [];
});
afterAll(async () => {
  await Promise.all(opened.map((client) => client.close()));
  await named.stop();
  expect(livingProcesses()).toEqual([]);
});

const start = (
  cluster: MadeUpCluster,
  options?: InstanceOptions,
  clients: Readonly<Record<string, ZoneClient>> = { ns1: one },
): Instance => {
  const instance = new Instance(cluster, clients, options);
  running.push(instance);
  return instance;
};

/** The epochs that this instance caused. */
const movesOf = ({ records }: Instance, nameserver = 'ns1') =>
  records.flatMap((entry) => (entry.kind === 'move' && entry.nameserver === nameserver ? [entry.epoch] : []));

test('an instance with another TTL says so, and leaves the RRset; the instance that published it applies its own change', async () => {
  const cluster = new MadeUpCluster('form');
  const first = start(cluster, { instance: 'one', source: { ttlSeconds: 5 } });
  await first.steadyOn('db1');
  const before = await bystander.ledger(cluster);
  const second = start(cluster, { instance: 'two', source: { ttlSeconds: 7 } });
  await second.alarm('config-differs');
  await second.looks();
  expect(await bystander.published(cluster)).toEqual([`A 5 ${ipOf('db1')}`]);
  expect(await bystander.ledger(cluster)).toEqual(before);
  await first.reconfigure({ source: { ttlSeconds: 9 } });
  await first.writes('form');
  await second.looks();
  expect(await bystander.published(cluster)).toEqual([`A 9 ${ipOf('db1')}`]);
  expect(await bystander.ledger(cluster)).toMatchObject({
    epoch: 1,
    by: 'one',
    ttlSeconds: 9,
    form: { ttlSeconds: 9 },
  });
  await second.alarm('config-differs');
  await second.reconfigure({ source: { ttlSeconds: 9 } });
  await second.alarm('config-differs', false);
  // An instance publishes in its own form what it moves itself.
  expect([first.runtime.snapshot().alarms, second.records.filter(({ kind }) => kind === 'written')]).toEqual([
    [],
    [],
  ]);
});

describe('the RRset of the replicas', () => {
  test('a replica that lags leaves it, and comes back well below the limit; the instance in by= writes this while it lives', async () => {
    const cluster = new MadeUpCluster('replicas');
    const first = start(cluster, { instance: 'one', replicas: {} });
    await first.steadyOn('db1');
    const second = start(cluster, { instance: 'two', replicas: {} });
    await second.steadyOn('db1');
    const [source, db2, db3] = [
      `A 5 ${ipOf('db1')}`,
      `replicas A 5 ${ipOf('db2')}`,
      `replicas A 5 ${ipOf('db3')}`,
    ];
    expect(await bystander.published(cluster)).toEqual([source, db2, db3]);
    cluster.lag('db3', 11);
    await first.writes('replicas');
    expect(await bystander.published(cluster)).toEqual([source, db2]);
    // The lag is below the limit, but not by half. A replica that was out stays out; otherwise a lag around
    // the limit would flap.
    cluster.lag('db3', 8);
    await first.looks(60);
    expect(await bystander.published(cluster)).toEqual([source, db2]);
    cluster.lag('db3', 4);
    await first.writes('replicas', 2);
    expect(await bystander.published(cluster)).toEqual([source, db2, db3]);
    expect(second.written('replicas')).toEqual([]);
    await first.runtime.stop();
    cluster.lag('db2', 60);
    await second.writes('replicas');
    expect(await bystander.published(cluster)).toEqual([source, db3]);
    expect(await bystander.ledger(cluster)).toMatchObject({ epoch: 1, by: 'two' });
  });

  test.each<['source' | 'withdraw', string, readonly string[]]>([
    ['source', ipOf('db1'), [`replicas A 5 ${ipOf('db1')}`]],
    ['withdraw', 'withdrawn', []],
  ])('when_empty: %s', async (whenEmpty, said, shown) => {
    const cluster = new MadeUpCluster(`empty-${whenEmpty}`);
    const instance = start(cluster, { replicas: { whenEmpty } });
    await instance.steadyOn('db1');
    cluster.lag('db2', 60);
    cluster.lag('db3', 60);
    // The probes do not end at the same time, so one of the two may leave the RRset first.
    await instance.until(
      `the replicas to be ${said}`,
      () => instance.written('replicas').at(-1)?.endsWith(` is now ${said}.`) ?? false,
    );
    expect(await bystander.published(cluster)).toEqual([`A 5 ${ipOf('db1')}`, ...shown]);
    cluster.promote('db1');
    await instance.until(
      'both to be back',
      () =>
        instance
          .written('replicas')
          .at(-1)
          ?.includes(`${ipOf('db2')} ${ipOf('db3')}`) ?? false,
    );
    expect(await bystander.published(cluster)).toEqual(
      [ipOf('db1'), ipOf('db2'), ipOf('db3')].map((ip, at) => `${at ? 'replicas ' : ''}A 5 ${ip}`),
    );
  });

  test('when_empty: keep leaves the last replica in', async () => {
    const cluster = new MadeUpCluster('empty-keep');
    const instance = start(cluster, { replicas: { whenEmpty: 'keep' } });
    await instance.steadyOn('db1');
    cluster.lag('db3', 60);
    await instance.writes('replicas');
    cluster.lag('db2', 60);
    // Longer than the pause between two writes of the RRset.
    await instance.looks(60);
    expect(await bystander.published(cluster)).toEqual([`A 5 ${ipOf('db1')}`, `replicas A 5 ${ipOf('db2')}`]);
  });

  test('an instance with another TTL leaves the RRset to the instance in by=', async () => {
    const cluster = new MadeUpCluster('quarrel');
    const first = start(cluster, { instance: 'one', replicas: { ttlSeconds: 5 } });
    await first.steadyOn('db1');
    const second = start(cluster, { instance: 'two', replicas: { ttlSeconds: 7 } });
    await second.steadyOn('db1');
    // Twice as long as another instance waits before it takes over.
    await second.looks(60);
    expect([first.written('replicas'), second.written('replicas')]).toEqual([[], []]);
    expect(await bystander.published(cluster)).toContain(`replicas A 5 ${ipOf('db2')}`);
  });
});

test('a freeze by one instance holds the other, and a thaw by the other lets exactly one of them move', async () => {
  const cluster = new MadeUpCluster('freeze');
  const first = start(cluster, { instance: 'one' });
  await first.steadyOn('db1');
  const second = start(cluster, { instance: 'two' });
  await second.steadyOn('db1');
  const frozen = await first.runtime.command({ kind: 'freeze', reason: 'maintenance', by: 'dba' });
  expect(frozen.results).toMatchObject([{ kind: 'done', code: 'freeze' }]);
  await second.holds('frozen');
  expect(second.runtime.snapshot().decision.sentence).toBe(
    'Frozen by dba: maintenance. Thaw it to let the name move.',
  );
  cluster.promote('db2');
  await Promise.all([first.looks(), second.looks()]);
  expect(await bystander.published(cluster)).toEqual([`A 5 ${ipOf('db1')}`]);
  const thawed = await second.runtime.command({ kind: 'thaw', by: 'dba' });
  expect(thawed.results).toMatchObject([{ kind: 'done', code: 'thaw' }]);
  await Promise.all([first.steadyOn('db2'), second.steadyOn('db2')]);
  expect(await bystander.published(cluster)).toEqual([`A 5 ${ipOf('db2')}`]);
  expect([...movesOf(first), ...movesOf(second)].sort()).toEqual([1, 2]);
});

test('while one nameserver is away the name moves at the other; the late one catches up, and each has its own epochs', async () => {
  const cluster = new MadeUpCluster('two-nameservers');
  const nowhere = await open('two', { address: '127.0.0.1', port: await findFreePort(['127.0.0.1']) });
  let away = false;
  const ns2: ZoneClient = {
    ...two,
    read: (request) => (away ? nowhere : two).read(request),
    update: (request) => (away ? nowhere : two).update(request),
    propagation: (request) => (away ? nowhere : two).propagation(request),
  };
  const late = new Bystander(two);
  const instance = start(cluster, {}, { ns1: one, ns2 });
  const ledgers = async () =>
    [await bystander.ledger(cluster), await late.ledger(cluster)].map(({ epoch, source }) => [epoch, source]);
  const both = (name: 'db1' | 'db2' | 'db3') =>
    instance.until(`both steady on ${name}`, ({ publications }) =>
      publications.every(
        ({ decision, ledger }) => decision.reason === 'steady' && ledger?.source === addressOf(name),
      ),
    );
  await both('db1');
  away = true;
  await instance.alarm('nameserver-unreadable');
  for (const name of ['db2', 'db3'] as const) {
    cluster.promote(name);
    await instance.steadyOn(name);
  }
  expect(await bystander.published(cluster)).toEqual([`A 5 ${ipOf('db3')}`]);
  expect(await late.published(cluster)).toEqual([`A 5 ${ipOf('db1')}`]);
  expect(await ledgers()).toEqual([
    [3, addressOf('db3')],
    [1, addressOf('db1')],
  ]);
  away = false;
  await both('db3');
  await instance.alarm('nameserver-unreadable', false);
  expect(await late.published(cluster)).toEqual([`A 5 ${ipOf('db3')}`]);
  // This nameserver never had db2, so its name moves once.
  expect(await ledgers()).toEqual([
    [3, addressOf('db3')],
    [2, addressOf('db3')],
  ]);
  expect([movesOf(instance, 'ns1'), movesOf(instance, 'ns2')]).toEqual([
    [1, 2, 3],
    [1, 2],
  ]);
});
