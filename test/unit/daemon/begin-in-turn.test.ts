/**
 * Many clusters of one process begin in turn: the real service and prober, false MySQL servers, a zone in
 * memory. The situations are those of public reports: all checks at once after a start or a reload (Icinga,
 * Envoy, Consul), dead servers that take the places of the others (orchestrator), a full queue through which
 * no command comes (ProxySQL).
 */

import { afterEach, describe, expect, test } from 'vitest';
import type { LoadedCluster } from '../../../src/config/loaded.ts';
import type { HistoryEntry } from '../../../src/core/model/events.ts';
import type { Fqdn, ServerAddress } from '../../../src/core/model/units.ts';
import type { AdapterMaker } from '../../../src/daemon/adapters.ts';
import { systemClock as clock, systemRandom } from '../../../src/daemon/clock.ts';
import { type Service, startService } from '../../../src/daemon/service.ts';
import { OpeningGate } from '../../../src/mysql/connection/opening-gate.ts';
import { createProber } from '../../../src/mysql/probe.ts';
import { settings } from '../../support/fakes.ts';
import { FalseCluster } from '../../support/false-cluster.ts';
import type { Message } from '../../support/false-mysqld.ts';
import { fake } from '../../support/false-server.ts';
import { cluster, config, smallWorld } from '../../support/small-world.ts';

const count = 60;
const names = Array.from({ length: count }, (_, index) => `c${index}`);
/** Longer than any test: no attempt ends by itself. */
const patientMs = 60_000;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const called = (name: string, servers: readonly ServerAddress[]): LoadedCluster => {
  const [publication] = settings().publications;
  if (publication === undefined) throw new Error('no publication');
  const source = { ...publication.source, name: `source.${name}.db.example.com.` as Fqdn };
  const loaded = cluster(name, 'geheim', {
    servers: servers.map((address) => ({ address, candidate: 'auto' })),
    publications: [{ ...publication, source }],
    allowLoopback: true,
  });
  return {
    ...loaded,
    settings: { ...loaded.settings, watch: { ...loaded.settings.watch, probeTimeoutMs: patientMs } },
    mysql: { ...loaded.mysql, tls: 'disabled', connectTimeoutMs: patientMs, queryTimeoutMs: patientMs },
  };
};

interface World {
  readonly service: Service;
  /** The clusters that were published, in order. */
  readonly published: readonly string[];
  /** Resolves when this holds; it is looked at after every record. */
  until(holds: () => boolean): Promise<void>;
}

async function watch(clusters: readonly LoadedCluster[], maker: AdapterMaker): Promise<World> {
  const published: string[] = [];
  const waiters = new Set<() => void>();
  const started = await startService({
    config: config('/nowhere', { clusters }),
    maker,
    clock,
    random: systemRandom,
    remembered: () => [],
    onRecord(entry: HistoryEntry) {
      if (entry.kind === 'move') published.push(entry.cluster);
      for (const look of waiters) look();
    },
    onWarning: () => {},
    onBug(error) {
      throw error;
    },
  });
  if (started.kind === 'failed') throw new Error('it did not start');
  const { service } = started;
  closers.push(() => service.stop());
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        waiters.delete(look);
        resolve();
      };
      waiters.add(look);
      look();
    });
  return { service, published, until };
}

/** Real probers, which share one gate. */
function openingMaker(): AdapterMaker {
  const gate = new OpeningGate(clock);
  return {
    ...smallWorld().maker,
    waiting: () => gate.waiting,
    prober: ({ settings: { cluster: name, servers }, mysql: { password, ...access } }) =>
      createProber({ cluster: name, servers, ...access, password: password.reveal(), clock, gate }),
  };
}

/** One source and one replica, whose logins wait until `release`. */
async function heldServers() {
  const servers = await FalseCluster.start(['127.0.0.11', '127.0.0.12']);
  closers.push(() => servers.close());
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const logins = { now: 0, most: 0 };
  const listeners = new Set<() => void>();
  for (const member of servers.members)
    member.mysqld.play({
      ...servers.script(member),
      tamper({ step, packets }: Message, { write }) {
        if (step === 'greeting') {
          logins.now += 1;
          logins.most = Math.max(logins.most, logins.now);
          for (const listener of listeners) listener();
        }
        if (step !== 'login-result') return write(Buffer.concat(packets));
        void released.then(() => {
          logins.now -= 1;
          write(Buffer.concat(packets));
        });
      },
    });
  /** Resolves when so many logins are in flight. */
  const inFlight = (wanted: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (logins.now >= wanted) resolve();
      };
      listeners.add(look);
      look();
    });
  return { addresses: servers.members.map(({ address }) => address), release, logins, inFlight };
}

