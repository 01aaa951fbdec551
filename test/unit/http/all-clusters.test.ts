/** What is asked of all clusters is made in slices, and once for all who ask. */

import { expect, test } from 'vitest';
import { clustersText, inSlices, notReady, shared } from '../../../src/http/all-clusters.ts';
import type { ClusterApi } from '../../../src/http/cluster-api.ts';
import { shopSnapshot } from '../../support/snapshots.ts';
import { fakeDaemon } from '../../support/tcp-api.ts';

const names = Array.from({ length: 20 }, (_, index) => `c${index}`);

/** Works for this long, as a snapshot does. */
function workFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** A daemon whose snapshots take 1 ms each, and have this mode. */
function slowDaemon(mode: () => 'active' | 'observe' = () => 'active') {
  const counts = { snapshots: 0 };
  const { api } = fakeDaemon({
    clusters: () => names,
    snapshot: (cluster) => {
      counts.snapshots += 1;
      workFor(1);
      return { ...shopSnapshot, cluster, mode: mode() };
    },
  });
  return { api, counts };
}

interface Clusters {
  readonly clusters: readonly { readonly cluster: string; readonly mode: string }[];
}
const read = async (text: Promise<Buffer>): Promise<Clusters> =>
  JSON.parse((await text).toString()) as Clusters;

test('others get their turn while it is made', async () => {
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await inSlices(names, () => workFor(2));
  isOver = true;
  expect(turns).toBeGreaterThan(3);
});

test('those who ask together share the work', async () => {
  const { api, counts } = slowDaemon();
  const ask = shared(clustersText);
  const answers = await Promise.all(Array.from({ length: 50 }, () => read(ask(api))));
  expect(counts.snapshots).toBe(names.length);
  expect(new Set(answers.map(({ clusters }) => clusters.map(({ cluster }) => cluster).join())).size).toBe(1);
  expect(answers[0]?.clusters.map(({ cluster }) => cluster)).toEqual(names);
});

test('those who ask together whether all are ready share the work too', async () => {
  const { api, counts } = slowDaemon();
  const ask = shared(notReady);
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(api)));
  expect(counts.snapshots).toBe(names.length);
  expect(new Set(answers.map((waiting) => waiting.join()))).toEqual(new Set(['']));
});

test('no answer is older than its request', async () => {
  let mode: 'active' | 'observe' = 'active';
  let begun: () => void = () => {};
  const first = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const { api } = slowDaemon(() => {
    begun();
    return mode;
  });
  const ask = shared(clustersText);
  const before = read(ask(api));
  await first;
  mode = 'observe';
  const after = await read(ask(api));
  expect(after.clusters.filter((one) => one.mode !== 'observe')).toEqual([]);
  expect((await before).clusters[0]?.mode).toBe('active');
});

test('a bug fails those who asked, and not the next one', async () => {
  let isBroken = true;
  const { api } = fakeDaemon();
  const daemon: ClusterApi = {
    ...api,
    snapshot: (cluster) => {
      if (isBroken) throw new Error('of this test');
      return api.snapshot(cluster);
    },
  };
  const ask = shared(clustersText);
  const both = await Promise.allSettled([ask(daemon), ask(daemon)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isBroken = false;
  expect((await read(ask(daemon))).clusters).toHaveLength(1);
});
