/** The procedure for one cluster now, for readers. */

import { advise } from '../advise/advise.ts';
import { situationOf } from '../decide/situation-of.ts';
import type { Advice, Wish } from '../model/procedure.ts';
import type { ClusterState } from '../model/state.ts';
import type { Now } from '../model/units.ts';

/** By the first publication, as in a snapshot. Changes nothing. */
export function adviceOf(state: ClusterState, now: Now, wish: Wish): Advice {
  const [publication] = state.publications.values();
  return publication === undefined
    ? { kind: 'nothing', sentence: 'The cluster is published nowhere.' }
    : advise(situationOf(state, publication, now), wish);
}
