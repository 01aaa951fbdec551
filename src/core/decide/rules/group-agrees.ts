/** Rule 8: a majority of the group names its primary. */

import { type Decision, pointTo, steady } from '../../model/decision.ts';
import { groupPrimary } from '../elections.ts';
import { isPublished, type Situation } from '../situation.ts';

export function groupAgrees(situation: Situation): Decision | undefined {
  const primary = groupPrimary(situation);
  if (primary === undefined || !situation.candidates.includes(primary)) return undefined;
  if (isPublished(situation, primary)) return steady(primary, 'a majority of the group says PRIMARY');
  return pointTo(
    'group-primary',
    primary,
    `A majority of the group agrees that ${primary.address} is the primary.`,
  );
}
