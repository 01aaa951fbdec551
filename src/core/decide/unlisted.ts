/** What a discovered server counts for: it is evidence, and never a candidate (docs/decisions/013). */

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
 * Verified and of this replication: it replicates from a member; or it belongs to the line, and others follow
 * it or it follows no outsider.
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

/** Rule 9 counts these among the other servers while they answer. */
export const othersUnlisted = (situation: Situation): readonly ServerView[] =>
  discoveredOf(situation).filter((server) => takesPart(situation, server));

/** Those with strong evidence, by their newest answers (docs/decisions/008). */
export const unlistedSources = (situation: Situation): readonly ServerView[] =>
  unlistedWriters(situation).filter((server) => strongEvidence(situation, server).length > 0);

/** Those that take writes and were promoted or are followed. Peers of a candidate do not count. */
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

/** Holds the name while a server that is not configured looks like the source. */
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

/** Found, but not asked yet. */
export const justFound = (situation: Situation): readonly ServerView[] =>
  discoveredOf(situation).filter(({ address }) => situation.state.servers.get(address)?.latest === undefined);

/** The same before an automatic move. A server that was just found is asked first. */
export function mayBeUnlisted(situation: Situation): Decision | undefined {
  const asked = justFound(situation);
  if (asked.length === 0) return sourceUnlisted(situation);
  const are = asked.length === 1 ? ['was', 'is'] : ['were', 'are'];
  return holdWhileAsking(`${names(asked)} ${are[0]} discovered just now, and ${are[1]} still being asked.`);
}
