/** A scrape as a whole: what it has, what it leaves out, and what many readers cost. */

import { afterEach, expect, test } from 'vitest';
import { type Vitals, vitals } from '../../../src/core/report/snapshot-vitals.ts';
import { tellStep } from '../../../src/daemon/step-channel.ts';
import { catalogue } from '../../../src/metrics/catalogue.ts';
import { Metrics, type MetricsSource } from '../../../src/metrics/metrics.ts';
import { fakeClock } from '../../support/fakes.ts';
import { at, gtids } from '../../support/given.ts';
import { readMetrics, seriesNamed } from '../../support/metrics-text.ts';
import { rehearse } from '../../support/rehearsal.ts';

const rested = (() => {
  const cluster = rehearse(3, (index) => ({ gtidExecuted: gtids(`db1:1-${100 - index}`) }));
  cluster.play(8000);
  return vitals(cluster.state, at(cluster.nowMs));
})();

const opened: Metrics[] = [];
afterEach(() => {
  for (const metrics of opened.splice(0)) metrics.stop();
});

function world(clusters: Map<string, Vitals> = new Map([['shop', rested]])) {
  const clock = fakeClock();
  const metrics = new Metrics(clock);
  opened.push(metrics);
  let asked = 0;
  let isOverloaded = false;
  const waiting = new Set<string>();
  const overload = (is: boolean): void => {
    isOverloaded = is;
  };
  const source: MetricsSource = {
    instance: 'watcher-1',
    version: '1.2.3',
    connectionsWaiting: () => 3,
    isOverloaded: () => isOverloaded,
    clusters: () => [...clusters.keys()],
    waiting: () => waiting,
    elsewhere: () => ['orders'],
    vitals(cluster) {
      asked += 1;
      return clusters.get(cluster);
    },
  };
  const scrape = async () => readMetrics((await metrics.scrape(source)).text);
  return { clock, metrics, source, clusters, scrape, asked: () => asked, overload, waiting };
}

const alarming: Vitals = {
  ...rested,
  alarms: [{ code: 'zone-drift', subject: 'source.shop.', sentence: 'By hand.' }],
};

test('every metric of the catalogue is in a scrape, with its type, and no other', async () => {
  const { types } = await world(new Map([['shop', alarming]])).scrape();
  const wanted = Object.entries(catalogue).map(([name, { type }]) => [name, type]);
  expect([...types]).toEqual(wanted);
});

test('a daemon that is asked before it has a cluster says so, and answers', async () => {
  const scraped = await world(new Map()).scrape();
  expect(scraped.values.get('source_dns_watched{cluster="orders"}')).toBe(0);
  expect(scraped.values.get('source_dns_ready')).toBe(1);
});

test('a process that has too much to do says so while it lasts', async () => {
  const { clock, scrape, overload } = world();
  const said: unknown[] = [];
  for (const is of [false, true, false]) {
    overload(is);
    await clock.advance(60_000);
    said.push((await scrape()).values.get('source_dns_overloaded'));
  }
  expect(said).toEqual([0, 1, 0]);
});

test('a cluster that waits for its turn counts as not watched here, and has no other series', async () => {
  const { waiting, scrape } = world(
    new Map([
      ['shop', rested],
      ['late', { ...rested, cluster: 'late' }],
    ]),
  );
  waiting.add('late');
  const scraped = await scrape();
  expect(scraped.values.get('source_dns_clusters_waiting')).toBe(1);
  expect([...scraped.values].filter(([series]) => series.includes('"late"'))).toEqual([
    ['source_dns_watched{cluster="late"}', 0],
  ]);
});

test('one publication that is not ready makes the process not ready', async () => {
  const [publication] = rested.publications;
  if (publication === undefined) throw new Error('no publication');
  const waiting = { ...rested, cluster: 'new', publications: [{ ...publication, ready: false }] };
  const scraped = await world(
    new Map([
      ['shop', rested],
      ['new', waiting],
    ]),
  ).scrape();
  expect(scraped.values.get('source_dns_ready')).toBe(0);
});

