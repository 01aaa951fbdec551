/** `scale`: how many clusters one process watches. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, BenchmarkRun, Figure } from './harness/benchmark.ts';
import { type Fleet, publishedWithinMs, serversOfCluster, startFleet } from './harness/fleet.ts';
import { measureWaits } from './harness/loop-delay.ts';
import { cpuMs, memory } from './harness/process-cost.ts';
import { NamesMissing } from './harness/zone-watch.ts';

/** Where one core is full depends on the machine: the first size that it cannot publish is the last one. */
const fullSizes = [250, 500, 1000, 2000, 4800];
/** `SOURCE_DNS_CLUSTERS=1000` measures only that size. */
const wanted = process.env['SOURCE_DNS_CLUSTERS']?.split(',').map(Number);
/** The size that has targets. */
const measuredSize = 1000;

export const scale: Benchmark = {
  name: 'scale',
  title: 'one process, from 250 clusters until its core is full',
  about: `The program watches clusters of ${serversOfCluster} simulated MySQL servers: they speak the real protocol over real sockets, in a process of their own, and commit all the time. Their names are in one zone of a real BIND. At rest means: all names are published, and nothing is suspicious. Lateness is measured by the servers: how much longer than \`interval\` (1 s) each one waited for its next probe. The event loop is measured by a client that asks the API.`,
  async run(run) {
    const figures: Figure[] = [];
    const sizes = run.scale === 'full' ? (wanted ?? fullSizes) : [5];
    for (const clusters of sizes) {
      const measured = await measure(run, clusters);
      figures.push(...measured.figures);
      if (!measured.isPublished) break;
    }
    return [...figures, ...memoryOfOneMore(sizes, figures)];
  },
};

/** Between two sizes, so that what the program needs without any server is not counted. */
function memoryOfOneMore(sizes: readonly number[], figures: readonly Figure[]): readonly Figure[] {
  const atRest = (clusters: number): number | undefined =>
    figures.find(({ what }) => what === nameOf(clusters, memoryAtRest))?.value;
  return sizes.slice(1).flatMap((many, index) => {
    const few = sizes[index] as number;
    const [mbOfMany, mbOfFew] = [atRest(many), atRest(few)];
    if (mbOfMany === undefined || mbOfFew === undefined) return [];
    const kb = ((mbOfMany - mbOfFew) * 1024) / ((many - few) * serversOfCluster);
    return [figure(many, 'memory of one more server', kb, 'KB', 100)];
  });
}

interface Measured {
  /** Whether every name was published. */
  readonly isPublished: boolean;
  readonly figures: readonly Figure[];
}

async function measure(run: BenchmarkRun, clusters: number): Promise<Measured> {
  const fleet = await startFleet({ clusters });
  try {
    run.say(`${clusters} clusters: starting`);
    const publishedMs = await publishedAfter(run, fleet);
    if (publishedMs === undefined)
      return { isPublished: false, figures: [await publishedShare(fleet, clusters)] };
    const published = await fleet.farm.order({ kind: 'tally' });
    run.say(`${clusters} clusters: published after ${Math.round(publishedMs)} ms`);
    if (run.scale === 'full') await fleet.calm();
    const figures = [
      figure(clusters, 'all published after', publishedMs / 1000, 's', 20),
      figure(
        clusters,
        'connections opened for each server',
        published.tally.connections / clusters / serversOfCluster,
        '',
      ),
      ...(await atRest(run, fleet, clusters)),
    ];
    return { isPublished: true, figures };
  } finally {
    await fleet.stop();
  }
}

/** Undefined: one core has not enough time for so many. */
async function publishedAfter(run: BenchmarkRun, fleet: Fleet): Promise<number | undefined> {
  try {
    return await fleet.publish();
  } catch (error) {
    if (run.scale === 'smoke' || !(error instanceof NamesMissing)) throw error;
    run.say(error.message);
    return undefined;
  }
}

async function publishedShare({ zone, names, expected }: Fleet, clusters: number): Promise<Figure> {
  const wanted = expected(0);
  const found = await zone.ask(names);
  const right = names.filter((name, index) => found[index] === wanted.get(name)).length;
  const what = `names published after ${publishedWithinMs / 1000} s`;
  return figure(clusters, what, (100 * right) / clusters, '%');
}

async function atRest(run: BenchmarkRun, fleet: Fleet, clusters: number): Promise<readonly Figure[]> {
  const { daemonPid, farm, apiSocket, bind } = fleet;
  await farm.order({ kind: 'begin-tally' });
  const waits = measureWaits(apiSocket);
  const before = { cpu: cpuMs(daemonPid), farm: cpuMs(farm.pid), messages: await bind.messages() };
  const begun = performance.now();
  await delay(run.scale === 'full' ? 30_000 : 1500);
  const { tally } = await farm.order({ kind: 'tally' });
  const ms = performance.now() - begun;
  const cpu = cpuMs(daemonPid) - before.cpu;
  const waited = await waits.stop();
  const messages = await bind.messages();
  if (tally.unknown.length > 0) throw new Error(`the farm does not know: ${tally.unknown.join('\n')}`);
  if (messages.updates > before.messages.updates) throw new Error('an idle program wrote to the zone');
  run.say(`the farm took ${Math.round((100 * (cpuMs(farm.pid) - before.farm)) / ms)} % of a core`);
  return [
    figure(clusters, 'CPU at rest, of one core', (100 * cpu) / ms, '%', 50),
    figure(clusters, 'CPU a probe, all included', (1000 * cpu) / tally.probes, 'µs'),
    figure(clusters, memoryAtRest, memory(daemonPid).nowMb, 'MB', 400),
    figure(clusters, 'memory at the most', memory(daemonPid).peakMb, 'MB'),
    figure(clusters, 'probes', tally.probes / tally.seconds, 'per second'),
    figure(clusters, 'glances', tally.glances / tally.seconds, 'per second'),
    figure(
      clusters,
      'questions to BIND',
      ((messages.queries - before.messages.queries) * 1000) / ms,
      'per second',
    ),
    figure(clusters, 'lateness of a probe, median', tally.lateness.median, 'ms'),
    figure(clusters, 'lateness of a probe, p99', tally.lateness.p99, 'ms', 100),
    figure(clusters, 'lateness of a probe, most', tally.lateness.most, 'ms'),
    figure(clusters, 'the API answers, p99', waited.p99, 'ms'),
    figure(clusters, 'the API answers, at the latest', waited.most, 'ms'),
  ];
}

const memoryAtRest = 'memory at rest';
const nameOf = (clusters: number, what: string): string => `${clusters} clusters: ${what}`;

const figure = (
  clusters: number,
  what: string,
  value: number,
  unit: Figure['unit'],
  ...[atMost]: [number?]
): Figure => ({
  what: nameOf(clusters, what),
  value,
  unit,
  ...(atMost !== undefined && clusters === measuredSize && { target: { atMost } }),
});
