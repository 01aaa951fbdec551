/** A process with more clusters than its core can ask, in virtual time: it does not collapse. */

import { afterEach, expect, test, vi } from 'vitest';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { type Costs, SlowCore } from '../../support/slow-core.ts';

/** A core twenty times as slow as the machine on which a probe takes half a millisecond. */
const slow: Costs = { event: 2, question: 2, answer: 6, loginPart: 10, read: 6, update: 10 };
const readEveryMs = 160;
/** So many clusters it could ask if it did nothing else: 4 servers each, every 1.8 s. */
const mostAsked = 45;

const worlds: SlowCore[] = [];
/** Virtual seconds of a hundred clusters. */
vi.setConfig({ testTimeout: 120_000 });

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

async function started(clusters: number, isDead?: (cluster: number) => boolean): Promise<SlowCore> {
  const world = new SlowCore({ clusters, costs: slow, readEveryMs, ...(isDead && { isDead }) });
  worlds.push(world);
  await world.start();
  return world;
}

const begunOf = (world: SlowCore, clusters: number): number => clusters - world.service.waiting().size;

test('as many clusters as it can ask are all published, and nobody waits', async () => {
  const world = await started(30);
  await world.loop.run(5000);
  expect(world.moves.size).toBeGreaterThan(5);
  await world.loop.run(45_000);
  expect(world.counted()).toEqual({ steady: 30 });
  expect(world.logins).toBe(4 * 30);
});

test('with more than it can ask, those that begin are watched well, and the others wait and are told', async () => {
  const clusters = 100;
  const world = await started(clusters);
  await world.loop.run(60_000);
  const begun = begunOf(world, clusters);
  expect(begun).toBeGreaterThan(mostAsked / 2);
  expect(begun).toBeLessThan(clusters);
  expect(world.service.isOverloaded()).toBe(true);
  // A login of the newest may be late; nothing else is asked again.
  expect(world.logins).toBeLessThan(4 * begun + 30);
  world.holds = 0;
  await world.loop.run(20_000);
  const { steady = 0, waits = 0 } = world.counted();
  expect(steady + waits).toBeGreaterThan(clusters - 8);
  // They keep their evidence: hardly any decision becomes a hold.
  expect(world.holds).toBeLessThan(10);
});

test('a process with too many clusters follows a promotion, and obeys a command for one that waits', async () => {
  const clusters = 100;
  const world = await started(clusters);
  await world.loop.run(60_000);
  world.promote(0);
  await world.loop.run(15_000);
  expect(world.moves.get('c0')).toBe(2);
  const last = `c${clusters - 1}`;
  expect(world.service.waiting().has(last)).toBe(true);
  const server = `db0.${last}:3306` as ServerAddress;
  const answer = world.service.command(last, {
    kind: 'follow',
    server,
    force: false,
    dryRun: false,
    by: 'eve',
  });
  expect(world.service.waiting().has(last)).toBe(false);
  await world.loop.run(60_000);
  expect((await answer)?.results).toMatchObject([{ kind: 'done' }]);
  expect(world.moves.get(last)).toBe(1);
});

test('when there is room again, those that wait begin', async () => {
  const clusters = 100;
  const world = await started(clusters);
  await world.loop.run(60_000);
  expect(world.service.waiting().size).toBeGreaterThan(0);
  world.costs = { event: 0.1, question: 0.1, answer: 0.3, loginPart: 0.5, read: 0.3, update: 0.5 };
  await world.loop.run(10_000);
  expect(world.counted()).toEqual({ steady: clusters });
});

test('clusters without a living server take no place from the others', async () => {
  const world = await started(60, (cluster) => cluster < 40);
  await world.loop.run(60_000);
  expect(world.service.waiting().size).toBe(0);
  expect(world.moves.size).toBe(20);
});
