/** When a fence leaves: after everything was asked anew, one attempt at a time, with growing pauses. */

import { describe, expect, test } from 'vitest';
import type { Event } from '../../../src/core/model/events.ts';
import type { FenceResult } from '../../../src/core/model/fence.ts';
import { fencePauseMaxMs, fencePauseMs } from '../../../src/core/model/limits.ts';
import type { ClusterSettings } from '../../../src/core/model/settings.ts';
import { snapshot } from '../../../src/core/report/snapshot.ts';
import { adviceOf } from '../../../src/core/report/snapshot-advice.ts';
import { step } from '../../../src/core/step.ts';
import {
  Cluster,
  closed,
  codes,
  ended,
  moved,
  open,
  recorded,
  refused,
  returned,
  sent,
  settings,
  started,
} from '../../support/fenced-cluster.ts';
import { address, at, factsOf, replicaOf, seen, silent, uuid } from '../../support/given.ts';

describe('a former source that takes writes', () => {
  test('is fenced once, while the attempt is on its way', () => {
    const cluster = started();
    cluster.run(4000);
    expect(cluster.fences).toHaveLength(1);
    expect(cluster.effects.find(({ kind }) => kind === 'fence')).toMatchObject({
      server: address('db1'),
      uuid: uuid('db1'),
      deadline: cluster.fences[0]! + 5000,
    });
  });

  test.each<[string, Partial<ClusterSettings>]>([
    ['without the setting', { fence: undefined }],
    ['in mode: observe', { mode: 'observe' }],
  ])('is not fenced %s', (_, over) => {
    const cluster = started(over);
    cluster.run(10_000);
    expect(cluster.fences).toEqual([]);
  });

  test('is fenced only by answers from after it was wanted', () => {
    const cluster = started();
    cluster.ends(refused);
    cluster.answers['db2'] = undefined;
    cluster.run(2500);
    expect(cluster.fences).toHaveLength(1);
    cluster.answers['db2'] = seen(replicaOf('db1', 'db2', { peer: '192.0.2.2' }));
    cluster.take({ kind: 'observed', server: address('db2'), probe: cluster.answers['db2'] });
    cluster.run(5000);
    expect(cluster.fences).toHaveLength(1);
  });

  test('is fenced only if the source was asked after it: people close the source before they open another', () => {
    const cluster = started();
    cluster.ends(refused);
    cluster.answers['db1'] = undefined;
    // The attempt is wanted again, and db1 answers late.
    cluster.run(fencePauseMs + 300);
    cluster.answers['db1'] = open;
    cluster.answers['db2'] = undefined;
    cluster.take({ kind: 'observed', server: address('db1'), probe: open });
    cluster.run(500);
    cluster.answers['db2'] = seen(replicaOf('db1', 'db2', { peer: '192.0.2.2' }));
    cluster.take({ kind: 'observed', server: address('db2'), probe: cluster.answers['db2'] });
    cluster.run(5000);
    expect(cluster.fences).toHaveLength(1);
  });

  test('is not kept open by a server that does not answer any more', () => {
    const cluster = started();
    cluster.ends(refused);
    cluster.answers['db3'] = silent;
    cluster.run(2000);
    expect(cluster.fences).toHaveLength(2);
  });

  test('keeps the cluster from its rest', () => {
    expect(started().state.restUntil).toBeLessThanOrEqual(started().nowMs);
    const cluster = started();
    cluster.answers['db1'] = closed;
    cluster.ends(ended);
    cluster.run(10_000);
    expect(cluster.state.restUntil).toBeGreaterThan(cluster.nowMs);
  });
});

