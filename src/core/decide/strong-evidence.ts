/** Strong evidence: what shows that a writable server was meant to be the source. */

import { isWriterByTable, whoCount } from '../observe/membership.ts';
import { firstOfEach, multiPrimaryOf } from '../observe/multi-primary.ts';
import { leadsTo } from '../observe/source-of.ts';
import type { ServerView } from '../observe/topology.ts';
import { isBelow } from './circles.ts';
import { electionOf, isLeftToGroup } from './elections.ts';
import { isPromotedInIncident } from './promotion.ts';
import type { Situation } from './situation.ts';

/** Empty: only weak evidence. */
export function strongEvidence(situation: Situation, server: ServerView): readonly string[] {
  const evidence: string[] = [];
  if (isPromotedInIncident(situation.published, server) && !isLeftToGroup(situation, server))
    evidence.push('its promotion was seen');
  const followers = situation.topology.followersOf(server.address);
  if (followers.length > 0 && !isStillReplicaOfPublished(situation, server))
    evidence.push(
      `${followers.map((follower) => follower.address).join(', ')} ${followers.length === 1 ? 'replicates' : 'replicate'} from it`,
    );
  const election = electionOf(situation, server);
  if (election !== undefined) evidence.push(election);
  const cluster = multiPrimaryOf(server.known);
  if (cluster !== undefined && cluster === publishedCluster(situation))
    evidence.push(`it writes in the same cluster as ${situation.ledger?.source}`);
  if (server.known && isWriterByTable(server.known))
    evidence.push("its cluster's own table names it the writer");
  return evidence;
}

/**
 * Its replicas prove nothing: they were there while it was an intermediate source. It still is one, or its
 * channel is only stopped without a promotion in this incident.
 */
function isStillReplicaOfPublished(situation: Situation, server: ServerView): boolean {
  const { published } = situation;
  if (published === undefined || server === published) return false;
  return (
    isBelow(situation, server, published) ||
    (isStoppedReplicaOf(server, published) && !isPromotedInIncident(published, server))
  );
}

const isStoppedReplicaOf = ({ known }: ServerView, source: ServerView): boolean =>
  known?.channels.some((channel) => channel.receiver === 'off' && leadsTo(channel, source)) ?? false;

/** The published source's multi-primary cluster; before its first answer: by the ledger's mark. */
const publishedCluster = ({ published, ledger }: Situation): string | undefined =>
  published?.known ? multiPrimaryOf(published.known) : ledger?.line?.uuid;

/** Members that still count the silent published source as present in their cluster. */
export const whoStillCount = (
  { members, ledger, state }: Situation,
  published: ServerView,
): readonly ServerView[] => {
  const named = { ...published, id: published.id ?? ledger?.uuid };
  return whoCount(members, named, state.settings.watch.freshForMs);
};

/** The candidates with strong evidence, one of each multi-primary cluster. */
export const provenCandidates = (situation: Situation): readonly ServerView[] =>
  firstOfEach(
    situation.members,
    situation.candidates.filter((candidate) => strongEvidence(situation, candidate).length > 0),
  );
