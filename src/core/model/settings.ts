/** The settings of one cluster, as the core reads them. */

import type { DiscoveryScope } from './discovery-scope.ts';
import type { Claim } from './observation.ts';
import type { Fqdn, ServerAddress } from './units.ts';

/** One cluster: defaults filled in, durations in milliseconds, no secrets. */
export interface ClusterSettings {
  readonly cluster: string;
  readonly instance: string;
  /** The instances that watch the cluster, the first one first. Absent: every instance that has it. */
  readonly watchers?: readonly string[];
  /** `observe`: decide and report everything, write nothing. */
  readonly mode: 'active' | 'observe';
  readonly servers: readonly ServerSettings[];
  /** Where further servers may be discovered; absent: nowhere. */
  readonly discoverWithin?: readonly DiscoveryScope[];
  readonly watch: WatchSettings;
  readonly publications: readonly PublicationSettings[];
  readonly onNoSource: 'keep' | 'withdraw';
  readonly gtidGuard: 'warn' | 'hold';
  readonly allowLoopback: boolean;
  /** Absent: no server is ever fenced. */
  readonly fence?: FenceSettings | undefined;
}

interface FenceSettings {
  /** The longest that one attempt may take: connect and act together. */
  readonly timeoutMs: number;
  /** `none`: no connection is ever ended. */
  readonly kill: 'clients' | 'none';
}

export interface ServerSettings {
  readonly address: ServerAddress;
  /** IP addresses for clients, instead of those of the host name. */
  readonly publish?: readonly string[];
  readonly candidate: 'auto' | 'never';
  /** Discovered, not configured: evidence only, never published. */
  readonly discovered?: Discovered;
}

/** Which server led to it, and how. */
export interface Discovered {
  readonly by: ServerAddress;
  readonly how: 'replicas' | 'channel' | 'group';
  /** The claimed identities; empty: none. */
  readonly claims: readonly Claim[];
}

interface WatchSettings {
  readonly intervalMs: number;
  readonly suspectIntervalMs: number;
  readonly freshForMs: number;
  readonly settleMs: number;
  readonly goneAfterMs: number;
  readonly maxMoves: number;
  readonly maxMovesWindowMs: number;
  /** The longest that one probe may take: connect and query together. */
  readonly probeTimeoutMs: number;
}

/** A cluster's name in one zone at one nameserver: it has a ledger of its own. */
export interface PublicationSettings {
  /** The nameserver's name in the configuration: it names the publication. */
  readonly nameserver: string;
  /** Absent: found by SOA at the nameserver. */
  readonly zone?: Fqdn;
  readonly source: SourceName;
  readonly replicas?: ReplicasName;
  /** Take over a name that has RRsets but no ledger. */
  readonly adopt: boolean;
  /** The configuration lists resolvers of applications: they are asked after a move too. */
  readonly resolvers?: boolean;
  /** The longest that one exchange with the nameserver may take. */
  readonly timeoutMs: number;
  /** TSIG fudge: how long a signed message stays valid, in both directions (RFC 8945 5.2.3). */
  readonly fudgeMs: number;
}

export interface SourceName {
  readonly name: Fqdn;
  readonly ttlSeconds: number;
  readonly type: 'address' | 'cname';
  /** Also publish `_mysql._tcp.<name>` SRV with the source's port. */
  readonly srv: boolean;
}

export interface ReplicasName {
  readonly name: Fqdn;
  readonly ttlSeconds: number;
  readonly maxLagMs: number;
  readonly whenEmpty: 'source' | 'keep' | 'withdraw';
}
