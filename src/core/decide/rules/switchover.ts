/** Rule 11: the published source has stepped down, by its own word. */

import { type Decision, hold, pointTo } from '../../model/decision.ts';
import { disqualification } from '../candidates.ts';
import { mayHaveRivals } from '../rivals.ts';
import { type Situation, tellsItsState } from '../situation.ts';
import { provenCandidates, strongEvidence } from '../strong-evidence.ts';

export function switchover(situation: Situation): Decision | undefined {
  const { published } = situation;
  const [proven, ...others] = provenCandidates(situation);
  if (published === undefined || !tellsItsState(published) || proven === undefined || others.length > 0)
    return undefined;
  if (mayHaveRivals(situation)) return undefined;
  // Another server's copy of its UUID is not a step down.
  if (published.duplicate && published.writable)
    return hold(
      'two-sources',
      `${published.address} is published and writable, and ${proven.address} could also be the source. Another server has the UUID of ${published.address}: that is not a step down.`,
    );
  return pointTo(
    'switchover',
    proven,
    `${published.address} ${disqualification(situation, published)}, and ${proven.address} is writable: ${strongEvidence(situation, proven).join('; ')}.`,
  );
}
