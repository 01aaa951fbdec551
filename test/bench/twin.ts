/** `twin`: the simulated MySQL servers next to real ones, so that the two cannot part. */

import { setTimeout as delay } from 'node:timers/promises';
import type { ServerFacts } from '../../src/core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../../src/core/model/units.ts';
import { systemClock } from '../../src/daemon/clock.ts';
import { accountName, grantStatements } from '../../src/mysql/answer/grants.ts';
import { createProber } from '../../src/mysql/probe.ts';
import type { ServerProber } from '../../src/ports.ts';
import { type MysqlServers, startMysqlServers } from '../support/servers/mysql-fixture.ts';
import { startFarm } from './farm/farm.ts';
import { type Benchmark, type BenchmarkRun, type Figure, median } from './harness/benchmark.ts';

const user = 'source_dns';
const timeoutMs = 10_000;
const pauseMs = 2;
const sizes = { full: { servers: 4, rounds: 20, probes: 100 }, smoke: { servers: 2, rounds: 1, probes: 5 } };

export const twin: Benchmark = {
  name: 'twin',
  title: 'the simulated MySQL servers next to real ones',
  about:
    'One process probes a cluster of real servers and a cluster of simulated servers in turns, with the same code. The benchmark fails if the facts that it reads differ in anything but identities, times and transactions. The ratio says how far the CPU time of a simulated server may be taken for that of a real one.',
  async run(run) {
    const { servers } = sizes[run.scale];
    const farm = await startFarm({
      clusters: 1,
      servers,
      tls: false,
      intervalMs: 1000,
      commitsPerSecond: 20,
    });
    const real = await startMysqlServers(servers, {
      replicate: true,
      readOnly: (index) => (index === 0 ? 'off' : 'super-read-only'),
    });
    try {
      await createAccount(real);
      const addresses = real.servers.map(({ address, port }) => `${address}:${port}`);
      return await compared(run, [
        new Subject(addresses, real.password),
        new Subject(farm.clusters[0] ?? [], 'tiger'),
      ]);
    } finally {
      await Promise.all([real.stop(), farm.stop()]);
    }
  },
};

/** The replication carries the account to the replicas. */
async function createAccount({ servers, password }: MysqlServers): Promise<void> {
  const account = accountName(user);
  await servers[0]?.sql(`CREATE USER ${account} IDENTIFIED BY '${password}'`, ...grantStatements(account));
}

async function compared(
  run: BenchmarkRun,
  [real, simulated]: readonly [Subject, Subject],
): Promise<readonly Figure[]> {
  try {
    const [realFacts, simulatedFacts] = [await real.facts(), await simulated.facts()];
    for (const [index, facts] of realFacts.entries()) {
      const [wanted, found] = [factsText(facts), factsText(simulatedFacts[index]!)];
      if (wanted !== found) throw new Error(`a real server says ${wanted}, a simulated one ${found}`);
    }
    const { rounds, probes } = sizes[run.scale];
    const costs: { readonly real: number; readonly simulated: number }[] = [];
    for (let round = 0; round < rounds; round += 1)
      costs.push({ real: await real.cost(probes), simulated: await simulated.cost(probes) });
    return [
      { what: 'client CPU of a probe, real server', value: median(costs.map((one) => one.real)), unit: 'µs' },
      {
        what: 'client CPU of a probe, simulated server',
        value: median(costs.map((one) => one.simulated)),
        unit: 'µs',
      },
      {
        what: 'a simulated server for each real one, median of the rounds',
        value: median(costs.map((one) => one.simulated / one.real)),
        unit: 'times',
        target: { atLeast: 0.7 },
      },
    ];
  } finally {
    await Promise.all([real.close(), simulated.close()]);
  }
}

/** One cluster, and the prober that asks it. */
class Subject {
  readonly #servers: readonly ServerAddress[];
  readonly #prober: ServerProber;

  constructor(servers: readonly string[], password: string) {
    this.#servers = servers as readonly ServerAddress[];
    this.#prober = createProber({
      cluster: 'twin',
      servers: this.#servers.map((address) => ({ address })),
      user,
      password,
      tls: 'disabled',
      allowPublicKeyRetrieval: true,
      connectTimeoutMs: timeoutMs,
      queryTimeoutMs: timeoutMs,
      clock: systemClock,
    });
  }

  /** Of each server, when all of them know our account and replicate. */
  async facts(): Promise<readonly ServerFacts[]> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const probes = await Promise.all(this.#servers.map((server) => this.#probe(server)));
      const facts = probes.flatMap((probe) => (probe.kind === 'reachable' ? [probe.facts] : []));
      if (facts.length === probes.length) return facts;
      if (performance.now() > end) throw new Error(`no facts: ${JSON.stringify(probes)}`);
      await delay(100);
    }
  }

  /**
   * CPU time of this process for one probe, in µs. One server at a time: the farm is one process, so answers
   * of several of its servers come at once, and are cheaper together. With a pause: a probe is dearer for a
   * client that has slept, and a real server lets it sleep longer.
   */
  async cost(count: number): Promise<number> {
    const before = process.cpuUsage();
    for (let round = 0; round < count; round += 1)
      for (const server of this.#servers) {
        await this.#probe(server);
        await delay(pauseMs);
      }
    const { user: userUs, system } = process.cpuUsage(before);
    return (userUs + system) / count / this.#servers.length;
  }

  #probe(server: ServerAddress) {
    return this.#prober.probe(server, (systemClock.mono() + timeoutMs) as MonoMs);
  }

  close(): Promise<void> {
    return this.#prober.close();
  }
}

/** What differs from server to server, and from one moment to the next: only whether it is told counts. */
const own: ReadonlySet<string> = new Set([
  ...['id', 'version', 'session', 'peer', 'uptimeSeconds', 'home', 'gtidExecuted'],
  ...['sourceId', 'sourceAddress', 'heartbeatMs', 'heardAgoMs', 'lagSeconds', 'retrieved'],
]);

const factsText = (facts: ServerFacts): string =>
  JSON.stringify(facts, (key, value: unknown) => (own.has(key) ? 'told' : value));
