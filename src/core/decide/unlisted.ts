/**
 * What a server counts for that was discovered and is not in the configuration: it is a follower, one of the others, and a reason not to move the name to somebody else. It is
 * never a candidate, never in the quorum set, never published (docs/decisions/013).
 */

import { type Decision, hold, holdWhileAsking, names } from '../model/decision.ts';
import { isWritable } from '../model/observation.ts';
import { arePeers } from '../observe/multi-primary.ts';
import type { ServerView } from '../observe/topology.ts';
import { defect } from './candidates.ts';
import { belongsToLine, type Situation } from './situation.ts';
import { strongEvidence } from './strong-evidence.ts';

export const discoveredOf = ({ topology }: Situation): readonly ServerView[] =>
  topology.servers.filter((server) => server.discovered !== undefined);

/**
 * Verified, and of this replication: it replicates from one of ours; or it belongs to the line, and has not left for somebody else (a list of replicas may still name one that
 * has), unless others follow it. Another cluster that one of ours replicates from takes no part: an upstream outside the inventory does not matter.
 */
export function takesPart(situation: Situation, server: ServerView): boolean {
  if (server.discovered !== 'verified') return false;
  if (server.upstreams.some(({ member }) => situation.members.some(({ address }) => address === member)))
    return true;
  if (!belongsToLine(situation, server)) return false;
  return (
    situation.topology.followersOf(server.address).length > 0 ||
    server.upstreams.every(({ outsider }) => !outsider)
  );
}

/** Those that rule 9 counts among the other servers while they answer. */
export const othersUnlisted = (situation: Situation): readonly ServerView[] =>
  discoveredOf(situation).filter((server) => takesPart(situation, server));

/** Those that look like the source; a peer of a candidate does not: both may write, and either will do. What speaks against a move does not get old: the newest answer counts until the server was asked again (docs/decisions/008). */
export const unlistedSources = (situation: Situation): readonly ServerView[] =>
  unlistedWriters(situation).filter((server) => strongEvidence(situation, server).length > 0);

/** Those that take writes, and were promoted or are followed: whether that proves anything or not. */
export const unlistedWriters = (situation: Situation): readonly ServerView[] =>
  discoveredOf(situation).filter((server) => {
    if (
      !takesPart(situation, server) ||
      server.known === undefined ||
      !isWritable(server.known) ||
      server.servesNobody
    )
      return false;
    if (server.contact === 'unknown' && situation.topology.followersOf(server.address).length === 0)
      return false;
    if (situation.candidates.some((candidate) => arePeers(situation.members, candidate, server)))
      return false;
    return (
      defect(situation, server) === undefined &&
      (server.promotedAt !== undefined || strongEvidence(situation, server).length > 0)
    );
  });

/** The name is not moved to another server while one that is not in the configuration looks like the source; undefined: none does. */
export function sourceUnlisted(situation: Situation): Decision | undefined {
  const [first, ...others] = unlistedSources(situation);
  if (first === undefined) return undefined;
  if (others.length > 0)
    return hold(
      'unknown-source',
      `${names([first, ...others])} look like the source, but are not in the configuration: add them to servers.`,
    );
  return hold('unknown-source', looksLikeSource(situation, first));
}

export const looksLikeSource = (situation: Situation, server: ServerView): string =>
  `${server.address} looks like the source (${strongEvidence(situation, server).join('; ')}), but is not in the configuration: add it to servers.`;

/** Found, and not asked yet. */
export const justFound = (situation: Situation): readonly ServerView[] =>
  discoveredOf(situation).filter(({ address }) => situation.state.servers.get(address)?.latest === undefined);

/** The same before any automatic move; and one that was found just now is asked first. */
export function mayBeUnlisted(situation: Situation): Decision | undefined {
  const asked = justFound(situation);
  if (asked.length === 0) return sourceUnlisted(situation);
  const are = asked.length === 1 ? ['was', 'is'] : ['were', 'are'];
  return holdWhileAsking(`${names(asked)} ${are[0]} discovered just now, and ${are[1]} still being asked.`);
}
