/** The settings of one cluster, as the core reads them. */

import type { DiscoveryScope } from './discovery-scope.ts';
import type { Claim } from './observation.ts';
import type { Fqdn, ServerAddress } from './units.ts';

/** One cluster as the core sees it: the configuration with every default filled in and every duration in milliseconds. No secrets. */
export interface ClusterSettings {
  readonly cluster: string;
  readonly instance: string;
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
}

export interface ServerSettings {
  readonly address: ServerAddress;
  /** IP addresses that clients shall get instead of those that the host's name resolves to. */
  readonly publish?: readonly string[];
  readonly candidate: 'auto' | 'never';
  /** It is not in the configuration, but was discovered: it is evidence, and nothing is ever published to it. */
  readonly discovered?: Discovered;
}

/** Whose word led to a server. */
export interface Discovered {
  readonly by: ServerAddress;
  /** In its list of replicas, as the source of one of its channels, or as a member of its group. */
  readonly how: 'replicas' | 'channel' | 'group';
  /** Who is said to be there; empty: nobody says who. */
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
  /** The nameserver's name in the configuration: what this publication is called. */
  readonly nameserver: string;
  /** Absent: found by SOA at the nameserver. */
  readonly zone?: Fqdn;
  readonly source: SourceName;
  readonly replicas?: ReplicasName;
  /** Take over a name that has RRsets but no ledger. */
  readonly adopt: boolean;
  /** Resolvers that applications use are listed at the nameserver, and asked after a move as well. */
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