test('a cluster that was removed is gone from the next scrape', async () => {
  const { clock, clusters, scrape } = world();
  expect(Object.keys(seriesNamed(await scrape(), 'source_dns_held'))).toHaveLength(1);
  clusters.delete('shop');
  await clock.advance(60_000);
  const after = await scrape();
  expect([...after.values.keys()].filter((series) => series.includes('"shop"'))).toEqual([]);
});

test('readers that come together share one scrape', async () => {
  const { metrics, source, asked } = world();
  const all = await Promise.all(Array.from({ length: 50 }, () => metrics.scrape(source)));
  expect(new Set(all).size).toBe(1);
  expect(asked()).toBe(1);
});

test('a scrape that took a while is answered again for a while', async () => {
  const { clock, metrics, source, asked } = world();
  const slow: MetricsSource = {
    ...source,
    vitals(cluster) {
      void clock.advance(100);
      return source.vitals(cluster);
    },
  };
  await metrics.scrape(slow);
  await clock.advance(399);
  await metrics.scrape(slow);
  expect(asked()).toBe(1);
  await clock.advance(1);
  await metrics.scrape(slow);
  expect(asked()).toBe(2);
});

test('a scrape that fails is not kept: the next one begins anew', async () => {
  const { metrics, source } = world();
  const broken: MetricsSource = {
    ...source,
    vitals() {
      throw new Error('a bug');
    },
  };
  await expect(metrics.scrape(broken)).rejects.toThrow('a bug');
  expect((await metrics.scrape(source)).text).toContain('source_dns_held');
});

test('between clusters the event loop turns: nobody waits for the whole scrape', async () => {
  const { clock, metrics, source } = world(
    new Map(Array.from({ length: 10 }, (_, index) => [`c${index}`, rested])),
  );
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  await metrics.prepare();
  setImmediate(turn);
  await metrics.scrape({
    ...source,
    vitals(cluster) {
      void clock.advance(5);
      return { ...rested, cluster };
    },
  });
  isOver = true;
  expect(turns).toBeGreaterThanOrEqual(9);
});

test('steps are heard from the beginning to the stop', async () => {
  const { clock, metrics, scrape } = world();
  const done = { kind: 'update-done', nameserver: 'ns1', try: 't1', outcome: { kind: 'applied' } } as const;
  const applied = '{nameserver="ns1",outcome="applied",rcode="NOERROR"}';
  tellStep({ cluster: 'shop', event: done, effects: [] });
  expect(seriesNamed(await scrape(), 'source_dns_updates_total')[applied]).toBe(1);
  metrics.stop();
  tellStep({ cluster: 'shop', event: done, effects: [] });
  await clock.advance(60_000);
  expect(seriesNamed(await scrape(), 'source_dns_updates_total')[applied]).toBe(1);
});

test('a refused reload shows until one is taken, and the time is that of the configuration in force', async () => {
  const { clock, metrics, scrape } = world();
  const said = async () => {
    const { values } = await scrape();
    return [
      values.get('source_dns_config_reload_successful'),
      values.get('source_dns_config_taken_timestamp_seconds'),
    ];
  };
  const [, begun] = await said();
  await clock.advance(10_000);
  metrics.reloaded(false);
  expect(await said()).toEqual([0, begun]);
  await clock.advance(10_000);
  metrics.reloaded(true);
  expect(await said()).toEqual([1, (begun ?? 0) + 20]);
});

test('the delay of the event loop is measured, and the clock is left alone after the stop', async () => {
  const { clock, metrics, scrape } = world();
  await clock.advance(1000);
  expect((await scrape()).values.get('source_dns_event_loop_delay_seconds_count')).toBe(4);
  metrics.stop();
  expect(clock.timers()).toBe(0);
});
