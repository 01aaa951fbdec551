/** From the vitals of the clusters to samples. Pure: what is gone from the vitals is gone from the scrape. */

import type { Vitals } from '../core/report/snapshot-vitals.ts';
import type { Samples } from './samples.ts';

const flag = (is: boolean): number => (is ? 1 : 0);

/** Adds one watched cluster. */
export function addCluster(samples: Samples, { cluster, publications, servers, alarms }: Vitals): void {
  samples.add('source_dns_watched', { cluster }, 1);
  for (const publication of publications) {
    const { nameserver, decision, epoch, source } = publication;
    const labels = { cluster, nameserver };
    const { kind, reason } = decision;
    samples.add('source_dns_held', labels, flag(kind === 'hold'));
    samples.add('source_dns_decision_info', { ...labels, decision: kind, reason }, 1);
    if (epoch !== null) samples.add('source_dns_epoch', labels, epoch);
    if (source !== null) samples.add('source_dns_source_info', { ...labels, server: source }, 1);
    samples.add('source_dns_frozen', labels, flag(publication.frozen));
    samples.add('source_dns_publication_ready', labels, flag(publication.ready));
    samples.add('source_dns_update_failing', labels, flag(publication.updateFails));
    samples.add('source_dns_updates_pending', labels, publication.pendingUpdates);
    samples.add('source_dns_nameservers_behind', labels, publication.behind);
  }
  const codes = new Map<string, number>();
  for (const { code } of alarms) codes.set(code, (codes.get(code) ?? 0) + 1);
  for (const [code, count] of codes) samples.add('source_dns_alarms', { cluster, code }, count);
  for (const { server, role, writable, lagSeconds, answeredAgoMs } of servers) {
    const labels = { cluster, server };
    samples.add('source_dns_server_role', { ...labels, role }, 1);
    if (writable !== null) samples.add('source_dns_server_writable', labels, flag(writable));
    if (answeredAgoMs !== null)
      samples.add('source_dns_server_answer_age_seconds', labels, Math.max(0, answeredAgoMs) / 1000);
    if (lagSeconds !== null) samples.add('source_dns_server_lag_seconds', labels, lagSeconds);
  }
}

/** Adds one cluster that only other instances watch, or that waits for its turn here. */
export const addNotWatched = (samples: Samples, cluster: string): void =>
  samples.add('source_dns_watched', { cluster }, 0);
