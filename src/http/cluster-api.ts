/** What the HTTP server serves, and how it gives a command. It starts nothing and decides nothing. */

import type { Answer, Command, HistoryEntry } from '../core/model/events.ts';
import type { Advice, Wish } from '../core/model/procedure.ts';
import type { Snapshot } from '../core/report/snapshot-types.ts';
import type { KnownCluster } from '../hook/resolve.ts';
import type { DaemonDocument } from './documents.ts';

/** The values of this moment in the text format of Prometheus. */
export interface Scrape {
  readonly contentType: string;
  readonly text: string;
}

export interface ClusterApi {
  /** What the API says about the daemon; absent: nothing. */
  daemon?(): DaemonDocument;
  clusters(): readonly string[];
  /** The instances that watch a cluster which this one does not; absent: this one watches all. */
  elsewhere?(cluster: string): readonly string[] | undefined;
  /** Undefined: there is no such cluster. */
  snapshot(cluster: string): Snapshot | undefined;
  /** Undefined: there is no such cluster. */
  advice(cluster: string, wish: Wish): Advice | undefined;
  /** The newest entries, oldest first. */
  history(cluster: string): readonly HistoryEntry[];
  /** What hooks may call the clusters and their servers. */
  known(): readonly KnownCluster[];
  /** For the log: what a hook wanted, and how that ended; `warn`: not as it wanted. */
  note(level: 'info' | 'warn', sentence: string): void;
  /** What a monitoring system asks for; absent: nothing is measured. */
  metrics?(): Promise<Scrape>;
  /** Also to a cluster that only others watch. Undefined: there is no such cluster. Rejects only after a bug. */
  command(cluster: string, command: Command): Promise<Answer> | undefined;
}

/** Rejects only after a bug. */
export const giveTo = (api: ClusterApi, cluster: string, command: Command): Promise<Answer> =>
  api.command(cluster, command) ?? Promise.resolve(removed);

/** For a cluster that a reload removed while the request was read. */
const removed: Answer = {
  results: [
    {
      nameserver: '-',
      kind: 'failed',
      code: 'unknown-cluster',
      sentence: 'the cluster was removed meanwhile',
    },
  ],
};
