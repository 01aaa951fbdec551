/** What a check of the doctor may look at. A check writes nothing: no server, zone, file or history. */

import type { LoadedCluster, LoadedConfig, NameserverConfig } from '../config/loaded.ts';
import type { Ledger } from '../core/model/ledger.ts';
import type { Failure, Probe } from '../core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../core/model/units.ts';
import type { DnsClient } from '../dns/client/dns-client.ts';
import type { ApiResult } from '../http/client.ts';
import type { ServerInspection } from '../mysql/inspection.ts';
import type { Clock, Resolution } from '../ports.ts';

export interface World {
  /** The whole file, also where only one cluster is checked. */
  readonly config: LoadedConfig;
  /** The clusters to check. */
  readonly clusters: readonly LoadedCluster[];
  /** The nameservers of these clusters, by their names in the configuration. */
  readonly nameservers: ReadonlyMap<string, SeenNameserver>;
  readonly clock: Clock;
  /** Every check ends by then, on the monotonic clock. */
  readonly deadline: MonoMs;
  readonly around: Around;
  /** Every configured server of the cluster, asked once: all checks share the answers. Never rejects. */
  servers(cluster: LoadedCluster): Promise<readonly SeenServer[]>;
  /** What the zone says of the cluster, read once. Undefined: nothing yet, or it cannot be read. */
  ledger(cluster: LoadedCluster): Promise<Ledger | undefined>;
  /** The daemon's `GET /v1/clusters`, asked once. Never rejects. */
  daemon(): Promise<ApiResult>;
}

export type SeenNameserver =
  | {
      readonly kind: 'opened';
      readonly config: NameserverConfig;
      readonly client: DnsClient;
      /** About its key. */
      readonly warnings: readonly Failure[];
    }
  /** The key cannot be used. */
  | { readonly kind: 'failed'; readonly config: NameserverConfig; readonly failure: Failure };

export interface SeenServer {
  readonly address: ServerAddress;
  readonly resolution: Resolution;
  /** As the daemon asks it. */
  readonly probe: Probe;
  /** What else it says, over a connection of its own. */
  readonly inspection: ServerInspection;
  /** The same with the account of fence. Absent: nobody is fenced, or the server let the other one not in. */
  readonly fence?: ServerInspection | undefined;
}

/** The process and its host. */
export interface Around {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `process.versions.node`. */
  readonly nodeVersion: string;
  /** The resolvers of this host (/etc/resolv.conf), as `dns.getServers()` gives them. */
  readonly resolvers: readonly string[];
  /** This program's version. */
  readonly version: string;
  /** How many files this process may have open; undefined: not known. */
  openFiles(): Promise<number | undefined>;
  /** The paths of the unix sockets of this host, one a line with other columns (proc(5)); empty: not known. */
  unixSockets(): Promise<string>;
}
