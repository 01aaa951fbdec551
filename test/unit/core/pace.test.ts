/** How often the servers are asked, and which of them are glanced at between. */

import { describe, expect, test } from 'vitest';
import type { Effect, Event } from '../../../src/core/model/events.ts';
import type { Probe } from '../../../src/core/model/observation.ts';
import type { ClusterState } from '../../../src/core/model/state.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { step } from '../../../src/core/step.ts';
import {
  address,
  at,
  clusterSettings,
  factsOf,
  ledgerOf,
  replicaOf,
  seen,
  silent,
  stateOf,
} from '../../support/given.ts';

const [db1, db2, db3] = ['db1', 'db2', 'db3'].map(address) as [ServerAddress, ServerAddress, ServerAddress];
const readOnly = { readOnly: true, superReadOnly: true };
const { watch } = clusterSettings([]);

/** A cluster with suspect_interval 10 ms. Each answer takes 1 ms; zone and resolver never answer. */
class Cluster {
  state: ClusterState;
  now = 10_000;
  /** How the process keeps up. */
  restStretch = 1;
  stretch = 1;
  readonly says = new Map<ServerAddress, Probe>([
    [db1, seen(factsOf('db1'))],
    [db2, seen(replicaOf('db1', 'db2'))],
    [db3, seen(replicaOf('db1', 'db3'))],
  ]);
  /** These servers break the connection after every answer. */
  readonly breaking: Set<ServerAddress>;
  readonly probes: { readonly server: ServerAddress; readonly at: number }[] = [];
  glances: { readonly servers: readonly ServerAddress[]; readonly everyMs: number } | undefined;
  #due: { readonly at: number; readonly event: Event }[] = [];
  #wakeAt = 0;

  constructor(before?: Cluster) {
    this.breaking = new Set(before?.breaking);
    if (before === undefined) {
      this.state = stateOf({
        servers: Object.fromEntries([...this.says].map(([server, probe]) => [server.split(':')[0], probe])),
        settings: { watch: { ...watch, suspectIntervalMs: 10 } },
        ledger: ledgerOf('db1'),
      });
      return;
    }
    // Nobody changes a state: each step makes a new one.
    this.state = before.state;
    this.now = before.now;
    this.glances = before.glances;
    this.#due = [...before.#due];
    this.#wakeAt = before.#wakeAt;
  }

  send(event: Event): void {
    const [state, effects] = step(this.state, event, {
      ...at(this.now),
      restStretch: this.restStretch,
      stretch: this.stretch,
    });
    this.state = state;
    for (const effect of effects) this.#perform(effect);
  }

  run(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = this.#due.sort((a, b) => a.at - b.at)[0];
      const time = Math.min(next?.at ?? Number.POSITIVE_INFINITY, Math.max(this.#wakeAt, this.now));
      if (time > end) break;
      this.now = time;
      if (next?.at === time) this.#due.shift();
      this.send(next?.at === time ? next.event : { kind: 'tick' });
    }
    this.now = end;
  }

  /** Probes of this server within the next so many milliseconds. */
  probesWithin(ms: number, server = db2): number {
    const from = this.probes.length;
    this.run(ms);
    return this.probes.slice(from).filter((probe) => probe.server === server).length;
  }

  #perform(effect: Effect): void {
    if (effect.kind === 'wake') this.#wakeAt = Math.max(effect.at, this.now + 0.5);
    if (effect.kind === 'watch') this.glances = effect;
    if (effect.kind !== 'probe') return;
    const { server } = effect;
    this.probes.push({ server, at: this.now });
    this.#due.push({
      at: this.now + 1,
      event: { kind: 'observed', server, probe: this.says.get(server) ?? silent },
    });
    if (this.breaking.has(server))
      this.#due.push({ at: this.now + 1.2, event: { kind: 'connection-lost', server } });
  }
}

const quiet = new Cluster();
quiet.run(2 * 60_000);

/** After two quiet minutes. */
const calm = (): Cluster => new Cluster(quiet);

const breaking = calm();
breaking.breaking.add(db3);
breaking.send({ kind: 'connection-lost', server: db3 });
breaking.run(120_000);

/** A server has broken every connection for two minutes. */
const tired = (): Cluster => new Cluster(breaking);

