/** Rule 12: the published source does not answer. */

import { type Decision, hold, pointTo } from '../../model/decision.ts';
import { mayHaveRivals } from '../rivals.ts';
import { reachable, type Situation } from '../situation.ts';
import { provenCandidates, strongEvidence, whoStillCount } from '../strong-evidence.ts';

export function failover(situation: Situation): Decision | undefined {
  const { published, candidates, topology, quorumSet, publication, state, now } = situation;
  if (published?.contact !== 'unknown' || topology.followersOf(published.address).length > 0)
    return undefined;
  if (whoStillCount(situation, published).length > 0) return undefined;
  const rest = quorumSet.filter((member) => member.address !== published.address);
  if (reachable(rest).length <= rest.length / 2) return undefined;
  if (mayHaveRivals(situation)) return undefined;
  const [proven, ...others] = provenCandidates(situation);
  if (others.length > 0) return undefined;
  if (proven)
    return pointTo(
      'failover',
      proven,
      `${published.address} does not answer, no server replicates from it, and ${proven.address} is writable: ${strongEvidence(situation, proven).join('; ')}.`,
    );
  const [weak, ...more] = candidates;
  if (weak === undefined || more.length > 0 || !isClusterOfTwo(situation)) return undefined;
  const lasted = publication.evidence.weakSince === undefined ? 0 : now.mono - publication.evidence.weakSince;
  const { settleMs } = state.settings.watch;
  if (lasted < settleMs)
    return hold(
      'settling',
      `${published.address} does not answer, and nothing proves that the only other server is the source now: waiting until this has lasted for ${settleMs / 1000} s.`,
    );
  return pointTo(
    'failover',
    weak,
    `${published.address} has not answered for ${settleMs / 1000} s, and ${weak.address}, the only other server, is writable.`,
  );
}

const isClusterOfTwo = (situation: Situation): boolean => situation.members.length === 2;

/** Whether the weak evidence of a cluster of two is there now. settle.ts remembers since when. */
export function isWeakFailover(situation: Situation): boolean {
  if (!isClusterOfTwo(situation)) return false;
  const decision = failover({
    ...situation,
    publication: {
      ...situation.publication,
      evidence: { ...situation.publication.evidence, weakSince: situation.now.mono },
    },
  });
  return (
    decision?.reason === 'settling' ||
    (decision?.reason === 'failover' && provenCandidates(situation).length === 0)
  );
}