describe('a process with many clusters', () => {
  test('opens connections for few clusters at a time, and publishes all of them', async () => {
    const { addresses, release, logins, inFlight } = await heldServers();
    const { service, published, until } = await watch(
      names.map((name) => called(name, addresses)),
      openingMaker(),
    );
    await inFlight(8);
    expect(service.waiting().size).toBeGreaterThan(count / 2);
    expect([...service.waiting()]).toEqual(names.slice(-service.waiting().size));
    expect(service.snapshot('c0')?.decision.sentence).not.toContain('waits for its turn');
    const last = service.snapshot(`c${count - 1}`);
    expect(last?.decision.sentence).toContain('waits for its turn');
    expect(last?.publications[0]?.decision.sentence).toContain('waits for its turn');
    expect(last?.publications[0]?.ready).toBe(false);
    release();
    await until(() => published.length === count);
    expect(new Set(published)).toEqual(new Set(names));
    expect(service.waiting().size).toBe(0);
    expect(logins.most).toBeLessThanOrEqual(64);
    expect(service.snapshot('c59')?.decision).toMatchObject({ kind: 'point-to' });
  });

  test('clusters without a living server hold up no other', async () => {
    const { addresses, release } = await heldServers();
    release();
    const dead = await fake(() => {});
    const silent = Array.from({ length: 20 }, (_, index) => called(`dead${index}`, [dead.address]));
    const { service, published, until } = await watch(
      [...silent, ...names.map((name) => called(name, addresses))],
      openingMaker(),
    );
    await until(() => published.length === count);
    expect(new Set(published)).toEqual(new Set(names));
    // Each of them is still in its first attempt.
    expect(dead.sockets).toHaveLength(20);
    expect(service.waiting().size).toBe(0);
  });

  test('a command lets its cluster in at once, and is obeyed', async () => {
    const { addresses, release, inFlight } = await heldServers();
    const { service } = await watch(
      names.map((name) => called(name, addresses)),
      openingMaker(),
    );
    await inFlight(8);
    const server = addresses[0] as ServerAddress;
    const answer = service.command('c59', { kind: 'follow', server, force: false, dryRun: false, by: 'eve' });
    expect([service.waiting().has('c59'), service.waiting().has('c58')]).toEqual([false, true]);
    release();
    expect((await answer)?.results).toMatchObject([{ kind: 'done' }]);
  });
});

describe('a reload while clusters wait', () => {
  /** Connections wait for ever: hardly any cluster begins. */
  const world = () => {
    const { maker, log } = smallWorld();
    const opening = { count: 1000 };
    return { log, opening, maker: { ...maker, waiting: () => opening.count } };
  };
  const both = settings().servers.map(({ address }) => address);

  test('changes, removes and adds clusters that wait, and all of them begin in the end', async () => {
    const { log, opening, maker } = world();
    const clusters = ['a', 'b', 'c', 'd', 'e'].map((name) => called(name, both));
    const { service, published, until } = await watch(clusters, maker);
    expect([...service.waiting()].slice(-2)).toEqual(['d', 'e']);
    const [a, b, c, d] = clusters as [LoadedCluster, LoadedCluster, LoadedCluster, LoadedCluster];
    const changed = { ...d, settings: { ...d.settings, gtidGuard: 'hold' as const } };
    const next = { clusters: [a, b, c, changed, called('f', both)] };
    expect(await service.reconfigure(config('/nowhere', next))).toEqual({
      kind: 'done',
      added: ['f'],
      changed: ['d'],
      removed: ['e'],
    });
    expect([...service.waiting()].slice(-2)).toEqual(['d', 'f']);
    expect(log.filter((line) => /prober [de]$/.test(line)).toSorted()).toEqual([
      'close prober d',
      'close prober e',
      'open prober d',
      'open prober d',
      'open prober e',
    ]);
    opening.count = 0;
    await until(() => published.length === 5);
    expect(new Set(published)).toEqual(new Set(['a', 'b', 'c', 'd', 'f']));
  });

  test('a stop ends those that wait, and none begins afterwards', async () => {
    const { log, opening, maker } = world();
    const { service, published } = await watch(
      names.map((name) => called(name, both)),
      maker,
    );
    const begun = count - service.waiting().size;
    opening.count = 0;
    await service.stop();
    expect(published.length).toBeLessThanOrEqual(begun);
    expect(log.filter((line) => line.startsWith('close prober'))).toHaveLength(count);
    expect(service.waiting().size).toBe(0);
  });
});
