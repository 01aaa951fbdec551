/** The JSON on which users build (docs/API.md): a snapshot, and some promised keys. Pure. */

import type { ConfigOutline } from '../config/loaded.ts';
import type { HistoryEntry } from '../core/model/events.ts';
import type { Failure } from '../core/model/observation.ts';
import type { Advice } from '../core/model/procedure.ts';
import type { Fqdn, ServerAddress } from '../core/model/units.ts';
import type { Snapshot } from '../core/report/snapshot-types.ts';

/** `GET /v1/clusters/{c}`, `status --json` and `explain --json`. */
export type ClusterDocument = Omit<Snapshot, 'decision'> & {
  /** The published name of the first publication. */
  readonly name: Fqdn | null;
  readonly decision: Snapshot['decision'] & { readonly source: ServerAddress | null };
};

/** The `daemon` of `GET /v1/clusters` and `GET /v1/clusters/{c}`. */
export interface DaemonDocument {
  readonly running: true;
  readonly instance: string;
  /** Of the program. */
  readonly version: string;
  readonly pid: number;
  /** When it had started, ISO 8601. */
  readonly since: string;
  /** Absent: it watches all clusters of its configuration. */
  readonly share?: ShareDocument;
  /** What an operator should mend, although all works. */
  readonly warnings: readonly Failure[];
}

/** How this instance shares the clusters with others. */
export interface ShareDocument {
  readonly instances: readonly string[];
  /** How many of them watch each cluster. */
  readonly watchers: number;
  /** How many clusters this instance watches. The sum over all instances is `watchers` times all clusters. */
  readonly watched: number;
  /** How many only others watch. */
  readonly elsewhere: number;
}

export const shareDocument = ({
  share,
  clusters,
  elsewhere,
}: Pick<ConfigOutline, 'share' | 'clusters' | 'elsewhere'>): ShareDocument | undefined =>
  share && { ...share, watched: clusters.length, elsewhere: elsewhere.length };

/** `GET /v1/clusters/{c}/history` and `history --json`: oldest first. */
export interface HistoryDocument {
  readonly entries: readonly HistoryEntry[];
}

/** `GET /v1/clusters/{c}/advice` and `advise --json`. */
export type AdviceDocument = { readonly cluster: string } & Advice;

export const adviceDocument = (cluster: string, advice: Advice): AdviceDocument => ({ cluster, ...advice });

/** A hold has the source `null`, so the key always exists. */
export function clusterDocument(snapshot: Snapshot): ClusterDocument {
  const { cluster, decision, ...rest } = snapshot;
  const source = decision.kind === 'point-to' ? decision.source : null;
  return {
    cluster,
    name: snapshot.publications[0]?.name ?? null,
    ...rest,
    decision: { ...decision, source } as ClusterDocument['decision'],
  };
}

/** What another process answers, perhaps of another version. */
export const isClusterDocument = (value: unknown): value is ClusterDocument =>
  typeof value === 'object' &&
  value !== null &&
  ['publications', 'servers', 'alarms'].every((key) =>
    Array.isArray((value as Record<string, unknown>)[key]),
  );

/** Undefined: each name was decided at least once, and its nameserver answered the last question. */
export function whyNotReady({ publications }: Pick<Snapshot, 'publications'>): string | undefined {
  const reasons = publications.flatMap(({ nameserver, ready, readFailure }) => {
    if (readFailure !== null) return [`${nameserver}: ${readFailure.code}`];
    return ready ? [] : ['not decided yet'];
  });
  return reasons.length === 0 ? undefined : [...new Set(reasons)].join(', ');
}
