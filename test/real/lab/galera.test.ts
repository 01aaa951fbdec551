/** A real Galera cluster of three nodes. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isWritable, type ServerFacts } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { joinCluster, startGalera } from '../../support/servers/galera-fixture.ts';
import type { MariadbServers } from '../../support/servers/mariadb-fixture.ts';
import { followedName } from './followed-name.ts';
import { deadline, factsOf, proberFor, until } from './probing.ts';
import { type RowRecorder, rowRecorder } from './row-recorder.ts';

describe('Galera with MariaDB 10.11', () => {
  let galera: MariadbServers;
  let prober: ServerProber;
  let recorder: RowRecorder;

  const addressOf = (index: number): ServerAddress =>
    `${galera.servers[index]!.address}:${galera.port}` as ServerAddress;
  const facts = (index: number): Promise<ServerFacts> => factsOf(prober, addressOf(index));
  const all = (): Promise<ServerFacts[]> => Promise.all([0, 1, 2].map(facts));

  beforeAll(async () => {
    galera = await startGalera('10.11');
    const { user, password } = galera;
    recorder = rowRecorder('galera-10.11', { user, password });
    prober = proberFor(
      galera.servers.map((_, index) => addressOf(index)),
      password,
      { user },
    );
  });

  afterAll(async () => {
    recorder?.write(`MariaDB ${galera.programs.version} with galera-4, both of Debian: three nodes.`);
    await prober?.close();
    await galera?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test('three nodes see each other, and every one takes writes', async () => {
    const nodes = await all();
    expect(nodes.map(({ id }) => id)).toEqual([1, 2, 3].map((n) => `mariadb:${n}@${addressOf(n - 1)}`));
    for (const node of nodes) {
      expect(node.wsrep).toMatchObject({
        primaryComponent: true,
        ready: true,
        state: 'synced',
        size: 3,
        view: 3,
        closed: false,
        desynced: false,
      });
      expect(isWritable(node)).toBe(true);
      // Without wsrep_gtid_mode each node has its own numbers.
      expect(node.gtidExecuted).toBeUndefined();
    }
    const seen = nodes.map(({ wsrep }) => wsrep!);
    expect(new Set(seen.map(({ clusterUuid }) => clusterUuid)).size).toBe(1);
    expect(seen.map(({ index }) => index).toSorted()).toEqual([0, 1, 2]);
    await recorder.take('synced', addressOf(0));
  });

  test('every node counts a write', async () => {
    // The last node to join may be some write sets behind.
    const settled = await until(
      all,
      (nodes) => new Set(nodes.map(({ wsrep }) => wsrep!.lastCommitted)).size === 1,
    );
    const before = settled[0]!.wsrep!.lastCommitted;
    await galera.servers[0]!.sql('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)');
    await galera.servers[1]!.sql('INSERT INTO shop.t VALUES (1)');
    await until(all, (nodes) => nodes.every(({ wsrep }) => wsrep!.lastCommitted === before + 3));
  });

  test('a desynced node still takes writes', async () => {
    await galera.servers[1]!.sql('SET GLOBAL wsrep_desync = ON');
    const desynced = await until(
      () => facts(1),
      ({ wsrep }) => wsrep!.state === 'donor',
    );
    expect(desynced.wsrep).toMatchObject({ desynced: true, ready: true, primaryComponent: true });
    expect(isWritable(desynced)).toBe(true);
    await recorder.take('desynced', addressOf(1));
    await galera.servers[1]!.sql('SET GLOBAL wsrep_desync = OFF');
    await until(
      () => facts(1),
      ({ wsrep }) => wsrep!.state === 'synced',
    );
  });

  test('a node that an administrator closed still answers, and takes no writes', async () => {
    await galera.servers[1]!.sql('SET GLOBAL wsrep_reject_queries = ALL');
    const closed = await facts(1);
    expect(closed.wsrep).toMatchObject({ closed: true, ready: true, state: 'synced' });
    expect(isWritable(closed)).toBe(false);
    await recorder.take('closed', addressOf(1));
    await galera.servers[1]!.sql('SET GLOBAL wsrep_reject_queries = NONE');
    expect(isWritable(await facts(1))).toBe(true);
  });

  test('one node is published, and after its crash the first of the others; when it returns, it is an ordinary node', async () => {
    const name = await followedName([0, 1, 2].map(addressOf), prober);
    try {
      expect(await name.recorded('move')).toMatchObject({
        epoch: 1,
        reason: 'first-source',
        to: { server: addressOf(0) },
      });
      await galera.servers[0]!.kill9();
      expect(await name.recorded('move', ({ epoch }) => epoch === 2)).toMatchObject({
        reason: 'failover',
        to: { server: addressOf(1) },
      });
      await joinCluster(galera.servers[1]!, galera.servers[0]!, galera.programs.emptyData);
      await name.recorded('written', ({ what }) => what === 'rejoin');
      const { decision } = await until(name.snapshot, ({ ledger }) => ledger?.was.length === 0);
      expect(decision).toMatchObject({ reason: 'steady', source: addressOf(1) });
    } finally {
      await name.stop();
    }
  });

  test('a node without majority says so, and still answers; the lost nodes are unknown', async () => {
    const { session } = await facts(0);
    await Promise.all([galera.servers[1]!.kill9(), galera.servers[2]!.kill9()]);
    const alone = await until(
      () => facts(0),
      ({ wsrep }) => !wsrep!.primaryComponent,
    );
    expect(alone).toMatchObject({ readOnly: false, session, wsrep: { ready: false, size: 1 } });
    for (const absent of ['view', 'index']) expect(alone.wsrep).not.toHaveProperty(absent);
    expect((await prober.probe(addressOf(1), deadline())).kind).toBe('unknown');
    expect(isWritable(alone)).toBe(false);
    await recorder.take('alone', addressOf(0));
  });
});
