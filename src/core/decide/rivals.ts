/** Servers that may be the source but are no candidates now: such evidence stays (docs/decisions/008). */

import { isWritable } from '../model/observation.ts';
import { arePeers } from '../observe/multi-primary.ts';
import { isBelieved, type ServerView } from '../observe/topology.ts';
import { unfitness } from './candidates.ts';
import type { Situation } from './situation.ts';
import { strongEvidence } from './strong-evidence.ts';

/** Members, and discovered replicas of the source, that were not asked yet or whose answer got old. */
export const unobserved = ({ members, topology, published }: Situation): readonly ServerView[] =>
  topology.servers.filter(
    (server) =>
      server.contact === 'unobserved' &&
      (members.includes(server) ||
        (server.discovered !== undefined && isBelieved(server) && streamsFrom(server, published))),
  );

const streamsFrom = ({ upstreams }: ServerView, source: ServerView | undefined): boolean =>
  source !== undefined &&
  upstreams.some(({ state, member }) => state === 'streams' && member === source.address);

/** Members that were candidates at their last answer and live: they refuse us, or others follow them. */
export const standing = (situation: Situation): readonly ServerView[] =>
  situation.members.filter(
    (member) =>
      (member.contact === 'alive' ||
        (member.contact === 'unknown' && situation.topology.followersOf(member.address).length > 0)) &&
      !member.servesNobody &&
      member.known !== undefined &&
      isWritable(member.known) &&
      unfitness(situation, member) === undefined,
  );

/** Those with strong evidence. A peer of a candidate does not count: either may be the source. */
export const provenStanding = (situation: Situation): readonly ServerView[] =>
  standing(situation).filter(
    (member) =>
      strongEvidence(situation, member).length > 0 &&
      !situation.candidates.some((candidate) => arePeers(situation.members, candidate, member)),
  );

/** Rules 11 and 12: whether another server may have been promoted as well. */
export const mayHaveRivals = (situation: Situation): boolean =>
  unobserved(situation).length > 0 || provenStanding(situation).length > 0;