describe('a person who names the former source', () => {
  const follow: Event = {
    kind: 'command',
    id: 'c1',
    command: { kind: 'follow', server: address('db1'), force: true, dryRun: false, by: 'dba' },
  };

  /** The attempt closes the server and ends: only then the command is answered, and the name stays. */
  function learnsAfterEnd(cluster: Cluster): void {
    expect(sent(cluster, 'update')).toEqual([]);
    cluster.answers['db1'] = closed;
    cluster.ends(ended);
    cluster.run(2000);
    expect(sent(cluster, 'update')).toEqual([]);
    expect(sent(cluster, 'reply')).toMatchObject([{ answer: { results: [{ kind: 'held' }] } }]);
  }

  test('is not answered before the attempt on its way has ended, and then learns that it is closed', () => {
    const cluster = started();
    cluster.take(follow);
    cluster.run(1000);
    learnsAfterEnd(cluster);
  });

  test.each<[string, (cluster: Cluster) => void]>([
    [
      'nobody is to be fenced any more',
      (cluster) => cluster.take({ kind: 'reconfigured', settings: { ...settings, fence: undefined } }),
    ],
    ['no ledger names it as former any more', (cluster) => cluster.writes({ ...moved, was: [] })],
    [
      'another server answers at its address meanwhile',
      (cluster) => {
        cluster.answers['db1'] = seen(factsOf('db1', { peer: '192.0.2.1', id: uuid('db7') }));
        cluster.run(2000);
        cluster.answers['db1'] = open;
        cluster.run(2000);
      },
    ],
  ])('waits for the attempt on its way also where %s', (_, change) => {
    const cluster = started();
    change(cluster);
    cluster.run(1000);
    cluster.take(follow);
    cluster.run(500);
    learnsAfterEnd(cluster);
    expect(recorded(cluster, 'fenced')).toMatchObject([{ uuid: uuid('db1'), killed: 2, spared: 1 }]);
    expect(cluster.fences).toHaveLength(1);
  });

  test('is obeyed where no attempt is on its way, and none begins', () => {
    const cluster = started();
    cluster.ends(refused);
    cluster.take(follow);
    cluster.run(1000);
    expect(sent(cluster, 'update')).toHaveLength(1);
    expect(cluster.fences).toHaveLength(1);
  });
});

describe('what people are told', () => {
  const db1Of = ({ state, nowMs }: Cluster) => snapshot(state, at(nowMs)).servers[0];
  const advised = ({ state, nowMs }: Cluster) =>
    JSON.stringify(adviceOf(state, at(nowMs), { aim: 'rejoin', server: address('db1') }));

  test('nothing without the setting', () => {
    const cluster = started({ fence: undefined });
    expect(db1Of(cluster)?.fence).toBeNull();
    expect(advised(cluster)).not.toContain('makes it read-only');
  });

  test('that it would be fenced in mode: active', () => {
    const cluster = started({ mode: 'observe' });
    expect(db1Of(cluster)?.fence).toEqual({
      stage: 'would',
      sentence: 'db1:3306 would be fenced in mode: active.',
    });
  });

  test('that it is being fenced, that it was, and that nothing lifts this by itself', () => {
    const cluster = started();
    expect(db1Of(cluster)?.fence?.stage).toBe('wanted');
    expect(db1Of(cluster)?.evidence).toContain('is being fenced');
    cluster.answers['db1'] = closed;
    cluster.ends(ended);
    cluster.run(1000);
    const words = db1Of(cluster)?.fence;
    expect(words?.stage).toBe('fenced');
    expect(words?.sentence).toMatch(/^db1:3306 was made read-only by source-dns at 2026-11-22T11:30:\d\d/);
    expect(db1Of(cluster)?.evidence).toContainEqual(expect.stringContaining('was made read-only by'));
    expect(advised(cluster)).toContain('was made read-only by source-dns at');
    expect(advised(cluster)).toContain('source-dns freeze shop');
  });

  test('why it is not fenced', () => {
    const cluster = started();
    cluster.answers['db3'] = seen(replicaOf('db1', 'db3', { peer: '192.0.2.3' }));
    cluster.run(2000);
    expect(db1Of(cluster)?.fence).toEqual({
      stage: 'not',
      sentence: 'db1:3306 is not fenced: db3:3306 replicates from it.',
    });
  });
});

