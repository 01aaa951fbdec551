/** `partition`: the network loses half of all servers for a minute. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, BenchmarkRun, Figure } from './harness/benchmark.ts';
import { type Fleet, serversOfCluster, startFleet } from './harness/fleet.ts';
import { measureWaits, type Waits } from './harness/loop-delay.ts';
import { cpuMs, memory } from './harness/process-cost.ts';

const fullClusters = 1000;
const fullSilenceMs = 60_000;

export const partition: Benchmark = {
  name: 'partition',
  title: 'half of all servers fall silent for a minute',
  about: `Two of the ${serversOfCluster} servers of each cluster fall silent: their connections stay open, new ones are accepted, and no answer comes. In every second cluster the source is one of them. Nobody promotes anything, so no name may move: the benchmark fails if one ledger differs afterwards. Measured is what the silence costs, and what happens when it ends.`,
  async run(run) {
    const fleet = await startFleet({ clusters: run.scale === 'full' ? fullClusters : 6 });
    try {
      await fleet.publish();
      run.say('published');
      return await measure(run, fleet);
    } finally {
      await fleet.stop();
    }
  },
};

async function measure(run: BenchmarkRun, fleet: Fleet): Promise<readonly Figure[]> {
  const full = run.scale === 'full';
  if (full) await fleet.calm();
  const ledgers = await fleet.ledgers();
  if (ledgers.includes(undefined)) throw new Error('a ledger is missing');
  run.say('silence');
  await fleet.farm.order({ kind: 'begin-tally' });
  await fleet.farm.order({ kind: 'silence-half' });
  const silence = await measured(fleet, () => delay(full ? fullSilenceMs : 1500));
  const during = (await fleet.farm.order({ kind: 'tally' })).tally;
  run.say('healed');
  await fleet.farm.order({ kind: 'begin-tally' });
  await fleet.farm.order({ kind: 'heal' });
  const healing = await measured(fleet, () =>
    full ? fleet.calm() : delay(1000, { ms: 0, probes: 0, connections: 0 }),
  );
  const after = await fleet.ledgers();
  const moved = ledgers.filter((ledger, index) => after[index] !== ledger).length;
  if (moved > 0) throw new Error(`${moved} ledgers have changed, and nobody promoted anything`);
  const servers = fleet.names.length * serversOfCluster;
  return [
    { what: 'names that moved', value: moved, unit: '', target: { atMost: 0 } },
    { what: 'silence: CPU, of one core', value: silence.cpuShare, unit: '%' },
    { what: 'silence: probes, at the most', value: during.busiest.probes, unit: 'per second' },
    { what: 'silence: connections, at the most', value: during.busiest.connections, unit: 'per second' },
    { what: 'silence: the API answers, p99', value: silence.waits.p99, unit: 'ms' },
    { what: 'its end: calm after', value: healing.result.ms / 1000, unit: 's', target: { atMost: 5 } },
    {
      what: 'its end: probes, at the most, for each that is planned',
      value: healing.result.probes / servers,
      unit: 'times',
    },
    { what: 'its end: connections, at the most', value: healing.result.connections, unit: 'per second' },
    { what: 'its end: the API answers, at the latest', value: healing.waits.most, unit: 'ms' },
    { what: 'memory at the most', value: memory(fleet.daemonPid).peakMb, unit: 'MB' },
  ];
}

interface Measured<T> {
  readonly result: T;
  readonly cpuShare: number;
  readonly waits: Waits;
}

async function measured<T>({ daemonPid, apiSocket }: Fleet, work: () => Promise<T>): Promise<Measured<T>> {
  const waits = measureWaits(apiSocket);
  const [cpu, begun] = [cpuMs(daemonPid), performance.now()];
  const result = await work();
  const cpuShare = (100 * (cpuMs(daemonPid) - cpu)) / (performance.now() - begun);
  return { result, cpuShare, waits: await waits.stop() };
}
