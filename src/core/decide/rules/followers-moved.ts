/** Rule 9: most of the other servers replicate from a candidate. */

import { type Decision, pointTo, steady } from '../../model/decision.ts';
import { arePeers } from '../../observe/multi-primary.ts';
import type { ServerView } from '../../observe/topology.ts';
import { isPublished, type Situation, tellsItsState } from '../situation.ts';
import { strongEvidence } from '../strong-evidence.ts';
import { othersUnlisted } from '../unlisted.ts';

/** Of two servers that most others follow, only the published one counts. Peers count as one server. */
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

/** Servers that do not answer are not counted. */
const followedWords = (followers: number, counted: number, others: number): string =>
  `${followers} of ${counted} other servers ${counted < others ? 'that answer ' : ''}replicate from it`;

const isFollowedByMost = (situation: Situation, server: ServerView): boolean =>
  situation.topology.followersOf(server.address).length > othersThan(situation, server) / 2;

/** A server that was not asked yet counts: it may follow another server, or be the source. */
const othersThan = (situation: Situation, server: ServerView): number =>
  [...situation.members, ...othersUnlisted(situation)].filter(
    ({ contact, address }) =>
      (contact === 'reachable' || contact === 'unobserved') && address !== server.address,
  ).length;