describe('after an attempt', () => {
  test('that failed, the next one comes after 1, 2, 4 ... 60 s', () => {
    const cluster = new Cluster();
    while (cluster.fences.length === 0) cluster.run(100);
    for (let times = 0; times < 9; times += 1) {
      const before = cluster.fences.length;
      cluster.ends(refused);
      while (cluster.fences.length === before) cluster.run(100);
    }
    const pauses = cluster.fences
      .slice(1)
      .map((time, index) => Math.floor((time - cluster.fences[index]!) / 1000));
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  test('that others blocked, the next one comes after 4 s at most: the block may end at any moment', () => {
    const cluster = new Cluster();
    while (cluster.fences.length === 0) cluster.run(100);
    for (let times = 0; times < 5; times += 1) {
      const before = cluster.fences.length;
      cluster.ends({ kind: 'blocked', by: 'connection 7 of app@10.0.0.1' });
      while (cluster.fences.length === before) cluster.run(100);
    }
    const pauses = cluster.fences
      .slice(1)
      .map((time, index) => Math.floor((time - cluster.fences[index]!) / 1000));
    expect(pauses).toEqual([1, 2, 4, 4, 4]);
  });

  test('and a long time, the pauses begin anew', () => {
    const cluster = started();
    for (const _ of [1, 2, 3, 4]) {
      cluster.ends(refused);
      cluster.run(10_000);
    }
    cluster.answers['db1'] = closed;
    cluster.ends(ended);
    cluster.run(2 * fencePauseMaxMs);
    cluster.answers['db1'] = returned;
    cluster.run(2000);
    const { length } = cluster.fences;
    cluster.ends(refused);
    cluster.run(1500);
    expect(cluster.fences).toHaveLength(length + 1);
  });

  test('that made it read-only, the history says so, and the alarm says since when', () => {
    const cluster = started();
    cluster.answers['db1'] = seen({ ...factsOf('db1'), readOnly: true, superReadOnly: true });
    cluster.ends(ended);
    expect(recorded(cluster, 'fenced')).toMatchObject([
      { server: address('db1'), uuid: uuid('db1'), killed: 2, spared: 1 },
    ]);
    expect(codes(cluster)).not.toContain('fence-failed');
    expect(cluster.state.fences.get(address('db1'))?.fencedAt).toBeDefined();
  });

  test('without an answer, the server is asked: if it is read-only, the history says so once', () => {
    const cluster = started();
    cluster.answers['db1'] = closed;
    cluster.ends({ kind: 'unknown', failure: { code: 'timeout', message: 'no answer in time' } });
    cluster.run(3000);
    expect(recorded(cluster, 'fenced')).toMatchObject([{ server: address('db1'), uuid: uuid('db1') }]);
    expect(codes(cluster)).not.toContain('fence-failed');
    expect(cluster.state.fences.get(address('db1'))?.fencedAt).toBeDefined();
  });

  test.each<[FenceResult, string]>([
    [refused, 'no privilege'],
    [{ kind: 'blocked', by: 'a lock of app' }, 'a lock of app'],
    [{ kind: 'unknown', failure: { code: 'timeout', message: 'no answer in time' } }, 'no answer in time'],
    [{ kind: 'not-it', uuid: uuid('db9') }, uuid('db9')],
  ])('that ended as $kind, an alarm says why', (result, words) => {
    const cluster = started();
    cluster.ends(result);
    cluster.run(200);
    const alarm = cluster.state.alarms.find(({ code }) => code === 'fence-failed');
    expect(alarm?.sentence).toContain(words);
    expect(recorded(cluster, 'fenced')).toEqual([]);
  });

  test('that was blocked, its alarm has the hint of the attempt', () => {
    const hintOf = (hint?: string) => {
      const cluster = started();
      cluster.ends({ kind: 'blocked', by: 'a commit', ...(hint && { hint }) });
      cluster.run(200);
      return cluster.state.alarms.find(({ code }) => code === 'fence-failed')?.hint;
    };
    const again = '; source-dns tries again, at least once a minute';
    expect([hintOf(), hintOf('let it go')]).toEqual([`end what blocks it${again}`, `let it go${again}`]);
  });

  test('the result of an attempt that nobody waits for changes nothing', () => {
    const cluster = started();
    cluster.ends(refused);
    const { fences } = cluster.state;
    const [next] = step(
      cluster.state,
      { kind: 'fenced', server: address('db1'), result: ended },
      at(cluster.nowMs),
    );
    expect(next.fences.get(address('db1'))?.last).toEqual(fences.get(address('db1'))?.last);
  });

  test('new settings without a fence end it all', () => {
    const cluster = started();
    cluster.ends(refused);
    cluster.take({ kind: 'reconfigured', settings: { ...settings, fence: undefined } });
    cluster.run(5000);
    expect(cluster.fences).toHaveLength(1);
    expect(codes(cluster)).not.toContain('fence-failed');
  });
});
