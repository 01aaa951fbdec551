/** The way back from a move by mistake: what a person's plain command may do, although the target is a former source (rule 4). */

import { countGtids, subtract } from '../gtid/gtid.ts';
import type { ServerView } from '../observe/topology.ts';
import { disqualification } from './candidates.ts';
import { isSuperseded, type Situation } from './situation.ts';

/**
 * Why nothing is lost when the name goes back to that former source; undefined: something may be. The published server takes no writes, and the former source has all that it has
 * executed; where GTIDs do not tell, it is enough that the published server replicates from it.
 */
export function wayBack(situation: Situation, server: ServerView): string | undefined {
  const { published, ledger } = situation;
  if (
    ledger === undefined ||
    published?.facts === undefined ||
    published.writable ||
    !isSuperseded(situation, server)
  )
    return undefined;
  // Apart from that it is a former source it must be a candidate.
  if (disqualification({ ...situation, ledger: { ...ledger, was: [] } }, server) !== undefined)
    return undefined;
  const replicates = isReplicaOf(situation, published, server)
    ? `${published.address} is read-only and replicates from ${server.address}`
    : undefined;
  const [theirs, own] = [published.facts.gtidExecuted, server.facts?.gtidExecuted];
  if (theirs === undefined || own === undefined) return replicates;
  if (countGtids(subtract(theirs, own)) > 0) return undefined;
  return (
    replicates ?? `${published.address} is read-only, and ${server.address} has all that it has executed`
  );
}

/** By its newest answer, and now. */
export const isReplicaOf = ({ topology }: Situation, server: ServerView, source: ServerView): boolean =>
  topology.followersOf(source.address).some((follower) => follower.address === server.address);
