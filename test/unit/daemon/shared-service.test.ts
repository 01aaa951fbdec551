/** Several instances share a cluster at one zone: the real service and core, servers and a zone in memory. */

import { afterEach, describe, expect, test } from 'vitest';
import { byWatchers } from '../../../src/config/settings-of.ts';
import { watchersOf } from '../../../src/config/share.ts';
import type { Answer, Command, HistoryEntry } from '../../../src/core/model/events.ts';
import type { ServerFacts } from '../../../src/core/model/observation.ts';
import { systemClock, systemRandom } from '../../../src/daemon/clock.ts';
import { type Service, startService } from '../../../src/daemon/service.ts';
import { visitLimit } from '../../../src/daemon/visits.ts';
import { db1, db2 } from '../../support/fakes.ts';
import { cluster, config, type SmallWorld, smallWorld, until } from '../../support/small-world.ts';

const share = { instances: ['watcher-1', 'watcher-2', 'watcher-3'], watchers: 2 };
const watchers = watchersOf(share, 'shop');

const services = new Set<Service>();
afterEach(async () => {
  await Promise.all([...services].map((service) => service.stop()));
  services.clear();
});

interface Instance {
  readonly name: string;
  readonly service: Service;
  readonly records: HistoryEntry[];
}

async function startInstance(world: SmallWorld, instance: string): Promise<Instance> {
  const records: HistoryEntry[] = [];
  const all = [cluster('shop', 'secret', { instance, watchers })];
  const started = await startService({
    config: config('/nowhere', { instance, share, ...byWatchers({ instance }, all) }),
    maker: world.maker,
    clock: systemClock,
    random: systemRandom,
    remembered: () => [],
    onRecord: (entry) => void records.push(entry),
    onWarning: () => {},
    onBug(error) {
      throw error;
    },
  });
  if (started.kind === 'failed') throw new Error('it did not start');
  services.add(started.service);
  return { name: instance, service: started.service, records };
}

const startAll = (world: SmallWorld) =>
  Promise.all(share.instances.map((instance) => startInstance(world, instance)));

const movesTo = (instances: readonly Instance[], epoch: number) =>
  instances.flatMap(({ name, records }) =>
    records.some((entry) => entry.kind === 'move' && entry.epoch === epoch) ? [name] : [],
  );

const factsAt = (world: SmallWorld, server: typeof db1): ServerFacts => {
  const probe = world.probes.get(server);
  if (probe?.kind !== 'reachable') throw new Error(`${server} does not answer`);
  return probe.facts;
};

/** A planned switch, by another tool. */
function promoteDb2(world: SmallWorld): void {
  const [first, second] = [factsAt(world, db1), factsAt(world, db2)];
  world.probes.set(db1, { kind: 'reachable', facts: { ...first, readOnly: true, superReadOnly: true } });
  world.probes.set(db2, {
    kind: 'reachable',
    facts: { ...second, readOnly: false, superReadOnly: false, channels: [] },
  });
}

const published = (world: SmallWorld) => world.zone.get('source.shop.db.example.com. A')?.rdata;

describe('a cluster that two of three instances watch', () => {
  test('is moved once while both live, and the third asks no server', async () => {
    const world = smallWorld();
    const instances = await startAll(world);
    const both = instances.filter(({ name }) => watchers.includes(name));
    await until(() => both.every(({ service }) => service.snapshot('shop')?.decision.reason === 'steady'));
    expect(movesTo(instances, 1)).toHaveLength(1);
    promoteDb2(world);
    await until(() => published(world)?.includes('192.0.2.12' as never) === true);
    await until(() => both.every(({ service }) => service.snapshot('shop')?.ledger?.epoch === 2));
    expect(movesTo(instances, 2)).toHaveLength(1);
    expect(movesTo(instances, 3)).toEqual([]);
    expect(world.log.filter((line) => line === 'open prober shop')).toHaveLength(2);
  });

  test.each(watchers)('is moved once when %s is lost', async (lost) => {
    const world = smallWorld();
    const instances = await startAll(world);
    const both = instances.filter(({ name }) => watchers.includes(name));
    await until(() => both.every(({ service }) => service.snapshot('shop')?.decision.reason === 'steady'));
    const gone = both.find(({ name }) => name === lost);
    await gone?.service.stop();
    promoteDb2(world);
    await until(() => published(world)?.includes('192.0.2.12' as never) === true);
    const left = both.filter(({ name }) => name !== lost);
    await until(() => movesTo(left, 2).length === 1);
    expect(movesTo(instances, 2)).toEqual(left.map(({ name }) => name));
    expect(left[0]?.service.snapshot('shop')?.ledger).toMatchObject({ epoch: 2, by: left[0]?.name });
  });
});

describe('a visit', () => {
  const follow: Command = { kind: 'follow', server: db1, force: false, dryRun: false, by: 'orchestrator@o' };
  const outside = share.instances.find((name) => !watchers.includes(name)) ?? '';

  test('ends before the adapters are closed, and no more than a bounded number begins', async () => {
    const world = smallWorld();
    const { service } = await startInstance(world, outside);
    const answers = Array.from({ length: visitLimit + 1 }, () => service.command('shop', follow));
    const codes = (await Promise.all(answers)).map((answer: Answer | undefined) => answer?.results[0]?.code);
    expect(codes.filter((code) => code === 'too-many-commands')).toHaveLength(1);
    expect(codes.at(-1)).toBe('too-many-commands');
    await service.stop();
    expect(world.log.at(-1)).toBe('close ns1');
    const opened = world.log.filter((line) => line === 'open prober shop').length;
    expect(world.log.filter((line) => line === 'close prober shop')).toHaveLength(opened);
    expect(service.command('shop', follow)).toBeUndefined();
    expect(service.command('other', follow)).toBeUndefined();
  });

  test('records its move, and no alarm: nobody would see that the alarm is over', async () => {
    const world = smallWorld();
    const { service, records } = await startInstance(world, outside);
    world.probes.delete(db2);
    expect((await service.command('shop', follow))?.results).toMatchObject([{ kind: 'done' }]);
    await service.stop();
    const kinds = records.map(({ kind }) => kind);
    expect(kinds).toContain('move');
    expect(kinds).not.toContain('alarm');
  });
});
