/** The adapters that a configuration needs, and which of them the next one can keep. Knows no protocol. */

import type { FenceAccess, LoadedCluster, NameserverConfig } from '../config/loaded.ts';
import type { Failure } from '../core/model/observation.ts';
import type { ServerFencer, ServerProber, ZoneClient } from '../ports.ts';

/** Makes adapters. Opens no connection; a zone client reads its key. */
export interface AdapterMaker {
  prober(cluster: LoadedCluster): ServerProber;
  /** Absent, or undefined for a cluster without `fence`: nobody is fenced. */
  fencer?(cluster: LoadedCluster): ServerFencer | undefined;
  /** How many connections to servers wait for their turn to be opened. Absent: none ever waits. */
  waiting?(): number;
  /** `onWarning` gets later findings about the nameserver. */
  zoneClient(nameserver: NameserverConfig, onWarning: (failure: Failure) => void): Promise<MadeZoneClient>;
}

type MadeZoneClient =
  | { readonly kind: 'opened'; readonly client: ZoneClient; readonly warnings: readonly Failure[] }
  | { readonly kind: 'failed'; readonly failure: Failure };

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

/** One client per nameserver; unchanged ones of `present` are kept. After `failed` nothing new is open. */
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

export function clientsOf(
  cluster: LoadedCluster,
  nameservers: ReadonlyMap<string, OpenNameserver>,
): ReadonlyMap<string, ZoneClient> {
  const clients = new Map<string, ZoneClient>();
  for (const { nameserver } of cluster.settings.publications) {
    const open = nameservers.get(nameserver);
    // A checked configuration has the nameserver of every publication.
    if (open === undefined)
      throw new Error(
        `the nameserver "${nameserver}" of the cluster "${cluster.settings.cluster}" is not in the configuration`,
      );
    clients.set(nameserver, open.client);
  }
  return clients;
}

/** Whether the same client fits both, secrets included. */
function sameNameserver(a: NameserverConfig, b: NameserverConfig): boolean {
  const plain = ({ key, ...rest }: NameserverConfig) =>
    JSON.stringify({ ...rest, key: { file: key?.file, name: key?.name } });
  return plain(a) === plain(b) && a.key?.text.reveal() === b.key?.text.reveal();
}

/** Whether both fence alike, secrets included. */
export function sameFence({ fence: a }: LoadedCluster, { fence: b }: LoadedCluster): boolean {
  if (a === undefined || b === undefined) return a === b;
  const plain = ({ password: _, ...rest }: FenceAccess) => JSON.stringify(rest);
  return plain(a) === plain(b) && a.password.reveal() === b.password.reveal();
}

/** Without fences: a command that looks once knows too little of who was writable since when. */
export const withoutFence = <Cluster extends LoadedCluster>(cluster: Cluster): Cluster => ({
  ...cluster,
  settings: { ...cluster.settings, fence: undefined },
  fence: undefined,
});

/** Whether one prober fits both. It sends the password to its servers and scopes only: these count. */
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
