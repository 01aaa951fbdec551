/** What a scrape says of clusters: their vitals, without what is gone, and with untrusted text made safe. */

import { describe, expect, test } from 'vitest';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { type Vitals, vitals } from '../../../src/core/report/snapshot-vitals.ts';
import { addCluster, addNotWatched } from '../../../src/metrics/cluster-metrics.ts';
import { loadWriter } from '../../../src/metrics/exposition.ts';
import { Samples } from '../../../src/metrics/samples.ts';
import { at, gtids } from '../../support/given.ts';
import { readMetrics, seriesNamed } from '../../support/metrics-text.ts';
import { rehearse } from '../../support/rehearsal.ts';

const writer = await loadWriter();

const textOf = (...clusters: readonly Vitals[]): Promise<string> => {
  const samples = new Samples();
  for (const cluster of clusters) addCluster(samples, cluster);
  return writer.write(samples, () => Promise.resolve());
};

const rested = (() => {
  const cluster = rehearse(3, (index) => ({ gtidExecuted: gtids(`db1:1-${100 - index}`) }));
  cluster.play(8000);
  return vitals(cluster.state, at(cluster.nowMs + 250));
})();
const [publication] = rested.publications;
const [db1] = rested.servers;
if (publication === undefined || db1 === undefined) throw new Error('the rehearsal has no publication');

test('a cluster in good order says this', async () => {
  const servers = rested.servers.map((server) => ({ ...server, answeredAgoMs: 1250 }));
  await expect(await textOf({ ...rested, servers })).toMatchFileSnapshot('cluster.txt');
});

test('a held name says so, and why; the reason before is gone', async () => {
  const decision = { kind: 'hold', reason: 'two-sources', sentence: 'Several.' } as const;
  const scraped = readMetrics(await textOf({ ...rested, publications: [{ ...publication, decision }] }));
  expect(seriesNamed(scraped, 'source_dns_held')).toEqual({ '{cluster="shop",nameserver="ns1"}': 1 });
  expect(seriesNamed(scraped, 'source_dns_decision_info')).toEqual({
    '{cluster="shop",nameserver="ns1",decision="hold",reason="two-sources"}': 1,
  });
});

test('what a publication is not well at is a number above 0', async () => {
  const worse = {
    frozen: true,
    ready: false,
    updateFails: true,
    pendingUpdates: 2,
    behind: 1,
    epoch: null,
    source: null,
  };
  const scraped = readMetrics(await textOf({ ...rested, publications: [{ ...publication, ...worse }] }));
  const of = (name: string): unknown => Object.values(seriesNamed(scraped, name));
  expect(of('source_dns_frozen')).toEqual([1]);
  expect(of('source_dns_publication_ready')).toEqual([0]);
  expect(of('source_dns_update_failing')).toEqual([1]);
  expect(of('source_dns_updates_pending')).toEqual([2]);
  expect(of('source_dns_nameservers_behind')).toEqual([1]);
  expect(of('source_dns_epoch')).toEqual([]);
  expect(of('source_dns_source_info')).toEqual([]);
});

test('alarms are counted by code', async () => {
  const alarm = { code: 'server-unknown', subject: 'db2:3306', sentence: 'It does not answer.' } as const;
  const scraped = readMetrics(
    await textOf({ ...rested, alarms: [alarm, { ...alarm, subject: 'db3:3306' }] }),
  );
  expect(seriesNamed(scraped, 'source_dns_alarms')).toEqual({
    '{cluster="shop",code="server-unknown"}': 2,
  });
});

test('what is not known has no series: NaN would spoil every sum', async () => {
  const silent = { role: 'unknown', contact: 'unknown', writable: null, lagSeconds: null } as const;
  const text = await textOf({ ...rested, servers: [{ ...db1, ...silent, answeredAgoMs: null }] });
  expect(text).not.toMatch(/nan/i);
  const ofServer = [...readMetrics(text).values.keys()].filter((series) => series.includes('_server_'));
  expect(ofServer).toEqual(['source_dns_server_role{cluster="shop",server="db1:3306",role="unknown"}']);
});

test('a server or a cluster that is gone leaves no series', async () => {
  const both = await textOf(rested, { ...rested, cluster: 'orders' });
  expect(both).toContain('cluster="orders"');
  const less = await textOf({ ...rested, servers: rested.servers.slice(0, 2) });
  expect(less).not.toContain('cluster="orders"');
  expect(less).not.toContain('server="db3:3306"');
});

test('a cluster of others is a zero and nothing else', async () => {
  const samples = new Samples();
  addNotWatched(samples, 'orders');
  const { values } = readMetrics(await writer.write(samples, () => Promise.resolve()));
  expect([...values]).toEqual([['source_dns_watched{cluster="orders"}', 0]]);
});

describe('a host name that is no host name', () => {
  const named = async (server: string): Promise<string> => {
    const text = await textOf({ ...rested, servers: [{ ...db1, server: server as ServerAddress }] });
    const [series = ''] = [...readMetrics(text).values.keys()].filter((one) => one.includes('_role'));
    return /server="(.*)",role/.exec(series)?.[1] ?? '';
  };
  test('ends no label and no line', async () => {
    expect(await named('a"} 1\nup{x="\\:3306')).toBe('a\\"} 1?up{x=\\"\\\\:3306');
  });
  test('has no control characters and no half characters', async () => {
    expect(await named('\u001b[2J\u0000\ud800\u2028x')).toBe('?[2J???x');
  });
  test('is cut', async () => {
    expect((await named('x'.repeat(5000))).length).toBe(300);
  });
});

test('more series than are written at once still have one head', async () => {
  const many = Array.from({ length: 1201 }, (_, index) => ({ ...rested, cluster: `c${index}` }));
  const samples = new Samples();
  for (const cluster of many) addCluster(samples, cluster);
  let pauses = 0;
  const text = await writer.write(samples, () => {
    pauses += 1;
    return Promise.resolve();
  });
  expect(Object.keys(seriesNamed(readMetrics(text), 'source_dns_watched'))).toHaveLength(1201);
  expect(pauses).toBeGreaterThan(20);
});
