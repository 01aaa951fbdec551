/** Rule 9: most of the other servers replicate from a candidate. */

import { type Decision, pointTo, steady } from '../../model/decision.ts';
import { arePeers } from '../../observe/multi-primary.ts';
import type { ServerView } from '../../observe/topology.ts';
import { isPublished, type Situation, tellsItsState } from '../situation.ts';
import { strongEvidence } from '../strong-evidence.ts';
import { othersUnlisted } from '../unlisted.ts';

/**
 * Rule 9. Replicas of several sources may be a majority for two servers: then they say nothing, but for the published one. Nor does it matter of which member of a
 * multi-primary cluster others replicate.
 */
export function followersMoved(situation: Situation): Decision | undefined {
  const { members, candidates, topology, published } = situation;
  const followed = members.filter(
    (member) =>
      (candidates.includes(member) || !tellsItsState(member)) && isFollowedByMost(situation, member),
  );
  const candidate = followed.find((member) => isPublished(situation, member)) ?? followed[0];
  if (candidate === undefined || !candidates.includes(candidate)) return undefined;
  if (!isPublished(situation, candidate) && strongEvidence(situation, candidate).length === 0)
    return undefined;
  const said = followedWords(
    topology.followersOf(candidate.address).length,
    othersThan(situation, candidate),
    members.length - 1,
  );
  if (isPublished(situation, candidate)) return steady(candidate, said);
  if (published && candidates.includes(published) && arePeers(members, published, candidate))
    return undefined;
  return followed.length > 1
    ? undefined
    : pointTo('followers-moved', candidate, `${candidate.address} is writable, and ${said}.`);
}

/** Those that do not answer are not counted, and it is said that there are more. */
const followedWords = (followers: number, counted: number, others: number): string =>
  `${followers} of ${counted} other servers ${counted < others ? 'that answer ' : ''}replicate from it`;

const isFollowedByMost = (situation: Situation, server: ServerView): boolean =>
  situation.topology.followersOf(server.address).length > othersThan(situation, server) / 2;

/** One that was not asked yet (we have just begun) counts as another server: it may follow somebody else, or be the source. */
const othersThan = (situation: Situation, server: ServerView): number =>
  [...situation.members, ...othersUnlisted(situation)].filter(
    ({ contact, address }) =>
      (contact === 'reachable' || contact === 'unobserved') && address !== server.address,
  ).length;
