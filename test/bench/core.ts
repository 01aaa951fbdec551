/** What the pure core costs: at rest, at a change, with many servers, and with large GTID sets. */

import { getHeapStatistics } from 'node:v8';
import type { Event } from '../../src/core/model/events.ts';
import { address, gtids } from '../support/given.ts';
import { type Answers, type Cost, expectSteady, type Rehearsal, rehearse } from '../support/rehearsal.ts';
import { arithmetic, mariadb, memoryOf, mysql, parsed } from './core/sets.ts';
import type { Benchmark, BenchmarkRun, Figure } from './harness/benchmark.ts';

export const core: Benchmark = {
  name: 'core',
  title: 'The pure core',
  about:
    'Calls of `step` on one cluster in good order, without sockets and timers. Then the arithmetic of GTID sets of both products: twice the intervals shall cost about twice.',
  run: async (run) =>
    process.env['ONLY']
      ? atRest(run, 'writing', advancing)
      : [
          ...atRest(run, 'idle', () => ({ gtidExecuted: gtids('db1:1-100') })),
          ...atRest(run, 'writing', advancing),
          ...manyServers(run),
          ...largeSets(run, 1),
          ...largeSets(run, 10),
          ...[mysql, mariadb].flatMap((product) => [
            ...arithmetic(product, sizes(run), run.scale === 'full' ? 15 : 1),
            memoryOf(product, sizes(run).at(-1) as number),
          ]),
        ],
};

const sizes = ({ scale }: BenchmarkRun): readonly number[] => (scale === 'full' ? [10_000, 100_000] : [100]);

/** The source commits all the time. Its replicas are behind by a few transactions. */
const advancing: Answers = (index, nowMs) => ({
  gtidExecuted: gtids(`db1:1-${1000 + Math.floor(nowMs) - (index % 3)}`),
});

/** A cluster that has come to rest. */
function settled(count: number, answers: Answers): Rehearsal {
  const cluster = rehearse(count, answers);
  cluster.play(60_000);
  expectSteady(cluster);
  return cluster;
}

const change: Event = { kind: 'connection-lost', server: address('db2') };

function atRest(run: BenchmarkRun, what: string, answers: Answers): readonly Figure[] {
  const cluster = settled(4, answers);
  const seconds = run.scale === 'full' ? 5000 : 50;
  cluster.play(seconds * 100);
  const costs = new Map<string, Cost[]>();
  const note = (cost: Cost): void => {
    const known = costs.get(cost.event.kind);
    if (known) known.push(cost);
    else costs.set(cost.event.kind, [cost]);
  };
  const begin = process.cpuUsage();
  cluster.play(seconds * 1000, note);
  const { user, system } = process.cpuUsage(begin);
  const all = [...costs.values()].flat();
  const name = `4 servers, ${what}`;
  return [
    { what: `${name}: one cluster for one second`, value: (user + system) / seconds, unit: 'µs' },
    { what: `${name}: steps`, value: all.length / seconds, unit: 'per second' },
    {
      what: `${name}: if there were only steps`,
      value: (all.length / (user + system)) * 1e6,
      unit: 'per second',
    },
    ...(['observed', 'tick', 'zone-read'] as const).map((kind): Figure => {
      const value = meanUs(costs.get(kind) ?? []);
      return { what: `${name}: step on ${kind}, mean`, value, unit: 'µs', target: { atMost: 30 } };
    }),
    { what: `${name}: allocated a step`, value: allocated(cluster, seconds / 10), unit: 'KB' },
    fullTurn(name, cluster, seconds),
  ];
}

function fullTurn(name: string, cluster: Rehearsal, times: number): Figure {
  const costs: Cost[] = [];
  for (let i = 0; i < times; i += 1) cluster.post(change, (cost) => costs.push(cost));
  return {
    what: `${name}: a step at a change, mean`,
    value: meanUs(costs),
    unit: 'µs',
    target: { atMost: 100 },
  };
}

const meanUs = (costs: readonly Cost[]): number =>
  (costs.reduce((sum, { ms }) => sum + ms, 0) / costs.length) * 1000;

/** KB a step. A garbage collection in between makes the heap smaller: that span does not count. */
function allocated(cluster: Rehearsal, seconds: number): number {
  let [bytes, steps] = [0, 0];
  for (let second = 0; second < seconds; second += 1) {
    let count = 0;
    const before = getHeapStatistics().used_heap_size;
    cluster.play(1000, () => {
      count += 1;
    });
    const grown = getHeapStatistics().used_heap_size - before;
    if (grown > 0) [bytes, steps] = [bytes + grown, steps + count];
  }
  return bytes / steps / 1000;
}

function manyServers(run: BenchmarkRun): readonly Figure[] {
  const count = run.scale === 'full' ? 500 : 20;
  const cluster = settled(count, advancing);
  const seconds = run.scale === 'full' ? 10 : 1;
  const costs: Cost[] = [];
  const begin = process.cpuUsage();
  cluster.play(seconds * 1000, (cost) => costs.push(cost));
  const { user, system } = process.cpuUsage(begin);
  const name = `${count} servers`;
  return [
    { what: `${name}: one cluster for one second`, value: (user + system) / 1000 / seconds, unit: 'ms' },
    {
      what: `${name}: step on an observation, mean`,
      value: meanUs(costs.filter(({ event }) => event.kind === 'observed')),
      unit: 'µs',
    },
    {
      what: `${name}: longest step`,
      value: Math.max(...costs.map(({ ms }) => ms)),
      unit: 'ms',
      target: { atMost: 10 },
    },
    fullTurn(name, cluster, seconds),
  ];
}

/** A cluster with many gaps: the newest transactions still arrive. */
function largeSets(run: BenchmarkRun, factor: number): readonly Figure[] {
  const intervals = (run.scale === 'full' ? 10_000 : 100) * factor;
  const base = parsed(mysql, mysql.textOf(intervals, 0));
  const answers: Answers = (index, nowMs) => {
    const [[key, list] = []] = base;
    const newest = 4 * intervals + 10 + Math.floor(nowMs) - (index % 3);
    return {
      gtidExecuted: new Map(key && list ? [[key, [...list, [4 * intervals + 5, newest] as const]]] : []),
    };
  };
  const cluster = settled(4, answers);
  const costs: Cost[] = [];
  cluster.play(run.scale === 'full' ? 10_000 : 1000, (cost) => costs.push(cost));
  return [
    {
      what: `4 servers with ${intervals} intervals each: longest step`,
      value: Math.max(...costs.map(({ ms }) => ms)),
      unit: 'ms',
      target: { atMost: 10 },
    },
    { what: `4 servers with ${intervals} intervals each: mean step`, value: meanUs(costs), unit: 'µs' },
  ];
}
