/** Which instance applies its own configuration to a cluster that is published already. */

import type { Ledger } from '../model/ledger.ts';
import type { Situation } from './situation.ts';

/**
 * The instance in `by=`. Where instances share the clusters, that one may have left this cluster to others: then
 * each of its watchers is a keeper, and the first to write is the only one from then on. Two lists that disagree
 * never make two keepers take turns: a keeper that another one has followed without a move gives way.
 */
export function isKeeper({ state, publication }: Situation, { by }: Pick<Ledger, 'by'>): boolean {
  const { instance, watchers } = state.settings;
  if (by === instance) return true;
  return watchers?.includes(instance) && !watchers.includes(by) && !publication.zone.gaveWay;
}
