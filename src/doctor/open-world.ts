/** Opens what the checks look at: connections and clients that only this command uses. */

import type { LoadedCluster, LoadedConfig, NameserverConfig } from '../config/loaded.ts';
import { type Failure, lookedOnce, type Probe } from '../core/model/observation.ts';
import { type MonoMs, plusMs, type ServerAddress } from '../core/model/units.ts';
import type { DnsClient } from '../dns/client/dns-client.ts';
import { askDaemon } from '../http/client.ts';
import { apiSocketPath } from '../http/unix-socket.ts';
import { withDeadline } from '../mysql/connection/deadline.ts';
import { inspectionMs, type ServerInspection, type ServerInspector } from '../mysql/inspection.ts';
import type { Clock, ServerProber } from '../ports.ts';
import { clusterLedger } from './dns/ledgers.ts';
import type { Around, SeenNameserver, SeenServer, World } from './world.ts';

/** Makes what only the doctor needs. Opens no connection. */
export interface InspectorMaker {
  servers(cluster: LoadedCluster): ServerInspector;
  /** With the account of fence. Undefined: nobody is fenced. */
  fences?(cluster: LoadedCluster): ServerInspector | undefined;
  nameserver(config: NameserverConfig): Promise<OpenedNameserver>;
}

type OpenedNameserver =
  | { readonly kind: 'opened'; readonly client: DnsClient; readonly warnings: readonly Failure[] }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface WorldOptions {
  readonly config: LoadedConfig;
  /** Those to check. */
  readonly clusters: readonly LoadedCluster[];
  readonly prober: (cluster: LoadedCluster) => ServerProber;
  readonly inspectors: InspectorMaker;
  readonly clock: Clock;
  readonly around: Around;
}

interface OpenedWorld {
  readonly world: World;
  close(): Promise<void>;
}

/** Servers that are asked at the same time: a host with many clusters is not flooded. */
const atOnce = 32;
/** The daemon answers from memory. */
const daemonMs = 5000;
const slackMs = 2000;
/** Exchanges with one nameserver, one after the other. */
const exchanges = 8;

export async function openWorld(options: WorldOptions): Promise<OpenedWorld> {
  const { config, clusters, prober, clock, around } = options;
  const probers = new Map(clusters.map((cluster) => [cluster.settings.cluster, prober(cluster)]));
  const nameservers = await openedNameservers(options);
  const deadline = plusMs(clock.mono(), longestMs(options));
  const asking = new Map<string, Promise<readonly SeenServer[]>>();
  let daemon: ReturnType<World['daemon']> | undefined;
  const limit = createLimit(atOnce);
  const world: World = {
    config,
    clusters,
    nameservers,
    clock,
    deadline,
    around,
    servers(cluster) {
      const name = cluster.settings.cluster;
      const kept = probers.get(name);
      if (kept === undefined) throw new Error(`the cluster "${name}" is not one of those to check`);
      const known = asking.get(name) ?? askServers(options, cluster, kept, { deadline, limit });
      asking.set(name, known);
      return known;
    },
    // The checks of the servers must end, also if the zones are read up to the deadline.
    ledger: (cluster) =>
      withDeadline(clock, plusMs(deadline, -slackMs / 2), clusterLedger(world, cluster), () => undefined),
    daemon() {
      daemon ??= askDaemon(apiSocketPath(config.stateDir), {
        method: 'GET',
        path: '/v1/clusters',
        timeoutMs: daemonMs,
      });
      return daemon;
    },
  };
  return {
    world,
    async close() {
      const clients = [...nameservers.values()].flatMap((each) =>
        each.kind === 'opened' ? each.client : [],
      );
      await Promise.all([...probers.values(), ...clients].map((each) => each.close()));
    },
  };
}

async function openedNameservers({
  config,
  clusters,
  inspectors,
}: WorldOptions): Promise<ReadonlyMap<string, SeenNameserver>> {
  const needed = new Set(
    clusters.flatMap(({ settings }) => settings.publications.map(({ nameserver }) => nameserver)),
  );
  const seen = await Promise.all(
    [...config.nameservers.values()]
      .filter(({ name }) => needed.has(name))
      .map(async (one) => [one.name, { ...(await inspectors.nameserver(one)), config: one }] as const),
  );
  return new Map(seen);
}

/** How long all checks may take together. */
function longestMs({ clusters, config }: WorldOptions): number {
  const servers = clusters.reduce((sum, { settings }) => sum + settings.servers.length, 0);
  const each = Math.max(
    0,
    // A silent server is asked twice: that takes connect_timeout, and another time limit of a probe.
    ...clusters.map(
      ({ settings, mysql, fence }) =>
        inspectionMs(mysql) * (fence ? 2 : 1) + mysql.connectTimeoutMs + 2 * settings.watch.probeTimeoutMs,
    ),
  );
  const exchange = Math.max(0, ...[...config.nameservers.values()].map(({ timeoutMs }) => timeoutMs));
  return Math.max(each * Math.ceil(servers / atOnce), exchanges * exchange) + slackMs;
}

interface Bounds {
  readonly deadline: MonoMs;
  readonly limit: <T>(work: () => Promise<T>) => Promise<T>;
}

async function askServers(
  { inspectors, clock }: WorldOptions,
  cluster: LoadedCluster,
  prober: ServerProber,
  { deadline, limit }: Bounds,
): Promise<readonly SeenServer[]> {
  const inspector = inspectors.servers(cluster);
  const fences = inspectors.fences?.(cluster);
  const { watch, servers } = cluster.settings;
  const ask = async (address: ServerAddress): Promise<SeenServer> => {
    const soon = plusMs(clock.mono(), watch.probeTimeoutMs);
    const [first, resolution] = await Promise.all([
      inspector.inspect(address, deadline),
      prober.resolve(address, soon),
    ]);
    // At a busy moment no server answers in time, and a moment later all do.
    const isAgain = isSilent(first) && clock.mono() < deadline;
    const inspection = isAgain ? await inspector.inspect(address, deadline) : first;
    const look = async () =>
      lookedOnce(await prober.probe(address, plusMs(clock.mono(), watch.probeTimeoutMs)));
    // A probe would end in the same way.
    let probe: Probe = inspection.kind === 'refused' ? inspection.problem : await look();
    if (inspection.kind === 'seen' && probe.kind === 'unknown' && clock.mono() < deadline)
      probe = await look();
    const fence = inspection.kind === 'seen' ? await fences?.inspect(address, deadline) : undefined;
    return { address, resolution, probe, inspection, fence };
  };
  return await Promise.all(servers.map(({ address }) => limit(() => ask(address))));
}

const isSilent = (inspection: ServerInspection): boolean =>
  inspection.kind === 'refused' && inspection.problem.kind === 'unknown';

/** At most `most` at once; the others wait in order. */
function createLimit(most: number): Bounds['limit'] {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
