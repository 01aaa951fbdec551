/** The benchmark `updates`: our client against bare bytes and against `nsupdate`, at a real BIND. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MonoMs } from '../../src/core/model/units.ts';
import type { UpdatePlan } from '../../src/core/model/zone.ts';
import { systemClock } from '../../src/daemon/clock.ts';
import { createNsupdateClient } from '../../src/dns/client/nsupdate.ts';
import { createRfc2136Client } from '../../src/dns/client/rfc2136.ts';
import { type BindPrograms, provideBind } from '../../src/lab/programs/bind-programs.ts';
import { type BindPair, startBindPair } from '../../src/lab/servers/bind.ts';
import { BareConnection } from './harness/bare-connection.ts';
import { type Benchmark, type BenchmarkRun, type Figure, median, percentile } from './harness/benchmark.ts';
import { monotonicMs } from './harness/monotonic.ts';
import { keyOf, preparedUpdate, type UpdateChain, updateChain } from './harness/update-chain.ts';

interface Scale {
  /** Updates of a way in a turn, and how often the ways take turns: so all meet the same disk. */
  readonly perTurn: number;
  readonly turns: number;
  readonly processesPerTurn: number;
  readonly inFlight: readonly number[];
}

const full: Scale = {
  perTurn: 400,
  turns: Number(process.env['TURNS'] ?? 10),
  processesPerTurn: 8,
  inFlight: [1, 8, 64],
};
const smoke: Scale = { perTurn: 8, turns: 1, processesPerTurn: 1, inFlight: [1, 8] };

const deadlineMs = 30_000;
const longestChain = 64;

export const updates: Benchmark = {
  name: 'updates',
  title: 'One compare-and-set update',
  about: `Our client, bytes that were built and signed before (the floor), and one process of nsupdate an update
send the same kind of update to the same BIND in turns: on disk, where BIND waits for two fsyncs an update,
and in memory.`,
  async run({ scale, say }) {
    const size = scale === 'smoke' ? smoke : full;
    const programs = await provideBind(say);
    const figures: Figure[] = [];
    for (const [place, parent] of [
      ['disk', tmpdir()],
      ['memory', '/dev/shm'],
    ] as const)
      figures.push(...(await atPlace(place, parent, { programs, size, say })));
    return figures;
  },
};

interface Setting {
  readonly programs: BindPrograms;
  readonly size: Scale;
  readonly say: BenchmarkRun['say'];
}

