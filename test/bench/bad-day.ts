/** `bad-day`: every cluster loses its source in the same second. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, BenchmarkRun, Figure } from './harness/benchmark.ts';
import { startFleet } from './harness/fleet.ts';
import { measureWaits } from './harness/loop-delay.ts';
import { cpuMs, memory } from './harness/process-cost.ts';

const fullClusters = Number(process.env['SOURCE_DNS_CLUSTERS'] ?? 1000);
const promotionsPerSecond = 200;
/** Between the loss and the first promotion. */
const leaderlessMs = 5000;
const followedWithinMs = 20_000;

export const badDay: Benchmark = {
  name: 'bad-day',
  title: 'a thousand clusters lose their source in the same second',
  about: `The sources of all clusters die at once. ${leaderlessMs / 1000} s later a tool promotes a replica of each, one cluster after the other, ${promotionsPerSecond} in a second. Measured is the time from the last promotion until a client gets every new address from BIND; with all names in one zone, and with the same names in ten zones.`,
  async run(run) {
    const figures: Figure[] = [];
    for (const zones of process.env['ZONES'] ? [1] : [1, 10]) figures.push(...(await measure(run, zones)));
    return figures;
  },
};

async function measure(run: BenchmarkRun, zones: number): Promise<readonly Figure[]> {
  const full = run.scale === 'full';
  const clusters = full ? fullClusters : 10;
  const fleet = await startFleet({ clusters, zones });
  try {
    await fleet.publish();
    run.say(`${zones} zones: published`);
    if (full) await fleet.calm();
    const before = { cpu: cpuMs(fleet.daemonPid), messages: await fleet.bind.messages() };
    const waits = measureWaits(fleet.apiSocket);
    await fleet.farm.order({ kind: 'begin-tally' });
    await fleet.farm.order({ kind: 'kill-sources' });
    await delay(full ? leaderlessMs : 500);
    run.say(`${zones} zones: promoting`);
    const { at } = await fleet.farm.order({ kind: 'promote', perSecond: promotionsPerSecond });
    await fleet.zone.until(fleet.expected(1), followedWithinMs);
    const followedMs = performance.timeOrigin + performance.now() - at;
    const [waited, after] = [await waits.stop(), await fleet.bind.messages()];
    const { tally } = await fleet.farm.order({ kind: 'tally' });
    const updates = after.updates - before.messages.updates;
    const name = zones === 1 ? 'one zone' : `${zones} zones`;
    const figure = (what: string, value: number, unit: Figure['unit'], atMost?: number): Figure => ({
      what: `${name}: ${what}`,
      value,
      unit,
      ...(atMost !== undefined && { target: { atMost } }),
    });
    return [
      figure('all names answer, after the last promotion', followedMs, 'ms', 2000),
      figure('updates for each cluster', updates / clusters, '', 1.5),
      figure('questions to BIND for each cluster', (after.queries - before.messages.queries) / clusters, ''),
      figure('probes, at the most', tally.busiest.probes, 'per second'),
      figure('connections opened, at the most', tally.busiest.connections, 'per second'),
      figure('CPU for each cluster', (cpuMs(fleet.daemonPid) - before.cpu) / clusters, 'ms'),
      figure('memory at the most', memory(fleet.daemonPid).peakMb, 'MB'),
      figure('the API answers, p99', waited.p99, 'ms'),
      figure('the API answers, at the latest', waited.most, 'ms'),
    ];
  } finally {
    await fleet.stop();
  }
}
