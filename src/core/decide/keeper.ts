/** Which instance applies its own configuration to a cluster that is published already. */

import type { Ledger } from '../model/ledger.ts';
import type { Situation } from './situation.ts';

/**
 * The instance in `by=`. Where instances share the clusters, that one may have left this cluster to others:
 * then each of its watchers is a keeper, and the first to write is the only one from then on. Where the lists
 * of two instances disagree, they do not take turns: the one that was followed without a move gives way.
 */
export function isKeeper({ state, publication }: Situation, { by }: Pick<Ledger, 'by'>): boolean {
  const { instance, watchers } = state.settings;
  if (by === instance) return true;
  if (watchers === undefined) return false;
  return watchers.includes(instance) && !watchers.includes(by) && !publication.zone.gaveWay;
}