async function atPlace(
  place: string,
  parent: string,
  { programs, size, say }: Setting,
): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(parent, 'source-dns-bench-'));
  // Each way and each place in flight has a chain of its own.
  const clusters = ['nsupdate', ...['bare', 'ours'].flatMap((way) => numbered(way))];
  const bind = await startBindPair(programs, { folder, clusters });
  const ways = await openWays(bind, programs);
  try {
    const figures: Figure[] = [];
    for (const inFlight of size.inFlight) {
      say(`${place}, ${inFlight} in flight`);
      // The first uses open connections and compile code: they count nowhere.
      for (const way of [ways.bare, ways.ours]) await measure(way, nothing(), inFlight, inFlight);
      const found = { bare: nothing(), ours: nothing(), nsupdate: nothing() };
      for (let turn = 0; turn < size.turns; turn += 1) {
        await measure(ways.bare, found.bare, size.perTurn, inFlight);
        await measure(ways.ours, found.ours, size.perTurn, inFlight);
        if (inFlight === 1) await measure(ways.nsupdate, found.nsupdate, size.processesPerTurn, 1);
      }
      figures.push(...figuresOf(`${place}, ${inFlight} in flight`, found));
    }
    return figures;
  } finally {
    await ways.close();
    await bind.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

const numbered = (way: string): readonly string[] =>
  Array.from({ length: longestChain }, (_, index) => `${way}${index + 1}`);

/** One way to update. Each chain has one update under way at a time. */
interface Way {
  /** Prepares the next update of that chain; the result sends it, and rejects unless it was applied. */
  prepare(chain: number): () => Promise<unknown>;
}

interface Ways {
  readonly bare: Way;
  readonly ours: Way;
  readonly nsupdate: Way;
  close(): Promise<void>;
}

async function openWays(bind: BindPair, programs: BindPrograms): Promise<Ways> {
  const key = await keyOf(bind.keyFile);
  const { address, port } = bind.primary;
  const connection = await BareConnection.open(port, address);
  const options = {
    name: 'ns1',
    address,
    port,
    transport: 'tcp',
    key,
    fudgeSeconds: 300,
    timeoutMs: deadlineMs,
  } as const;
  const client = createRfc2136Client({ ...options, clock: systemClock });
  const processes = createNsupdateClient({
    ...options,
    clock: systemClock,
    command: [programs.nsupdate],
    args: [],
  });
  const chains = (way: string) => numbered(way).map((cluster) => updateChain(bind.zone, cluster));
  const [bareChains, ourChains, nsupdateChain] = [
    chains('bare'),
    chains('ours'),
    updateChain(bind.zone, 'nsupdate'),
  ];
  const applied = async (sender: typeof client, plan: UpdatePlan): Promise<void> => {
    const deadline = (systemClock.mono() + deadlineMs) as MonoMs;
    const outcome = await sender.update({ plan, notAfter: deadline, deadline });
    if (outcome.kind !== 'applied') throw new Error(JSON.stringify(outcome));
  };
  let id = 0;
  return {
    bare: {
      prepare(chain) {
        id = (id + 1) % 65_536;
        const frame = preparedUpdate(planOf(bareChains, chain), key, id);
        return () => connection.exchange(frame);
      },
    },
    ours: {
      prepare(chain) {
        const plan = planOf(ourChains, chain);
        return () => applied(client, plan);
      },
    },
    nsupdate: {
      prepare() {
        const plan = nsupdateChain.next();
        return () => applied(processes, plan);
      },
    },
    close: async () => {
      connection.close();
      await client.close();
      await processes.close();
    },
  };
}

const planOf = (chains: readonly UpdateChain[], chain: number): UpdatePlan => {
  const found = chains[chain];
  if (found === undefined) throw new Error(`there are only ${chains.length} chains`);
  return found.next();
};

interface Measured {
  readonly latencies: number[];
  cpuMs: number;
  wallMs: number;
}

const nothing = (): Measured => ({ latencies: [], cpuMs: 0, wallMs: 0 });

/** Sends `count` updates, so many at a time. Only the sending counts, not what was prepared. */
async function measure(way: Way, found: Measured, count: number, inFlight: number): Promise<void> {
  const prepared = Array.from({ length: inFlight }, (_, chain) =>
    Array.from({ length: Math.ceil(count / inFlight) }, () => way.prepare(chain)),
  );
  const [cpu, begin] = [process.cpuUsage(), monotonicMs()];
  await Promise.all(
    prepared.map(async (sends) => {
      for (const send of sends) {
        const sent = monotonicMs();
        await send();
        found.latencies.push(monotonicMs() - sent);
      }
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  found.cpuMs += (user + system) / 1000;
  found.wallMs += monotonicMs() - begin;
}

function figuresOf(
  where: string,
  { bare, ours, nsupdate }: Readonly<Record<'bare' | 'ours' | 'nsupdate', Measured>>,
): readonly Figure[] {
  const ratio = (a: readonly number[], b: readonly number[]): number => median(a) / median(b);
  const alone = nsupdate.latencies.length > 0;
  const target = alone ? { target: { atMost: 1.5 } } : {};
  const against = { what: `${where}: ours against bare bytes, latency`, unit: 'times', ...target } as const;
  return [
    ...wayFigures(`${where}, bare bytes`, bare),
    ...wayFigures(`${where}, ours`, ours),
    { ...against, value: ratio(ours.latencies, bare.latencies) },
    ...(alone
      ? [
          { what: `${where}, nsupdate: median`, value: median(nsupdate.latencies), unit: 'ms' } as const,
          {
            what: `${where}: one nsupdate process against ours, latency`,
            value: ratio(nsupdate.latencies, ours.latencies),
            unit: 'times',
            target: { atLeast: 20 },
          } as const,
        ]
      : []),
  ];
}

const wayFigures = (what: string, { latencies, cpuMs, wallMs }: Measured): readonly Figure[] => [
  { what: `${what}: median`, value: median(latencies), unit: 'ms' },
  { what: `${what}: p99`, value: percentile(latencies, 0.99), unit: 'ms' },
  { what: `${what}: updates`, value: (1000 * latencies.length) / wallMs, unit: 'per second' },
  { what: `${what}: CPU of an update`, value: (1000 * cpuMs) / latencies.length, unit: 'µs' },
];
