/** Rule 10: the published source can still be the source. */

import { type Decision, hold, names, steady } from '../../model/decision.ts';
import { otherWriters } from '../candidates.ts';
import type { Situation } from '../situation.ts';

export function publishedIsCandidate(situation: Situation): Decision | undefined {
  const { published, candidates } = situation;
  if (published === undefined || !candidates.includes(published)) return undefined;
  const others = otherWriters(situation, published);
  const peers = candidates.filter((candidate) => candidate !== published && !others.includes(candidate));
  if (others.length === 0)
    return steady(
      published,
      `it is published and writable, and ${peers.length === 0 ? 'no other server could be the source' : `only its peers in the same cluster could also be the source (${names(peers)})`}`,
    );
  return hold(
    'two-sources',
    `${published.address} is published and writable, and ${others.length === 1 ? 'another server' : `${others.length} other servers`} could also be the source: only one of them may be writable.`,
  );
}
