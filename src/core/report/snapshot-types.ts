/** What a reader sees of a cluster: the API's JSON, the status page and the commands all print this. Built when read; nothing decides on it. */

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
  /** The addresses (or the CNAME's target) that the nameserver answered last. */
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
}

export interface PublicationSnapshot {
  readonly nameserver: string;
  readonly zone: Fqdn | null;
  readonly name: Fqdn;
  /** The decision was taken at least once on a zone that was read. */
  readonly ready: boolean;
  readonly decision: Decision;
  /** What would change the decision: sentences, with the command or statement where one is known. */
  readonly wouldChange: readonly string[];
  readonly ledger: LedgerSnapshot | null;
  readonly published: readonly string[];
  readonly readFailure: Failure | null;
  /** Why the last update failed; null: it did not, or a later one was applied. */
  readonly writeFailure: Failure | null;
  /** Updates that may still be applied although no answer came. */
  readonly pendingUpdates: number;
  readonly lastMove: Move | null;
  /** How far the last move has come. */
  readonly propagation: {
    readonly epoch: number;
    /** Every authoritative nameserver answers it. */
    readonly complete: boolean;
    readonly nameservers: readonly NameserverTime[];
    /** Those that are configured: they may lag by the TTL. */
    readonly resolvers?: { readonly complete: boolean; readonly nameservers: readonly NameserverTime[] };
  } | null;
}

export interface ServerSnapshot {
  readonly server: ServerAddress;
  /** Who led to it, where it is not in the configuration: then it counts as evidence (`verified`) or for nothing, and is never published. */
  readonly discovered: {
    readonly by: ServerAddress;
    readonly how: 'replicas' | 'channel' | 'group';
    readonly state: 'unverified' | 'stale' | 'verified';
  } | null;
  readonly uuid: ServerId | null;
  readonly version: string | null;
  /** `source`: published and writable. `superseded`: a former source that has not rejoined. `stranger`: writable, but not of the line. `writable`: a writable server that is none of these. */
  readonly role: 'source' | 'replica' | 'superseded' | 'stranger' | 'writable' | 'read-only' | 'unknown';
  readonly contact: 'reachable' | 'alive' | 'unknown' | 'unobserved';
  readonly reachable: boolean;
  readonly writable: boolean | null;
  /** How late its data are, by the worst hop of its way to the source; null: there is no such way, or nobody knows. */
  readonly lagSeconds: number | null;
  /** The servers through which its data come; null: it is the source, it does not answer, or nobody is the source. */
  readonly way: {
    /** The server that it gets its data from, and how; then the one that this gets them from, up to the source or to where the way is broken. */
    readonly hops: readonly {
      readonly server: ServerAddress;
      readonly how: 'channel' | 'group' | 'galera' | 'aurora';
      readonly lagSeconds: number | null;
    }[];
    /** Where it is broken, in words; null: it is whole. */
    readonly broken: string | null;
    /** All of it in words. */
    readonly sentence: string;
  } | null;
  readonly gtidExecuted: string | null;
  /** What others of the line have and it has not; null where nothing can be said. */
  readonly lacks: Lacks | null;
  readonly replicatesFrom: readonly {
    readonly channel: string;
    readonly source: string;
    readonly receiver: string;
    readonly applier: string;
    /** It may choose another source by itself (manual 19.4.9). */
    readonly autoFailover: boolean;
    /** From these, the highest weight first; null: it does not, or its list is not to be seen. */
    readonly failoverSources: readonly FailoverSource[] | null;
    readonly managedGroups: readonly ManagedGroup[];
  }[];
  /** What speaks for or against this server as the source, in a DBA's words. */
  readonly evidence: readonly string[];
  /** What it told when it answered last: who it is, its flags, channels, lists, replicas, group or component, and its place. */
  readonly observed: readonly string[];
  /** What it lacks to be a candidate, each read on from "would be a candidate if"; empty: it is one. */
  readonly missing: readonly string[];
  /** How a person would promote it now, with the statements, or why that would be wrong now; null: it is a candidate, or no statement would make it one. */
  readonly promotion: string | null;
  readonly alarms: readonly string[];
  readonly failure: Failure | null;
}
