/**
 * Many clusters in one zone at one nameserver: the real runtime and core of each, on fake servers that all
 * switch at the same time.
 */

import type { HistoryEntry } from '../../src/core/model/events.ts';
import type { Probe } from '../../src/core/model/observation.ts';
import type { ClusterSettings } from '../../src/core/model/settings.ts';
import type { Fqdn, ServerAddress, ServerId } from '../../src/core/model/units.ts';
import { systemClock, systemRandom } from '../../src/daemon/clock.ts';
import { Load } from '../../src/daemon/load.ts';
import { type ClusterRuntime, createClusterRuntime } from '../../src/daemon/runtime.ts';
import type { ServerProber, ZoneClient } from '../../src/ports.ts';
import { channelFrom, factsOf, gtids, seen } from './given.ts';
import { quietProber } from './quiet-prober.ts';

export interface ManyClusters {
  readonly names: readonly string[];
  readonly runtimes: readonly ClusterRuntime[];
  /** The recorded events of all clusters, in order. */
  readonly history: readonly HistoryEntry[];
  /** In every cluster db1 becomes a read-only replica of db2, or the other way round. */
  switchAll(): void;
  /**
   * Resolves when every cluster has moved to this epoch. Rejects after the deadline, with what is missing.
   */
  awaitEpoch(epoch: number, deadlineMs: number): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

export interface ManyClustersOptions {
  readonly count: number;
  /** With the final dot. */
  readonly zone: string;
  readonly client: ZoneClient;
}

export const clusterName = (index: number): string => `c${String(index).padStart(4, '0')}`;

/** Starts nothing. */
export function manyClusters({ count, zone, client }: ManyClustersOptions): ManyClusters {
  const history: HistoryEntry[] = [];
  const busyMs = (): number => performance.eventLoopUtilization().active;
  const load = new Load({ busyMs, cpuMs: busyMs }, systemClock.mono());
  const worlds = Array.from({ length: count }, (_, index) => twoServers(index));
  const listeners = new Set<() => void>();
  const runtimes = worlds.map(({ prober }, index) =>
    createClusterRuntime({
      settings: settingsOf(index, zone),
      remembered: [],
      prober,
      zoneClients: new Map([['ns1', client]]),
      clock: systemClock,
      random: systemRandom,
      load,
      onRecord: (entry) => note(entry),
      onBug: (error) => {
        throw error;
      },
    }),
  );
  const epochs = new Map<string, number>();
  const note = (entry: HistoryEntry) => {
    history.push(entry);
    if (entry.kind !== 'move') return;
    epochs.set(entry.cluster, entry.epoch);
    for (const listener of listeners) listener();
  };
  return {
    names: worlds.map((_, index) => clusterName(index)),
    runtimes,
    history,
    switchAll: () => {
      for (const world of worlds) world.switch();
    },
    awaitEpoch: (epoch, deadlineMs) =>
      new Promise((resolve, reject) => {
        const missing = () => runtimes.filter(({ cluster }) => (epochs.get(cluster) ?? 0) < epoch);
        let left = missing().length;
        const end = (settle: () => void) => {
          cancel();
          listeners.delete(listener);
          settle();
        };
        const listener = () => {
          left -= 1;
          // An epoch may be counted twice: the clusters are counted again before the result is believed.
          if (left <= 0) left = missing().length;
          if (left === 0) end(resolve);
        };
        const cancel = systemClock.after(deadlineMs, () => {
          const late = missing()
            .slice(0, 5)
            .map((runtime) => `${runtime.cluster}: ${runtime.snapshot().decision.sentence}`);
          end(() =>
            reject(
              new Error(`${missing().length} of ${count} are not at epoch ${epoch}: ${late.join(' | ')}`),
            ),
          );
        });
        listeners.add(listener);
      }),
    start: () => {
      for (const runtime of runtimes) runtime.start();
    },
    async stop() {
      await Promise.all(runtimes.map((runtime) => runtime.stop()));
    },
  };
}

function settingsOf(index: number, zone: string): ClusterSettings {
  const cluster = clusterName(index);
  return {
    cluster,
    instance: 'watcher-1',
    mode: 'active',
    servers: ['db1', 'db2'].map((name, at) => ({
      address: `${name}.${cluster}:3306` as ServerAddress,
      publish: [`192.0.2.${at + 1}`],
      candidate: 'auto',
    })),
    watch: {
      intervalMs: 1000,
      suspectIntervalMs: 50,
      freshForMs: 3000,
      settleMs: 30_000,
      goneAfterMs: 600_000,
      maxMoves: 50,
      maxMovesWindowMs: 600_000,
      probeTimeoutMs: 2000,
    },
    publications: [
      {
        nameserver: 'ns1',
        zone: zone as Fqdn,
        source: { name: `source.${cluster}.${zone}` as Fqdn, ttlSeconds: 5, type: 'address', srv: false },
        adopt: false,
        timeoutMs: 2000,
        fudgeMs: 30_000,
      },
    ],
    onNoSource: 'keep',
    gtidGuard: 'warn',
    allowLoopback: false,
  };
}

interface TwoServers {
  readonly prober: ServerProber;
  switch(): void;
}

function twoServers(index: number): TwoServers {
  const ids = [1, 2].map(
    (digit) => `${String(index).padStart(8, '0')}-000${digit}-4000-8000-000000000000` as ServerId,
  );
  let source = 0;
  const channel = () => {
    const sourceAddress = `db${source + 1}.${clusterName(index)}:3306` as ServerAddress;
    return channelFrom('db1', { sourceId: ids[source]!, sourceAddress, heardAgoMs: 10 });
  };
  const probe = (at: number): Probe =>
    seen(
      factsOf('db1', {
        id: ids[at]!,
        uptimeSeconds: 100_000,
        readOnly: at !== source,
        superReadOnly: at !== source,
        peer: '192.0.2.9',
        channels: at === source ? [] : [channel()],
        gtidExecuted: gtids(`${ids[0]}:1-9`),
      }),
    );
  return {
    prober: quietProber(async (server) => probe(server.startsWith('db1') ? 0 : 1), {
      resolve: async () => ({ kind: 'addresses', addresses: ['192.0.2.9'] }),
    }),
    switch: () => {
      source = 1 - source;
    },
  };
}
