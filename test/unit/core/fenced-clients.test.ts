/** When the connections of a fenced server's clients end: clients that stayed, and clients that came back. */

import { describe, expect, test } from 'vitest';
import type { FenceResult } from '../../../src/core/model/fence.ts';
import { cacheAgainMs, fencePauseMaxMs } from '../../../src/core/model/limits.ts';
import type { ClusterSettings } from '../../../src/core/model/settings.ts';
import { snapshot } from '../../../src/core/report/snapshot.ts';
import {
  Cluster,
  closed,
  codes,
  ended,
  moved,
  open,
  recorded,
  refused,
  sent,
  settings,
  started,
} from '../../support/fenced-cluster.ts';
import {
  address,
  at,
  channelFrom,
  factsOf,
  ledgerOf,
  replicaOf,
  seen,
  silent,
  uuid,
} from '../../support/given.ts';

const unknown: FenceResult = { kind: 'unknown', failure: { code: 'timeout', message: 'no answer in time' } };
const finished = (killed: number): FenceResult => ({ kind: 'finished', killed, spared: 1 });

/** When each attempt began that only ends connections. */
const finishing = (cluster: Cluster) =>
  cluster.fences.filter((_, index) => {
    const effect = sent(cluster, 'fence')[index];
    return effect !== undefined && 'finishes' in effect && effect.finishes;
  });
const seconds = (times: readonly number[]) => times.map((time) => Math.floor(time / 1000));
const sentenceOf = ({ state, nowMs }: Cluster) => snapshot(state, at(nowMs)).servers[0]?.fence?.sentence;

/** The first attempt has closed the server, and ended the connections of its clients. */
function fencedCluster(over?: Partial<ClusterSettings>): Cluster {
  const cluster = started(over);
  cluster.answers['db1'] = closed;
  cluster.ends(ended);
  return cluster;
}

/** Runs, and lets each attempt end so. */
function runs(cluster: Cluster, ms: number, result: FenceResult = finished(0)): void {
  for (const until = cluster.nowMs + ms; cluster.nowMs < until; ) {
    const before = cluster.fences.length;
    cluster.run(100);
    if (cluster.fences.length > before) cluster.ends(result);
  }
}

describe('clients that came back by an answer of before the move', () => {
  // The ledger was there when this process began: the nameservers have 10 s from then, the TTL is 5 s.
  test('are ended when no cache has it any more, and once more a minute later', () => {
    const cluster = fencedCluster();
    runs(cluster, 4 * fencePauseMaxMs);
    expect(seconds(finishing(cluster))).toEqual([16, 76]);
    expect(cluster.fences).toHaveLength(3);
    expect(cluster.state.restUntil).toBeGreaterThan(cluster.nowMs);
  });

  test('are told in the history, if there were any', () => {
    const cluster = fencedCluster();
    runs(cluster, 20_000, finished(2));
    runs(cluster, 2 * cacheAgainMs);
    expect(recorded(cluster, 'fenced')).toMatchObject([
      { killed: 2, spared: 1 },
      { again: true, killed: 2, spared: 1 },
    ]);
    expect(recorded(cluster, 'fenced')[0]).not.toHaveProperty('again');
  });

  test('are left at a server that was fenced long after the move: no cache has the old answer', () => {
    const cluster = started();
    cluster.ends(refused);
    cluster.answers['db1'] = silent;
    cluster.run(100_000);
    cluster.answers['db1'] = open;
    cluster.run(10_000);
    cluster.answers['db1'] = closed;
    cluster.ends(ended);
    runs(cluster, 4 * fencePauseMaxMs);
    expect(finishing(cluster)).toEqual([]);
  });

  test('are waited for while the cluster rests', () => {
    const cluster = fencedCluster();
    cluster.run(8000);
    expect(cluster.state.restUntil).toBeGreaterThan(cluster.nowMs);
    runs(cluster, 10_000);
    expect(finishing(cluster)).toHaveLength(1);
  });

  test('are ended later where the TTL is longer', () => {
    const { publications: [first] = [] } = settings;
    const source = { ...first!.source, ttlSeconds: 30 };
    const cluster = new Cluster({ publications: [{ ...first!, source }] });
    cluster.serves({ ttlSeconds: 30 });
    cluster.writes({ ...moved, form: { ...moved.form, ttlSeconds: 30 } });
    cluster.run(2000);
    cluster.answers['db1'] = closed;
    cluster.ends(ended);
    runs(cluster, 60_000);
    expect(seconds(finishing(cluster))).toEqual([41]);
  });

  test('are not ended with kill: none', () => {
    const cluster = fencedCluster({ fence: { timeoutMs: 5000, kill: 'none' } });
    const words = sentenceOf(cluster);
    runs(cluster, 3 * cacheAgainMs);
    expect(cluster.fences).toHaveLength(1);
    expect(words).toMatch(/^db1:3306 was made read-only by source-dns at [^ ]+\.$/);
  });

  test('are left by a new process: it does not know who closed the server', () => {
    const cluster = started({ mode: 'observe' });
    cluster.answers['db1'] = closed;
    cluster.take({ kind: 'reconfigured', settings });
    runs(cluster, 3 * cacheAgainMs);
    expect(cluster.fences).toEqual([]);
  });
});

