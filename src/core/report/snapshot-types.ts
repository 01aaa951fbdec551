/** What a reader sees of a cluster: the API's JSON, the status page and the commands print this. */

import type { FenceStage } from '../decide/fence.ts';
import type { Lacks } from '../decide/lack.ts';
import type { Decision } from '../model/decision.ts';
import type { Alarm, Move, NameserverTime } from '../model/events.ts';
import type { FailoverSource, Failure, ManagedGroup } from '../model/observation.ts';
import type { Fqdn, ServerAddress, ServerId } from '../model/units.ts';

export interface Snapshot {
  readonly cluster: string;
  readonly instance: string;
  readonly mode: 'active' | 'observe';
  /** Of the first publication, as are `ledger` and `published`. */
  readonly decision: Decision;
  readonly ledger: LedgerSnapshot | null;
  /** The addresses (or the CNAME's target) of the nameserver's last answer. */
  readonly published: readonly string[];
  readonly servers: readonly ServerSnapshot[];
  readonly alarms: readonly Alarm[];
  readonly publications: readonly PublicationSnapshot[];
}

export interface LedgerSnapshot {
  readonly epoch: number;
  readonly source: ServerAddress;
  readonly uuid: ServerId;
  readonly by: string;
  readonly at: string;
  readonly why: string;
  readonly was: readonly string[];
  readonly frozen: { readonly by: string; readonly reason: string } | null;
  /** Announced by a failover tool, and the time is not over. `server`: null if no member has that identity. */
  readonly next: {
    readonly uuid: ServerId;
    readonly server: ServerAddress | null;
    readonly until: string;
  } | null;
}

export interface PublicationSnapshot {
  readonly nameserver: string;
  readonly zone: Fqdn | null;
  readonly name: Fqdn;
  /** The decision was taken at least once on a zone that was read. */
  readonly ready: boolean;
  readonly decision: Decision;
  /** Sentences, with the command or statement if one is known. */
  readonly wouldChange: readonly string[];
  readonly ledger: LedgerSnapshot | null;
  readonly published: readonly string[];
  readonly readFailure: Failure | null;
  /** Why the last update failed; null: it did not fail, or a later one was applied. */
  readonly writeFailure: Failure | null;
  /** Updates that may still be applied although no answer came. */
  readonly pendingUpdates: number;
  readonly lastMove: Move | null;
  readonly propagation: {
    readonly epoch: number;
    /** Every authoritative nameserver answers it. */
    readonly complete: boolean;
    readonly nameservers: readonly NameserverTime[];
    /** The configured ones: they may lag by the TTL. */
    readonly resolvers?: { readonly complete: boolean; readonly nameservers: readonly NameserverTime[] };
  } | null;
}

export interface ServerSnapshot {
  readonly server: ServerAddress;
  /** The server that led to it, if it is not in the configuration. If `verified`, it counts as evidence. */
  readonly discovered: {
    readonly by: ServerAddress;
    readonly how: 'replicas' | 'channel' | 'group';
    readonly state: 'unverified' | 'stale' | 'verified';
  } | null;
  readonly uuid: ServerId | null;
  readonly version: string | null;
  /**
   * `source`: published and writable. `superseded`: a former source that has not rejoined. `stranger`:
   * writable, but not of the line. `writable`: any other writable server.
   */
  readonly role: 'source' | 'replica' | 'superseded' | 'stranger' | 'writable' | 'read-only' | 'unknown';
  readonly contact: 'reachable' | 'alive' | 'unknown' | 'unobserved';
  readonly reachable: boolean;
  readonly writable: boolean | null;
  /** The lag of its data, by the worst hop of the way to the source; null: not known, or no way. */
  readonly lagSeconds: number | null;
  /** The way of its data; null: it is the source, it does not answer, or there is no source. */
  readonly way: {
    /** Its upstream, then the upstream of that one, up to the source or to where the way is broken. */
    readonly hops: readonly {
      readonly server: ServerAddress;
      readonly how: 'channel' | 'group' | 'galera' | 'aurora';
      readonly lagSeconds: number | null;
    }[];
    /** Where it is broken, in words; null: it is not broken. */
    readonly broken: string | null;
    /** The whole way in words. */
    readonly sentence: string;
  } | null;
  readonly gtidExecuted: string | null;
  /** What others of the line have and this server lacks; null: not known. */
  readonly lacks: Lacks | null;
  readonly replicatesFrom: readonly {
    readonly channel: string;
    readonly source: string;
    readonly receiver: string;
    readonly applier: string;
    /** It may choose another source by itself (manual 19.4.9). */
    readonly autoFailover: boolean;
    /** The highest weight first; null: it does not, or we may not see its list. */
    readonly failoverSources: readonly FailoverSource[] | null;
    readonly managedGroups: readonly ManagedGroup[];
  }[];
  /** The evidence for or against this server as the source, in a DBA's words. */
  readonly evidence: readonly string[];
  /** What it told at its last answer: identity, flags, channels, lists, replicas, group, transactions. */
  readonly observed: readonly string[];
  /** Why it is not a candidate. Each follows "not a candidate:". Empty: it is one. */
  readonly missing: readonly string[];
  /** How to promote it by hand now, or why not now; null: it is a candidate, or no statement makes it one. */
  readonly promotion: string | null;
  readonly alarms: readonly string[];
  /** What is done about a former source; null: nothing, or servers are not fenced here. */
  readonly fence: {
    /**
     * `fenced`: this instance made it read-only. `wanted`: it takes writes, and is being fenced. `would`: the
     * same in `mode: observe`. `not`: it takes writes, and the sentence says what speaks against a fence.
     */
    readonly stage: FenceStage;
    readonly sentence: string;
  } | null;
  readonly failure: Failure | null;
}
