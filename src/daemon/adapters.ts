/** Which adapters a configuration needs, and which of them another configuration can keep. The makers are given: this folder knows no protocol. */

import type { LoadedCluster, NameserverConfig } from '../config/loaded.ts';
import type { Failure } from '../core/model/observation.ts';
import type { ServerProber, ZoneClient } from '../ports.ts';

/** Makes adapters. Opens no connection; a zone client reads its key. */
export interface AdapterMaker {
  prober(cluster: LoadedCluster): ServerProber;
  /** `onWarning` hears later of what the nameserver shows in use. */
  zoneClient(nameserver: NameserverConfig, onWarning: (failure: Failure) => void): Promise<MadeZoneClient>;
}

type MadeZoneClient =
  | { readonly kind: 'opened'; readonly client: ZoneClient; readonly warnings: readonly Failure[] }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** A zone client and the configuration that it was made from. */
export interface OpenNameserver {
  readonly config: NameserverConfig;
  readonly client: ZoneClient;
}

type OpenedNameservers =
  | {
      readonly kind: 'opened';
      readonly nameservers: ReadonlyMap<string, OpenNameserver>;
      readonly warnings: readonly Failure[];
    }
  | { readonly kind: 'failed'; readonly failures: readonly Failure[] };

/** One client for each nameserver: those of `present` that did not change are kept. After `failed` nothing new is left open. */
export async function openNameservers(
  wanted: Iterable<NameserverConfig>,
  present: ReadonlyMap<string, OpenNameserver>,
  maker: AdapterMaker,
  onWarning: (failure: Failure) => void,
): Promise<OpenedNameservers> {
  const nameservers = new Map<string, OpenNameserver>();
  const made: ZoneClient[] = [];
  const warnings: Failure[] = [];
  const failures: Failure[] = [];
  for (const config of wanted) {
    const known = present.get(config.name);
    if (known !== undefined && sameNameserver(known.config, config)) {
      nameservers.set(config.name, known);
      continue;
    }
    const result = await maker.zoneClient(config, onWarning);
    if (result.kind === 'failed') {
      failures.push({ ...result.failure, message: `nameserver ${config.name}: ${result.failure.message}` });
      continue;
    }
    made.push(result.client);
    warnings.push(...result.warnings);
    nameservers.set(config.name, { config, client: result.client });
  }
  if (failures.length === 0) return { kind: 'opened', nameservers, warnings };
  await Promise.all(made.map((client) => client.close()));
  return { kind: 'failed', failures };
}

/** The zone clients that a cluster publishes through. */
export function clientsOf(
  cluster: LoadedCluster,
  nameservers: ReadonlyMap<string, OpenNameserver>,
): ReadonlyMap<string, ZoneClient> {
  const clients = new Map<string, ZoneClient>();
  for (const { nameserver } of cluster.settings.publications) {
    const open = nameservers.get(nameserver);
    // The configuration was checked: a publication's nameserver is always there.
    if (open === undefined)
      throw new Error(
        `the nameserver "${nameserver}" of the cluster "${cluster.settings.cluster}" is not in the configuration`,
      );
    clients.set(nameserver, open.client);
  }
  return clients;
}

/** Whether a client made from one would do for the other, secrets included. */
function sameNameserver(a: NameserverConfig, b: NameserverConfig): boolean {
  const plain = ({ key, ...rest }: NameserverConfig) =>
    JSON.stringify({ ...rest, key: { file: key?.file, name: key?.name } });
  return plain(a) === plain(b) && a.key?.text.reveal() === b.key?.text.reveal();
}

/** Whether a prober made from one would do for the other: it sends the password to its own servers and within its scopes only, so these count. */
export function sameProber(a: LoadedCluster, b: LoadedCluster): boolean {
  const plain = ({ settings, mysql: { password, ...rest } }: LoadedCluster) =>
    JSON.stringify({
      ...rest,
      cluster: settings.cluster,
      servers: settings.servers.map((server) => server.address),
      discoverWithin: settings.discoverWithin,
    });
  return plain(a) === plain(b) && a.mysql.password.reveal() === b.mysql.password.reveal();
}