describe('the clients of a fenced server are left where', () => {
  const replicates = seen(replicaOf('db2', 'db1', { peer: '192.0.2.1' }));
  const connecting = seen(
    replicaOf('db2', 'db1', {
      peer: '192.0.2.1',
      channels: [channelFrom('db2', { receiver: 'connecting' })],
    }),
  );
  test.each<[string, (cluster: Cluster) => void]>([
    ['it replicates again', (cluster) => (cluster.answers['db1'] = replicates)],
    ['it looks for its source', (cluster) => (cluster.answers['db1'] = connecting)],
    [
      'another server replicates from it',
      (cluster) => (cluster.answers['db3'] = seen(replicaOf('db1', 'db3', { peer: '192.0.2.3' }))),
    ],
    [
      'another server answers at its address',
      (cluster) => (cluster.answers['db1'] = seen(factsOf('db1', { readOnly: true, id: uuid('db7') }))),
    ],
    ['it does not answer', (cluster) => (cluster.answers['db1'] = silent)],
    ['no ledger names it any more', (cluster) => cluster.writes({ ...moved, was: [] })],
    ['it is the source again', (cluster) => cluster.writes(ledgerOf('db1', { epoch: 9 }))],
    [
      'the name is frozen',
      (cluster) => cluster.writes({ ...moved, frozen: { by: 'dba', reason: 'maintenance' } }),
    ],
    [
      'it is announced as the next source',
      (cluster) =>
        cluster.writes({ ...moved, next: { uuid: uuid('db1'), until: '2026-11-22T12:30:00.000Z' } }),
    ],
    [
      'nobody is to be fenced any more',
      (cluster) => cluster.take({ kind: 'reconfigured', settings: { ...settings, fence: undefined } }),
    ],
    [
      'source-dns only observes',
      (cluster) => cluster.take({ kind: 'reconfigured', settings: { ...settings, mode: 'observe' } }),
    ],
  ])('%s', (_, change) => {
    const cluster = fencedCluster();
    cluster.run(3000);
    change(cluster);
    runs(cluster, 3 * cacheAgainMs);
    expect(finishing(cluster)).toEqual([]);
  });

  test('somebody opened it and closed it: the fence was lifted', () => {
    const cluster = fencedCluster();
    cluster.run(3000);
    cluster.answers['db1'] = open;
    cluster.run(2000);
    cluster.answers['db1'] = closed;
    runs(cluster, 3 * cacheAgainMs);
    expect(cluster.fences).toHaveLength(1);
    expect(sentenceOf(cluster)).toBeUndefined();
  });

  test('the name moves on: that answer never led to it', () => {
    const cluster = fencedCluster();
    runs(cluster, 2 * cacheAgainMs);
    const { length } = cluster.fences;
    const was = [...moved.was, { uuid: uuid('db2'), address: address('db2') }];
    cluster.answers['db2'] = seen(replicaOf('db3', 'db2', { peer: '192.0.2.2' }));
    cluster.answers['db3'] = seen(factsOf('db3', { peer: '192.0.2.3' }));
    cluster.writes({ ...moved, epoch: moved.epoch + 1, source: address('db3'), uuid: uuid('db3'), was });
    runs(cluster, 3 * cacheAgainMs);
    expect(cluster.fences).toHaveLength(length);
  });
});

