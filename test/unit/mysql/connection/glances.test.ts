/** How often servers are glanced at, and what a glance does to a connection. */

import { expect, test, vi } from 'vitest';
import type { ServerAddress } from '../../../../src/core/model/units.ts';
import { GlanceBudget, Glances } from '../../../../src/mysql/connection/glances.ts';
import { mysql8 } from '../../../../src/mysql/flavour/mysql-8.ts';
import { db1, db2 } from '../../../support/fakes.ts';
import type { Reply } from '../../../support/false-mysqld.ts';
import { answering, deadline, proberOf } from '../../../support/false-server.ts';
import { healthyReply } from '../../../support/healthy.ts';
import { lateClock } from '../../../support/late-clock.ts';

function glancing(perSecond?: number) {
  const clock = lateClock();
  const budget = new GlanceBudget(perSecond);
  const seen: ServerAddress[] = [];
  const glances = new Glances(clock, budget, (server) => seen.push(server));
  return { clock, budget, seen, glances };
}

test('the watched servers are glanced at, and no others, until nothing is watched', () => {
  const { clock, seen, glances } = glancing();
  glances.watch([db1, db2], 10);
  clock.pass(10);
  clock.pass(10);
  expect(seen).toEqual([db1, db2, db1, db2]);
  glances.watch([db2], 10);
  clock.pass(10);
  expect(seen.slice(4)).toEqual([db2]);
  glances.watch([], 10);
  clock.pass(1000);
  expect(seen).toHaveLength(5);
});

test('where more is wanted than the process has, all pauses grow evenly', () => {
  const { clock, budget, seen, glances } = glancing(100);
  const other = new Glances(clock, budget, () => undefined);
  glances.watch([db1], 10);
  other.watch([db1, db2], 10);
  // 300 a second are wanted, 100 are there: one in 30 ms.
  glances.watch([db1], 10);
  for (let ms = 0; ms < 90; ms += 1) clock.pass(1);
  expect(seen).toHaveLength(3);
  other.watch([], 10);
  glances.watch([db1], 10);
  for (let ms = 0; ms < 90; ms += 1) clock.pass(1);
  expect(seen).toHaveLength(12);
});

test('quiet glances end where so many are wanted that the next probe tells as much', () => {
  const { clock, budget, seen, glances } = glancing();
  const others = Array.from({ length: 160 }, () => new Glances(clock, budget, () => undefined));
  for (const other of others) other.watch([db1], 150);
  glances.watch([db1], 150);
  for (let ms = 0; ms < 5000; ms += 10) clock.pass(10);
  expect(seen).toEqual([]);
  for (const other of others) other.watch([], 150);
  for (let ms = 0; ms < 10_000; ms += 10) clock.pass(10);
  expect(seen.length).toBeGreaterThan(30);
});

test('glances of an incident go on beside them', () => {
  const { clock, budget, seen, glances } = glancing();
  for (let other = 0; other < 160; other += 1) new Glances(clock, budget, () => undefined).watch([db1], 150);
  glances.watch([db1], 2);
  for (let ms = 0; ms < 10; ms += 2) clock.pass(2);
  expect(seen).toHaveLength(5);
});

test('a pace that changes again and again does not prevent the glances', () => {
  const { clock, seen, glances } = glancing();
  for (let ms = 0; ms < 100; ms += 5) {
    glances.watch([db1], ms % 10 === 0 ? 10 : 12);
    clock.pass(5);
  }
  expect(seen.length).toBeGreaterThan(5);
});

test('after a pause of ours, the answers are read before another glance', () => {
  const { clock, seen, glances } = glancing();
  glances.watch([db1], 10);
  clock.pass(5000);
  expect(seen).toEqual([]);
  clock.pass(10);
  expect(seen).toEqual([db1]);
});

/** A false server that is well; `glance` says what it answers to a glance. */
async function watched(glance: (sql: string) => Reply) {
  const others = healthyReply();
  const server = await answering((sql) => (sql === mysql8.glance ? glance(sql) : others(sql)));
  const prober = proberOf(server.address, { queryTimeoutMs: 100 });
  expect(await prober.probe(server.address, deadline())).toMatchObject({ kind: 'reachable' });
  return { server: server.address, prober };
}

test('a glance that gets no answer in time loses the connection', async () => {
  const { server, prober } = await watched(() => undefined);
  const lost = new Promise<ServerAddress>((resolve) => prober.onConnectionLost(resolve));
  prober.watch([server], 5);
  expect(await lost).toBe(server);
});

test('a glance that differs says so once, and not again before the next probe', async () => {
  let glances = 0;
  const { server, prober } = await watched(() => {
    glances += 1;
    return [{ read_only: '7' }];
  });
  const said: ServerAddress[] = [];
  prober.onGlanceDiffers((one) => said.push(one));
  prober.watch([server], 2);
  await vi.waitFor(() => expect(said).toEqual([server]));
  expect(await prober.probe(server, deadline())).toMatchObject({ kind: 'reachable' });
  await vi.waitFor(() => expect(said).toEqual([server, server]));
  expect(glances).toBe(2);
});
