/** The service in this process, with real servers and a real BIND: where the name goes. */

import type { Answer, Command, HistoryEntry } from '../../../src/core/model/events.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { Snapshot } from '../../../src/core/report/snapshot-types.ts';
import { systemRandom } from '../../../src/daemon/clock.ts';
import { createClusterRuntime } from '../../../src/daemon/runtime.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { clusterSettings, fqdn, publicationSettings } from '../../support/given.ts';
import { openAt, startBindFor } from '../contract/bind-subject.ts';
import { clock, until } from './probing.ts';

export interface FollowedName {
  readonly snapshot: () => Snapshot;
  readonly command: (command: Command) => Promise<Answer>;
  /** Waits for the first entry of the history that matches. */
  readonly recorded: <Kind extends HistoryEntry['kind']>(
    kind: Kind,
    wanted?: (entry: HistoryEntry & { kind: Kind }) => boolean,
  ) => Promise<HistoryEntry & { kind: Kind }>;
  readonly stop: () => Promise<void>;
}

/** Publishes the cluster `shop` of these servers. The caller closes the prober. */
export async function followedName(
  servers: readonly ServerAddress[],
  prober: ServerProber,
): Promise<FollowedName> {
  const bind = await startBindFor('shop');
  const history: HistoryEntry[] = [];
  const client = await openAt(bind);
  const source = {
    name: fqdn(`source.shop.${bind.zone}.`),
    ttlSeconds: 1,
    type: 'address',
    srv: false,
  } as const;
  const replicas = {
    name: fqdn(`replicas.shop.${bind.zone}.`),
    ttlSeconds: 1,
    maxLagMs: 10_000,
    whenEmpty: 'source',
  } as const;
  const settings = clusterSettings([], {
    servers: servers.map((address) => ({ address, candidate: 'auto' })),
    publications: [publicationSettings({ zone: fqdn(`${bind.zone}.`), source, replicas })],
    allowLoopback: true,
  });
  const runtime = createClusterRuntime({
    settings,
    remembered: [],
    prober,
    zoneClients: new Map([['ns1', client]]),
    clock,
    random: systemRandom,
    onRecord: (entry) => history.push(entry),
    onBug: (error) => {
      throw error;
    },
  });
  runtime.start();
  return {
    snapshot: () => runtime.snapshot(),
    command: (command) => runtime.command(command),
    recorded: async (kind, wanted = () => true) => {
      const found = () =>
        history.find(
          (entry): entry is HistoryEntry & { kind: typeof kind } =>
            entry.kind === kind && wanted(entry as never),
        );
      const isThere = () =>
        found() !== undefined || `no such ${kind}; ${JSON.stringify(runtime.snapshot().decision)}`;
      await until(isThere, (there) => there === true);
      return found() as HistoryEntry & { kind: typeof kind };
    },
    stop: async () => {
      await runtime.stop();
      await client.close();
      await bind.stop();
    },
  };
}