describe('the pace of the probes', () => {
  test('is suspect_interval for the first seconds, then slower and slower, then interval', () => {
    const cluster = calm();
    expect(cluster.probesWithin(10_000)).toBeLessThanOrEqual(11);
    cluster.says.set(db1, silent);
    cluster.send({ kind: 'connection-lost', server: db1 });
    const counts = [1000, 4000, 15_000, 40_000, 60_000].map((ms) => cluster.probesWithin(ms) / (ms / 1000));
    expect(counts[0]).toBeGreaterThan(80);
    expect(counts[1]).toBeGreaterThan(80);
    expect(counts[2]).toBeGreaterThan(15);
    expect(counts[2]).toBeLessThan(25);
    expect(counts[3]).toBeLessThan(5);
    expect(counts[4]).toBeLessThan(1.5);
  });

  test('is slower at rest where the process cannot keep up, and answers stay fresh', () => {
    const cluster = calm();
    cluster.restStretch = 2;
    cluster.run(10_000);
    const probes = cluster.probesWithin(18_000);
    expect(probes).toBeGreaterThanOrEqual(9);
    expect(probes).toBeLessThanOrEqual(11);
    const { settings } = cluster.state;
    const hasty = { ...settings, watch: { ...settings.watch, freshForMs: 1500 } };
    cluster.send({ kind: 'reconfigured', settings: hasty });
    cluster.run(120_000);
    expect(cluster.probesWithin(20_000)).toBeGreaterThanOrEqual(20);
  });

  test('is suspect_interval in an incident where the process asks less often at rest', () => {
    const cluster = calm();
    cluster.restStretch = 2;
    cluster.says.set(db1, silent);
    cluster.send({ kind: 'connection-lost', server: db1 });
    expect(cluster.probesWithin(1000)).toBeGreaterThan(80);
  });

  test('is the pause at rest in a suspicion while connections wait to be opened', () => {
    const cluster = calm();
    cluster.restStretch = 2;
    cluster.stretch = 256;
    cluster.says.set(db1, silent);
    cluster.send({ kind: 'connection-lost', server: db1 });
    cluster.run(1000);
    const probes = cluster.probesWithin(18_000);
    expect(probes).toBeGreaterThanOrEqual(9);
    expect(probes).toBeLessThanOrEqual(11);
  });

  test('never hurries to a server that does not answer', () => {
    const cluster = calm();
    cluster.says.set(db1, silent);
    cluster.send({ kind: 'connection-lost', server: db1 });
    cluster.run(100);
    expect(cluster.probesWithin(1000, db1)).toBeLessThanOrEqual(21);
  });

  test('is interval again soon, for a server that breaks every connection', () => {
    const cluster = tired();
    expect(cluster.probesWithin(60_000, db3)).toBeLessThanOrEqual(61);
    expect(cluster.probesWithin(60_000, db2)).toBeLessThanOrEqual(61);
  });

  test('comes back slowly where connections break now and then', () => {
    const cluster = calm();
    const lose = (): number => {
      cluster.send({ kind: 'connection-lost', server: db3 });
      return cluster.probesWithin(30_000);
    };
    const first = lose();
    for (let count = 0; count < 20; count += 1) lose();
    expect(lose()).toBeLessThan(first / 3);
    cluster.run(20 * 60_000);
    expect(lose()).toBe(first);
  });

  test('is quick again when a server is closed or opened, however tired it was', () => {
    const cluster = tired();
    cluster.says.set(db1, seen(factsOf('db1', readOnly)));
    cluster.run(1100);
    expect(cluster.probesWithin(1000)).toBeGreaterThan(80);
  });

  test('two tools that open and close a server in turns do not keep it quick', () => {
    const cluster = calm();
    const toggled = Array.from({ length: 24 }, (_, count) => {
      cluster.says.set(db1, seen(factsOf('db1', count % 2 === 0 ? readOnly : {})));
      return cluster.probesWithin(5000);
    });
    const total = toggled.reduce((sum, count) => sum + count, 0);
    // 2 minutes at 10 ms were 12,000.
    expect(total).toBeLessThan(2400);
  });

  test('is quick after a command', () => {
    const cluster = tired();
    cluster.send({ kind: 'command', id: 'c', command: { kind: 'announce', server: db2, by: 'tool' } });
    expect(cluster.probesWithin(1000)).toBeGreaterThan(80);
  });

  test('asks the published source and the likely candidates before the others', () => {
    const cluster = calm();
    const names = { db1: 'never', db2: 'never', db3: 'auto' } as const;
    const servers = Object.entries(names).map(([name, candidate]) => ({ address: address(name), candidate }));
    cluster.send({ kind: 'reconfigured', settings: { ...cluster.state.settings, servers } });
    cluster.run(10_500);
    while ([...cluster.state.servers.values()].some(({ probing }) => probing !== undefined)) cluster.run(1);
    const from = cluster.probes.length;
    cluster.send({ kind: 'glance-differs', server: db1 });
    expect(cluster.probes.slice(from).map(({ server }) => server)).toEqual([db1, db3, db2]);
  });
});

describe('the glances', () => {
  test('are at the published source alone while all is quiet', () => {
    expect(calm().glances).toMatchObject({ servers: [db1], everyMs: 150 });
  });

  test('are at all that answer and may be the source during a suspicion, every few milliseconds', () => {
    const cluster = calm();
    cluster.says.set(db1, silent);
    cluster.send({ kind: 'connection-lost', server: db1 });
    cluster.run(10);
    expect(cluster.glances).toMatchObject({ servers: [db2, db3], everyMs: 2.5 });
  });

  test('go on at the candidates, slowly, while the source is away for long or takes no writes', () => {
    for (const probe of [silent, seen(factsOf('db1', readOnly))]) {
      const cluster = calm();
      cluster.says.set(db1, probe);
      cluster.run(5 * 60_000);
      expect(cluster.glances?.servers).toEqual(probe === silent ? [db2, db3] : [db1, db2, db3]);
      expect(cluster.glances?.everyMs).toBe(150);
    }
  });

  test('are told anew to a new prober', () => {
    const cluster = calm();
    cluster.run(10_000);
    cluster.glances = undefined;
    cluster.send({ kind: 'reconfigured', settings: cluster.state.settings });
    expect(cluster.glances).toBeDefined();
  });

  test('that differ make us ask, and say nothing of the servers', () => {
    const cluster = calm();
    const before = cluster.state;
    const from = cluster.probes.length;
    cluster.send({ kind: 'glance-differs', server: db1 });
    expect(cluster.probes.slice(from).map(({ server }) => server)).toEqual([db1, db2, db3]);
    expect(cluster.state.suspectUntil).toBeGreaterThan(cluster.now);
    for (const [server, { latest, facts, closedAt, promotedAt }] of cluster.state.servers)
      expect({ latest, facts, closedAt, promotedAt }).toEqual({
        latest: before.servers.get(server)?.latest,
        facts: before.servers.get(server)?.facts,
        closedAt: undefined,
        promotedAt: before.servers.get(server)?.promotedAt,
      });
  });
});
