/** Which instances watch a cluster: the function itself, and what `share` in a configuration becomes. */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration, not of JavaScript
import { describe, expect, test } from 'vitest';
import { numberedInstances, ordinalOf, type Share, watchersOf } from '../../../src/config/share.ts';
import { complaints, loaded, minimal, withPassword } from './folder.ts';

const instances = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `watcher-${index + 1}`);
const clusters = Array.from({ length: 2000 }, (_, index) => `cluster-${index}`);
const five: Share = { instances: instances(5), watchers: 2 };

describe('watchersOf', () => {
  test('has the test vectors of docs/SHARES.md: a version that differs leaves clusters without a watcher', () => {
    expect(watchersOf(five, 'shop')).toEqual(['watcher-2', 'watcher-4']);
    expect(watchersOf(five, 'orders')).toEqual(['watcher-5', 'watcher-3']);
    expect(watchersOf({ ...five, watchers: 5 }, 'shop')).toEqual(
      [2, 4, 5, 3, 1].map((number) => `watcher-${number}`),
    );
    expect(watchersOf({ instances: instances(1), watchers: 1 }, 'shop')).toEqual(['watcher-1']);
  });

  test('does not depend on the order of the list', () => {
    const reversed = { ...five, instances: five.instances.toReversed() };
    for (const cluster of clusters) expect(watchersOf(reversed, cluster)).toEqual(watchersOf(five, cluster));
  });

  test('keeps the two names apart: an instance and a cluster never add up to another pair', () => {
    const alike: Share = { instances: ['a', 'a1', 'a11'], watchers: 1 };
    const sizes = alike.instances.map(
      (name) =>
        Array.from({ length: 900 }, (_, n) => watchersOf(alike, `${n}`)).filter(([first]) => first === name)
          .length,
    );
    for (const size of sizes) expect(size).toBeGreaterThan(240);
  });

  test('moves only the clusters of an instance that leaves, and one watcher of each', () => {
    const four = { ...five, instances: five.instances.filter((name) => name !== 'watcher-3') };
    for (const cluster of clusters) {
      const [before, after] = [watchersOf(five, cluster), watchersOf(four, cluster)];
      const stay = before.filter((name) => name !== 'watcher-3');
      expect(after.slice(0, stay.length)).toEqual(stay);
    }
  });
});

/** All orders of the names. */
const orders = (names: readonly string[]): readonly (readonly string[])[] =>
  names.length === 0
    ? [[]]
    : names.flatMap((first) =>
        orders(names.filter((name) => name !== first)).map((rest) => [first, ...rest]),
      );

/** What one instance does in a change of the list: it stops, starts, or reloads. */
type Change = { readonly from: Share; readonly to: Share };

/** The clusters that no instance watches at some moment, while the instances change in this order. */
function unwatched(
  { from, to }: Change,
  order: readonly string[],
  how: 'reload' | 'restart' = 'reload',
): readonly string[] {
  const watch = new Map([...from.instances].map((name) => [name, from]));
  const gaps = new Set<string>();
  const look = () => {
    for (const cluster of clusters.slice(0, 60)) {
      const isWatched = [...watch].some(([name, share]) => watchersOf(share, cluster).includes(name));
      if (!isWatched) gaps.add(cluster);
    }
  };
  look();
  for (const name of order) {
    if (how === 'restart' && watch.delete(name)) look();
    if (to.instances.includes(name)) watch.set(name, to);
    else watch.delete(name);
    look();
  }
  return [...gaps];
}

describe('while instances reload one after the other', () => {
  const four: Share = { instances: instances(4), watchers: 2 };
  const replaced: Share = { instances: [...instances(3), 'watcher-9'], watchers: 2 };

  test.each([
    ['one instance joins', { from: four, to: { ...four, instances: instances(5) } }],
    ['one instance leaves', { from: four, to: { ...four, instances: instances(3) } }],
    ['one instance is replaced', { from: four, to: replaced }],
    ['three watch each cluster, not two', { from: four, to: { ...four, watchers: 3 } }],
  ])('%s: in every order each cluster always has a watcher', (_, change) => {
    const all = [...new Set([...change.from.instances, ...change.to.instances])];
    for (const order of orders(all)) expect(unwatched(change, order)).toEqual([]);
  });

  test('two join: the new ones start first, then any order', () => {
    const change = { from: { ...four, instances: instances(3) }, to: five };
    for (const order of orders(instances(3)))
      for (const how of ['reload', 'restart'] as const)
        expect(unwatched(change, ['watcher-5', 'watcher-4', ...order], how)).toEqual([]);
    expect(unwatched(change, [...instances(3), 'watcher-4', 'watcher-5'])).not.toEqual([]);
  });

  test('two leave: the others reload in any order, then the two stop', () => {
    const change = { from: five, to: { ...four, instances: instances(3) } };
    for (const order of orders(instances(3)))
      for (const how of ['reload', 'restart'] as const)
        expect(unwatched(change, [...order, 'watcher-5', 'watcher-4'], how)).toEqual([]);
    expect(unwatched(change, ['watcher-4', 'watcher-5', ...instances(3)])).not.toEqual([]);
  });
});