describe('people are told', () => {
  test('when the connections end, that they end, and then nothing more', () => {
    const cluster = fencedCluster();
    cluster.run(1000);
    expect(sentenceOf(cluster)).toMatch(
      /^db1:3306 was made read-only by source-dns at .*Z\. At 2026-11-22T11:30:16\.\d+Z the connections of clients that came back by an answer of before the move end\.$/,
    );
    while (finishing(cluster).length === 0) cluster.run(100);
    expect(sentenceOf(cluster)).toMatch(/connections of clients .* are being ended\.$/);
    runs(cluster, 3 * cacheAgainMs);
    cluster.ends(finished(0));
    runs(cluster, 3 * cacheAgainMs);
    expect(sentenceOf(cluster)).toMatch(/^db1:3306 was made read-only by source-dns at [^ ]+\.$/);
  });

  test('why they are left for now', () => {
    const cluster = fencedCluster();
    cluster.writes({ ...moved, frozen: { by: 'dba', reason: 'maintenance' } });
    cluster.run(18_000);
    expect(sentenceOf(cluster)).toMatch(/Its clients are left for now: the name is frozen at ns1\.$/);
  });

  test('what mode: observe would do', () => {
    const cluster = fencedCluster();
    cluster.take({ kind: 'reconfigured', settings: { ...settings, mode: 'observe' } });
    cluster.run(18_000);
    expect(sentenceOf(cluster)).toMatch(/In mode: active the connections of clients .* would end\.$/);
  });

  test('by an alarm that an attempt failed, and that it is tried again', () => {
    const cluster = fencedCluster();
    while (finishing(cluster).length === 0) cluster.run(100);
    cluster.ends(refused);
    cluster.run(200);
    const alarm = cluster.state.alarms.find(({ code }) => code === 'fence-failed');
    expect(alarm?.sentence).toBe(
      'Former source db1:3306 is read-only, but the connections of its clients could not be ended: no privilege.',
    );
    cluster.run(2000);
    expect(finishing(cluster)).toHaveLength(2);
    cluster.ends(finished(1));
    cluster.run(1000);
    expect(codes(cluster)).not.toContain('fence-failed');
  });
});

describe('an attempt without an answer that closed the server', () => {
  const closedByUs = () => {
    const cluster = started();
    cluster.answers['db1'] = closed;
    cluster.ends(unknown);
    cluster.run(3000);
    return cluster;
  };

  test('is finished by the next one, which only ends the connections that are left', () => {
    const cluster = closedByUs();
    expect(cluster.fences).toHaveLength(2);
    expect(seconds(finishing(cluster))).toEqual([3]);
    cluster.ends(finished(3));
    cluster.run(10_000);
    expect(cluster.fences).toHaveLength(2);
    expect(recorded(cluster, 'fenced').map((entry) => 'killed' in entry && entry.killed)).toEqual([false, 3]);
  });

  test('and no answer again: it is tried for a minute at each of the three moments', () => {
    const cluster = closedByUs();
    cluster.ends(unknown);
    runs(cluster, 4 * fencePauseMaxMs, unknown);
    const last = Math.max(...seconds(finishing(cluster)));
    expect(last).toBeGreaterThan(76);
    expect(last).toBeLessThanOrEqual(76 + fencePauseMaxMs / 1000);
    expect(recorded(cluster, 'fenced')).toHaveLength(1);
    expect(cluster.state.restUntil).toBeGreaterThan(cluster.nowMs);
  });

  test('where somebody makes it a replica, its clients are left', () => {
    const cluster = started();
    cluster.answers['db1'] = seen(replicaOf('db2', 'db1', { peer: '192.0.2.1' }));
    cluster.ends(unknown);
    cluster.run(3000);
    expect(cluster.fences).toHaveLength(1);
  });
});

test('where the account may not end connections, the server is closed, and the alarm says what is missing', () => {
  const cluster = started();
  cluster.answers['db1'] = closed;
  const failure = { code: 'fence-privilege-missing', message: 'it lacks CONNECTION_ADMIN' };
  cluster.ends({ kind: 'refused', closed: true, failure });
  cluster.run(3000);
  expect(recorded(cluster, 'fenced')).toHaveLength(1);
  expect(finishing(cluster)).toHaveLength(1);
  cluster.ends({ kind: 'refused', closed: true, failure });
  cluster.run(200);
  expect(cluster.state.alarms.find(({ code }) => code === 'fence-failed')?.sentence).toContain(
    'connections of its clients could not be ended: it lacks CONNECTION_ADMIN',
  );
  expect(recorded(cluster, 'fenced')).toHaveLength(1);
});
