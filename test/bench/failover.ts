/** The benchmark `failover`: from a promotion to the first authoritative answer, on real servers. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../src/lab/host/until.ts';
import { type BindPrograms, provideBind } from '../../src/lab/programs/bind-programs.ts';
import { type BindPair, startBindPair } from '../../src/lab/servers/bind.ts';
import { provideProduct } from '../../src/lab/servers/products.ts';
import { Asker } from './harness/asker.ts';
import type { Benchmark, BenchmarkRun, Figure } from './harness/benchmark.ts';
import { DbaLoop, dbaCluster, provideMysqlClient } from './harness/dba-loop.ts';
import { floorFigures } from './harness/floor.ts';
import { monotonicMs } from './harness/monotonic.ts';
import { moveFigures } from './harness/move-figures.ts';
import { type Kind, type Round, stagesOf } from './harness/move-stages.ts';
import { ReplicaPair } from './harness/replica-pair.ts';
import { startTracedDaemon, type TracedDaemon } from './harness/traced-daemon.ts';

interface Scale {
  readonly failovers: number;
  readonly switchovers: number;
  /** Pairs that are only switched over, after a quiet time. */
  readonly quietPairs: number;
  /** Pairs whose sources crash in the meantime. */
  readonly crashPairs: number;
  /** The DBA's loop runs in every so many-th round of each kind. */
  readonly dbaEvery: number;
  /** More than a minute: no suspicion is left. */
  readonly quietMs: number;
}

const rounds = Number(process.env['ROUNDS'] ?? 100);
const full: Scale = {
  failovers: rounds,
  switchovers: rounds,
  quietPairs: Math.min(rounds, 10),
  crashPairs: 2,
  dbaEvery: 5,
  quietMs: 65_000,
};
const smoke: Scale = { failovers: 1, switchovers: 1, quietPairs: 1, crashPairs: 1, dbaEvery: 1, quietMs: 0 };

const answerLimitMs = 20_000;
const shortestPauseMs = 1000;
const longestPauseMs = 3000;

