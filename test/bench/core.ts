/** What the pure core costs: at rest, at a change, with many servers, and with large GTID sets. */

import { getHeapStatistics } from 'node:v8';
import type { Event } from '../../src/core/model/events.ts';
import { step } from '../../src/core/step.ts';
import { address, at, gtids } from '../support/given.ts';
import { type Answers, expectSteady, type Rehearsal, rehearse, type Taken } from '../support/rehearsal.ts';
import { arithmetic, mariadb, memoryOf, mysql, parsed } from './core/sets.ts';
import type { Benchmark, BenchmarkRun, Figure } from './harness/benchmark.ts';

export const core: Benchmark = {
  name: 'core',
  title: 'The pure core',
  about:
    'Calls of `step` on one cluster in good order, without sockets and timers. Then the arithmetic of GTID sets of both products: twice the intervals shall cost about twice.',
  run: async (run) => [
    ...atRest(run, 'idle', () => ({ gtidExecuted: gtids('db1:1-100') })),
    ...atRest(run, 'writing', advancing),
    ...manyServers(run),
    ...largeSets(run, 1),
    ...largeSets(run, 10),
    ...[mysql, mariadb].flatMap((product) => [
      ...arithmetic(product, sizes(run), run.scale === 'full' ? 9 : 1),
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
  cluster.play(8000);
  expectSteady(cluster);
  return cluster;
}

const change: Event = { kind: 'connection-lost', server: address('db2') };

function atRest(run: BenchmarkRun, what: string, answers: Answers): readonly Figure[] {
  const cluster = settled(4, answers);
  const seconds = run.scale === 'full' ? 500 : 20;
  const taken: Taken[] = [];
  cluster.play(seconds * 1000, (one) => taken.push(one));
  const ofKind = (kind: Event['kind']) => taken.filter(({ event }) => event.kind === kind);
  const rounds = run.scale === 'full' ? 10 : 1;
  const name = `4 servers, ${what}`;
  run.say(`${name}: ${taken.length / seconds} steps a second`);
  // Not measured: the compiler of V8 needs some thousand calls.
  cpuUs(taken, rounds);
  const mean = cpuUs(taken, rounds);
  const value = mean * (taken.length / seconds);
  return [
    { what: `${name}: one cluster for one second`, value, unit: 'µs', target: { atMost: 200 } },
    { what: `${name}: steps, one after the other`, value: 1e6 / mean, unit: 'per second' },
    ...(['observed', 'tick', 'zone-read'] as const).map((kind): Figure => {
      return { what: `${name}: a step on ${kind}, mean`, value: cpuUs(ofKind(kind), rounds), unit: 'µs' };
    }),
    { what: `${name}: allocated a step`, value: allocated(taken), unit: 'KB' },
    changed(name, cluster, rounds * 50),
  ];
}

/** A step with a turn. */
function changed(name: string, { state, nowMs }: Rehearsal, rounds: number): Figure {
  const value = cpuUs([{ state, event: change, now: at(nowMs) }], rounds);
  return { what: `${name}: a step at a change`, value, unit: 'µs', target: { atMost: 100 } };
}

/** CPU of one step: `step` is pure, so what happened can be repeated. */
function cpuUs(taken: readonly Taken[], rounds: number): number {
  for (const { state, event, now } of taken) step(state, event, now);
  const begin = process.cpuUsage();
  for (let round = 0; round < rounds; round += 1)
    for (const { state, event, now } of taken) step(state, event, now);
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / taken.length / rounds;
}

/** The longest of these steps in milliseconds; of each the quickest try, as something else may run too. */
const longestMs = (taken: readonly Taken[]): number =>
  Math.max(
    ...taken.map(({ state, event, now }) =>
      Math.min(
        ...[1, 2, 3].map(() => {
          const begin = performance.now();
          step(state, event, now);
          return performance.now() - begin;
        }),
      ),
    ),
  );

/** KB a step. A garbage collection makes the heap smaller: that span does not count. */
function allocated(taken: readonly Taken[]): number {
  let [bytes, steps] = [0, 0];
  for (let begin = 0; begin + 20 <= taken.length; begin += 20) {
    const before = getHeapStatistics().used_heap_size;
    for (const { state, event, now } of taken.slice(begin, begin + 20)) step(state, event, now);
    const grown = getHeapStatistics().used_heap_size - before;
    if (grown > 0) [bytes, steps] = [bytes + grown, steps + 20];
  }
  return bytes / steps / 1000;
}

function manyServers(run: BenchmarkRun): readonly Figure[] {
  const count = run.scale === 'full' ? 500 : 20;
  const cluster = settled(count, advancing);
  const taken: Taken[] = [];
  cluster.play(2000, (one) => taken.push(one));
  const name = `${count} servers`;
  const observed = taken.filter(({ event }) => event.kind === 'observed');
  run.say(`${name}: ${taken.length / 2} steps a second`);
  return [
    { what: `${name}: a step on observed, mean`, value: cpuUs(observed, 1), unit: 'µs' },
    { what: `${name}: longest step`, value: longestMs(taken), unit: 'ms', target: { atMost: 10 } },
    changed(name, cluster, run.scale === 'full' ? 20 : 1),
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
  const taken: Taken[] = [];
  cluster.play(run.scale === 'full' ? 3000 : 1000, (one) => taken.push(one));
  return [
    {
      what: `4 servers with ${intervals} intervals each: longest step`,
      value: longestMs(taken),
      unit: 'ms',
      target: { atMost: 10 },
    },
    { what: `4 servers with ${intervals} intervals each: mean step`, value: cpuUs(taken, 1), unit: 'µs' },
  ];
}
