/** The benchmark `shares`: how evenly the clusters are shared, what moves, what a lost instance leaves. */

import { type Share, watchersOf } from '../../src/config/share.ts';
import type { Benchmark, Figure } from './harness/benchmark.ts';

const instanceCount = 5;

export const shares: Benchmark = {
  name: 'shares',
  title: 'Clusters shared by instances',
  about: `Five instances share the clusters, and two of them watch each cluster. The shares are computed, not
watched: how even they are, which clusters get another watcher when an instance leaves or joins, which have no
watcher when instances are lost, and how long an instance computes at its start.`,
  async run({ scale, say }) {
    const [many, most] = scale === 'smoke' ? [500, 5000] : [10_000, 100_000];
    const clusters = names('cluster', many);
    const five: Share = { instances: names('watcher', instanceCount), watchers: 2 };
    say(`${many} clusters on ${instanceCount} instances`);
    const shared = sharing(five, clusters);
    const [short, long] = [cpuMs(five, clusters), cpuMs(five, names('cluster', most))];
    return [
      ...balance(five, shared),
      ...changes(five, shared),
      ...losses(five, shared),
      ...losses({ ...five, watchers: 3 }, sharing({ ...five, watchers: 3 }, clusters)),
      { what: `CPU time to share ${many} clusters`, value: short, unit: 'ms' },
      { what: `CPU time to share ${most} clusters`, value: long, unit: 'ms', target: { atMost: 1000 } },
      {
        what: `CPU time a cluster, ${most} clusters against ${many}`,
        value: long / most / (short / many),
        unit: 'times',
        target: { atMost: 1.5 },
      },
    ];
  },
};

const names = (word: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${word}-${index + 1}`);

/** The watchers of each cluster. */
type Sharing = ReadonlyMap<string, readonly string[]>;

const sharing = (share: Share, clusters: Iterable<string>): Sharing =>
  new Map(Array.from(clusters, (cluster) => [cluster, watchersOf(share, cluster)]));

function cpuMs(share: Share, clusters: readonly string[]): number {
  const before = process.cpuUsage();
  sharing(share, clusters);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function balance({ instances, watchers }: Share, shared: Sharing): readonly Figure[] {
  const sizes = instances.map((name) => count(shared, (watching) => watching.includes(name)));
  const mean = (watchers * shared.size) / instances.length;
  return [
    {
      what: 'the largest share against the mean',
      value: Math.max(...sizes) / mean,
      unit: 'times',
      target: { atMost: 1.1 },
    },
    {
      what: 'the smallest share against the mean',
      value: Math.min(...sizes) / mean,
      unit: 'times',
      target: { atLeast: 0.9 },
    },
  ];
}

function changes(share: Share, before: Sharing): readonly Figure[] {
  const [leaver = '', joiner = ''] = [share.instances[2], 'watcher-new'];
  const without = { ...share, instances: share.instances.filter((name) => name !== leaver) };
  const withOne = { ...share, instances: [...share.instances, joiner] };
  const [left, joined] = [sharing(without, before.keys()), sharing(withOne, before.keys())];
  const affected = (after: Sharing) => (watching: readonly string[], cluster: string) =>
    watching.some((name) => !after.get(cluster)?.includes(name));
  const needless = (after: Sharing, isNeeded: (cluster: string) => boolean) =>
    count(before, (watching, cluster) => affected(after)(watching, cluster) && !isNeeded(cluster));
  return [
    {
      what: 'clusters that change when an instance leaves',
      value: percent(before, affected(left)),
      unit: '%',
    },
    {
      what: 'of these, clusters that the instance did not watch',
      value: needless(left, (cluster) => before.get(cluster)?.includes(leaver) === true),
      unit: '',
      target: { atMost: 0 },
    },
    {
      what: 'clusters that change when an instance joins',
      value: percent(before, affected(joined)),
      unit: '%',
    },
    {
      what: 'of these, clusters that the instance does not watch',
      value: needless(joined, (cluster) => joined.get(cluster)?.includes(joiner) === true),
      unit: '',
      target: { atMost: 0 },
    },
  ];
}

/** The worst instance to lose, and the worst two. */
function losses({ instances, watchers }: Share, shared: Sharing): readonly Figure[] {
  const unwatched = (lost: readonly string[]) =>
    percent(shared, (watching) => watching.every((name) => lost.includes(name)));
  const pairs = instances.flatMap((one, index) => instances.slice(index + 1).map((other) => [one, other]));
  const of = `, watched by ${watchers} of ${instances.length}`;
  return [
    {
      what: `clusters without a watcher when one instance is lost${of}`,
      value: Math.max(...instances.map((one) => unwatched([one]))),
      unit: '%',
      target: { atMost: 0 },
    },
    {
      what: `the same when two instances are lost${of}`,
      value: Math.max(...pairs.map(unwatched)),
      unit: '%',
    },
  ];
}

function count(shared: Sharing, is: (watching: readonly string[], cluster: string) => boolean): number {
  return [...shared].filter(([cluster, watching]) => is(watching, cluster)).length;
}

const percent = (shared: Sharing, is: Parameters<typeof count>[1]): number =>
  (100 * count(shared, is)) / shared.size;