export const failover: Benchmark = {
  name: 'failover',
  title: 'From a promotion to the authoritative answer',
  about: `Real MySQL servers in pairs, a real BIND with its journal on disk, one daemon, no hook. A failover: the
source gets SIGKILL, and after a pause of 1 to 3 s the replica is promoted by SQL. A planned switchover: after
more than a minute without suspicion the source is closed, the replica applies all, and is promoted. The time
runs from the return of the statement that makes the replica writable to the first authoritative answer with
its address. In some rounds a DBA's loop keeps a name of its own beside.`,
  async run({ scale, say }) {
    const size = scale === 'smoke' ? smoke : full;
    const folder = await mkdtemp(join(tmpdir(), 'source-dns-bench-'));
    const world = new World(folder, size, say);
    try {
      await world.start();
      const found = await world.play();
      const floor = await floorFigures(
        world.pairs[0] as ReplicaPair,
        world.bind,
        scale === 'smoke' ? 5 : 200,
      );
      return [...figuresOf(found), ...floor];
    } finally {
      await world.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  },
};

function figuresOf(found: readonly Round[]): readonly Figure[] {
  const targets = { failover: { median: 12, p99: 40 }, switchover: { median: 120, p99: 250 } };
  return (['failover', 'switchover'] as const).flatMap((kind) =>
    moveFigures(
      kind,
      found.filter((round) => round.kind === kind),
      targets[kind],
    ),
  );
}

/** Everything that runs in the benchmark. */
class World {
  readonly #folder: string;
  readonly #size: Scale;
  readonly #say: BenchmarkRun['say'];
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly pairs: ReplicaPair[] = [];
  #programs: (BindPrograms & { readonly mysql: string }) | undefined;
  #bind: BindPair | undefined;
  #daemon: TracedDaemon | undefined;
  #asker: Asker | undefined;
  #dbaAsker: Asker | undefined;

  constructor(folder: string, size: Scale, say: BenchmarkRun['say']) {
    this.#folder = folder;
    this.#size = size;
    this.#say = say;
  }

  get bind(): BindPair {
    return started(this.#bind);
  }

  async start(): Promise<void> {
    const { quietPairs, crashPairs } = this.#size;
    this.#programs = { ...(await provideBind(this.#say)), mysql: await provideMysqlClient(this.#say) };
    const product = await provideProduct('MySQL', [], this.#say);
    const names = [
      ...Array.from({ length: quietPairs }, (_, index) => `quiet${index + 1}`),
      ...Array.from({ length: crashPairs }, (_, index) => `crash${index + 1}`),
    ];
    this.#bind = await startBindPair(this.#programs, {
      folder: join(this.#folder, 'bind'),
      clusters: ['floor', ...names, ...names.map(dbaCluster)],
    });
    this.#closers.push(this.#bind.stop);
    this.#say(`${this.#programs.origin}, ${product.origin}; starting ${names.length} pairs`);
    // One after the other: they share few cores.
    for (const name of names) {
      const pair = await ReplicaPair.start(name, product, this.#folder);
      this.#closers.push(() => pair.stop());
      this.pairs.push(pair);
    }
    const daemon = await startTracedDaemon(join(this.#folder, 'daemon'), this.pairs, this.#bind);
    this.#daemon = daemon;
    this.#closers.push(daemon.stop);
    this.#asker = await Asker.start(0.5);
    this.#dbaAsker = await Asker.start(2);
    this.#closers.push(...[this.#asker, this.#dbaAsker].map((asker) => () => asker.stop()));
    for (const pair of this.pairs) await this.#followed(pair);
  }

  /** One promotion at a time. Sources crash while the other pairs become quiet. */
  async play(): Promise<readonly Round[]> {
    const { failovers, switchovers, crashPairs, quietMs } = this.#size;
    const [quiet, crashing] = [this.pairs.slice(0, -crashPairs), this.pairs.slice(-crashPairs)];
    const left = { failover: failovers, switchover: switchovers };
    const found: Round[] = [];
    const round = async (kind: Kind, pair: ReplicaPair, number: number): Promise<void> => {
      found.push(await this.#round(kind, pair, number % this.#size.dbaEvery === 0));
      left[kind] -= 1;
      if (left[kind] % 10 === 0) this.#say(`${kind}s to come: ${left[kind]}`);
    };
    while (left.failover + left.switchover > 0) {
      const ready = quiet.find((pair) => monotonicMs() - pair.calmSince >= quietMs);
      if (ready !== undefined && left.switchover > 0) await round('switchover', ready, left.switchover);
      else if (left.failover > 0)
        await round('failover', crashing[left.failover % crashPairs] as ReplicaPair, left.failover);
      else await delay(100);
    }
    return found;
  }

  async #round(kind: Kind, pair: ReplicaPair, withDba: boolean): Promise<Round> {
    const { bind } = this;
    const server = pair.replicaServer;
    const dba = withDba ? await DbaLoop.start(started(this.#programs), pair, bind) : undefined;
    // The loop looks once a second: promotions come at any point of it.
    if (dba !== undefined && kind === 'switchover') await delay(Math.random() * 1000);
    let asking: Promise<[number, number | undefined]> | undefined;
    const watch = (wanted: string): void => {
      const answered = async (asker: Asker | undefined, name: string) => {
        const order = { port: bind.primary.port, address: bind.primary.address, name, wanted };
        return (await started(asker).answered(order, answerLimitMs)).at;
      };
      asking = Promise.all([
        answered(this.#asker, `source.${pair.name}.${bind.zone}`),
        dba === undefined ? undefined : answered(this.#dbaAsker, dba.name),
      ]);
    };
    const promoted =
      kind === 'failover'
        ? await pair.failOver(shortestPauseMs + Math.random() * (longestPauseMs - shortestPauseMs), watch)
        : await pair.switchOver(watch);
    const [answeredAt, dbaAnsweredAt] = await started(asking);
    await dba?.stop();
    await pair.rejoin();
    await this.#followed(pair);
    const stages = stagesOf(await started(this.#daemon).steps(pair.name), promoted, server);
    return { kind, promoted, answeredAt, ...(dbaAnsweredAt === undefined ? {} : { dbaAnsweredAt }), stages };
  }

  /** The source is published everywhere, and the other server may be promoted next. */
  async #followed(pair: ReplicaPair): Promise<void> {
    await until(`source-dns to follow ${pair.name}`, async () => {
      const { ledger, servers, publications } = await started(this.#daemon).snapshot(pair.name);
      return (
        ledger?.source === pair.sourceServer &&
        ledger.was.length === 0 &&
        publications[0]?.propagation?.complete === true &&
        servers.every(({ server, role }) => role === (server === ledger.source ? 'source' : 'replica'))
      );
    });
  }

  async stop(): Promise<void> {
    for (const close of this.#closers.reverse())
      await close().catch((error: unknown) => this.#say(`while stopping: ${String(error)}`));
  }
}

function started<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the benchmark has not started that');
  return thing;
}
