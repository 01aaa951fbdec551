/** `scrape`: what a scrape of the metrics costs the daemon that is scraped. */

import { gzipSync } from 'node:zlib';
import { type Vitals, vitals } from '../../src/core/report/snapshot-vitals.ts';
import { systemClock } from '../../src/daemon/clock.ts';
import { Metrics, type MetricsSource } from '../../src/metrics/metrics.ts';
import { at, gtids } from '../support/given.ts';
import { clusterName } from '../support/many-clusters.ts';
import { rehearse } from '../support/rehearsal.ts';
import { type Benchmark, type BenchmarkRun, type Figure, median } from './harness/benchmark.ts';
import { watchPauses } from './harness/pauses.ts';

export const scrape: Benchmark = {
  name: 'scrape',
  title: 'a scrape of the metrics',
  about:
    'GET /metrics without its HTTP: 1,000 clusters of four servers, all at rest, in the real core. The event loop is measured by a chain of `setImmediate`: the longest pause between two is what a failover would wait for the scrape.',
  async run(run) {
    const figures: Figure[] = [];
    for (const clusters of run.scale === 'full' ? [1, 1000] : [2])
      figures.push(...(await measure(run, clusters)));
    return figures;
  },
};

async function measure(run: BenchmarkRun, clusters: number): Promise<readonly Figure[]> {
  const metrics = new Metrics(systemClock);
  await metrics.prepare();
  const source = sourceOf(clusters);
  const rounds = run.scale === 'full' ? 15 : 1;
  const seen: { readonly cpuMs: number; readonly pauseMs: number; readonly text: string }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const loop = watchPauses();
    const before = process.cpuUsage();
    // A rested scrape is answered from memory: a new one begins when the last one is old enough.
    const { text } = await metrics.collect(source);
    const { user, system } = process.cpuUsage(before);
    seen.push({ cpuMs: (user + system) / 1000, pauseMs: loop.longestMs(), text });
  }
  metrics.stop();
  const text = seen.at(-1)?.text ?? '';
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  run.say(`${clusters} clusters: ${series} series`);
  const name = `${clusters} ${clusters === 1 ? 'cluster' : 'clusters'}`;
  const warm = seen.slice(Math.min(5, seen.length - 1));
  const isLarge = clusters >= 1000;
  return [
    { what: `${name}: CPU of a scrape`, value: median(warm.map(({ cpuMs }) => cpuMs)), unit: 'ms' },
    {
      what: `${name}: longest pause of the event loop, median`,
      value: median(warm.map(({ pauseMs }) => pauseMs)),
      unit: 'ms',
      ...(isLarge && { target: { atMost: 20 } }),
    },
    { what: `${name}: series`, value: series, unit: '', ...(isLarge && { target: { atMost: 50_000 } }) },
    { what: `${name}: size`, value: text.length / 1000, unit: 'KB' },
    { what: `${name}: size, compressed`, value: gzipSync(text).length / 1000, unit: 'KB' },
  ];
}

/** Each cluster is asked for its vitals anew: the state of one stands for all, under its own names. */
function sourceOf(clusters: number): MetricsSource {
  const { state, nowMs } = settled();
  const names = Array.from({ length: clusters }, (_, index) => clusterName(index));
  return {
    instance: 'watcher-1',
    version: '0',
    connectionsWaiting: () => 0,
    isOverloaded: () => false,
    clusters: () => names,
    waiting: () => new Set(),
    elsewhere: () => [],
    vitals: (cluster) => renamed(vitals(state, at(nowMs + 300)), cluster),
  };
}

function settled() {
  const cluster = rehearse(4, (index) => ({ gtidExecuted: gtids(`db1:1-${100 - index}`) }));
  cluster.play(8000);
  return cluster;
}

const renamed = ({ servers, ...rest }: Vitals, cluster: string): Vitals => ({
  ...rest,
  cluster,
  servers: servers.map((one) => ({
    ...one,
    server: `${one.server.replace(':', `.${cluster}.db.example.com:`)}` as typeof one.server,
  })),
});