describe('numbers of a platform', () => {
  test.each([
    ['source-dns-0', 0],
    ['source-dns-12', 12],
    ['source-dns-3.source-dns.db.svc.cluster.local', 3],
    ['watcher-1.zone-2', 1],
    ['source-dns', undefined],
    ['watcher3', undefined],
    ['watcher-03', undefined],
    ['source-dns-7d9f8b6c5-x2x4z', undefined],
    ['-', undefined],
  ])('%s has the number %s', (name, number) => expect(ordinalOf(name)).toBe(number));

  test('give the names of all, with the domain', () => {
    expect(numberedInstances(3, 'a-b-1.x-7.y')).toEqual(['a-b-0.x-7.y', 'a-b-1.x-7.y', 'a-b-2.x-7.y']);
  });
});

const configured = (more: string, env = {}) => loaded(minimal({ more }), { ...withPassword, ...env });
const complained = (more: string, env = {}) => complaints(minimal({ more }), { ...withPassword, ...env });
const named = ({
  settings: { cluster, watchers },
}: Awaited<ReturnType<typeof loaded>>['clusters'][number]) => [cluster, watchers];

describe('the configuration', () => {
  test('without share: all clusters, and nobody is named', async () => {
    const config = await configured('');
    expect(config.clusters.map(named)).toEqual([['shop', undefined]]);
    expect(config).toMatchObject({ elsewhere: [] });
    expect(config).not.toHaveProperty('share');
  });

  test('one file for all: the instance is a variable', async () => {
    const share =
      'instance: ${NODE}\nshare: { instances: [watcher-1, watcher-2, watcher-3, watcher-4, watcher-5] }';
    const ours = await configured(share, { NODE: 'watcher-4' });
    expect(ours).toMatchObject({ share: five, elsewhere: [] });
    expect(ours.clusters.map(named)).toEqual([['shop', ['watcher-2', 'watcher-4']]]);
    const others = await configured(share, { NODE: 'watcher-1' });
    expect(others.clusters).toEqual([]);
    expect(others.elsewhere.map(named)).toEqual([['shop', ['watcher-2', 'watcher-4']]]);
    expect(others.elsewhere[0]?.mysql.password.reveal()).toBe('tiger');
  });

  test('a number, also from a variable, is the list of the names with these numbers', async () => {
    const share = 'instance: ${POD}\nshare: { instances: "${REPLICAS}", watchers: 2 }';
    const config = await configured(share, { POD: 'source-dns-3', REPLICAS: '5' });
    expect(config.share).toEqual({
      instances: [0, 1, 2, 3, 4].map((number) => `source-dns-${number}`),
      watchers: 2,
    });
    expect((await configured('share: { instances: 2 }')).share?.instances).toEqual(['host-0', 'host-1']);
  });

  test('one watcher is allowed, with a warning', async () => {
    const { warnings } = await configured('share: { instances: [host-1, host-2], watchers: 1 }');
    expect(warnings).toEqual([expect.stringContaining('share.watchers: with 1, nobody watches')]);
  });

  test.each([
    [
      '{ instances: [host-2, host-3] }',
      'this instance, "host-1", is not in the list; did you mean "host-2"?',
    ],
    [
      '{ instances: [a, b] }',
      'this instance, "host-1", is not in the list; add it, or set "instance:" to a name of the list',
    ],
    ['{ instances: [host-1, b, host-1] }', '"host-1" is listed twice; remove one'],
    [
      '{ instances: [host-1, b], watchers: 3 }',
      'each cluster would need 3 watchers, but there are 2 instances; write at most 2',
    ],
    [
      '{ instances: [host-1] }',
      'each cluster would need 2 watchers, but there is 1 instance; write at most 1',
    ],
    [
      '{ instances: 1, watchers: 1 }',
      'this instance, "host-1", has the number 1, but 1 instance has the number 0; write how many there are, or the names of all instances',
    ],
    ['{ instances: [host-1, "b c"] }', '"b c" cannot be the name of an instance'],
    [
      '{ instances: many }',
      'is not a number; write a list of names, or how many instances a StatefulSet has',
    ],
    ['{ instances: [host-1, b], watcher: 2 }', 'did you mean "watchers"?'],
    ['{ instances: [host-1, b], watchers: 0 }', 'must be at least 1'],
  ])('%s', async (share, message) => {
    const found = await complained(`share: ${share}`);
    expect(found).toEqual([expect.stringContaining(message)]);
    expect(found[0]).toMatch(/^source-dns\.yaml:9:\d+: share/);
  });

  test('a host without a number cannot be counted', async () => {
    expect(await complained('instance: web\nshare: { instances: 3 }')).toEqual([
      expect.stringContaining(
        'the name of this instance, "web", has no number at its end, as source-dns-0 has',
      ),
    ]);
  });
});
