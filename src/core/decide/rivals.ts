/**
 * Who else could be the source, although it is no candidate now. What speaks for a move must be fresh; what speaks against it does not get old:
 * it stands until the server was asked again (docs/decisions/008).
 */

import { isWritable } from '../model/observation.ts';
import { arePeers } from '../observe/multi-primary.ts';
import { isBelieved, type ServerView } from '../observe/topology.ts';
import { unfitness } from './candidates.ts';
import type { Situation } from './situation.ts';
import { strongEvidence } from './strong-evidence.ts';

/**
 * Servers that were not asked yet, or whose answer got old while the next one is waited for: nobody knows what they are now. All members; and of the discovered ones those
 * that were replicas of the published source.
 */
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

/**
 * Members that were candidates when they answered last, and are known to live: they refuse us, or others replicate from them.
 * One of which nobody hears any more stands in nobody's way: it may be gone for ever. Nor does one that says that it serves nobody.
 */
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

/** Of these, those that something shows to be meant as the source. A peer of a candidate is none: both may write, and either will do. */
export const provenStanding = (situation: Situation): readonly ServerView[] =>
  standing(situation).filter(
    (member) =>
      strongEvidence(situation, member).length > 0 &&
      !situation.candidates.some((candidate) => arePeers(situation.members, candidate, member)),
  );

/** Rules 11 and 12: whether another server may have been promoted as well. */
export const mayHaveRivals = (situation: Situation): boolean =>
  unobserved(situation).length > 0 || provenStanding(situation).length > 0;
