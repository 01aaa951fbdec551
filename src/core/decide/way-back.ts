/** The way back from a mistaken move: a plain command may name a former source (rule 4). */

import { countGtids, subtract } from '../gtid/gtid.ts';
import type { ServerView } from '../observe/topology.ts';
import { disqualification } from './candidates.ts';
import { isSuperseded, type Situation } from './situation.ts';

/**
 * Why nothing is lost by going back to that former source; undefined: something may be lost. The published
 * server takes no writes, and the former source has everything that it has executed.
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
  // Except for being a former source it must be a candidate.
  if (disqualification({ ...situation, ledger: { ...ledger, was: [] } }, server) !== undefined)
    return undefined;
  const replicates = isReplicaOf(situation, published, server)
    ? `${published.address} is read-only and replicates from ${server.address}`
    : undefined;
  const [theirs, own] = [published.facts.gtidExecuted, server.facts?.gtidExecuted];
  if (theirs === undefined || own === undefined) return replicates;
  if (countGtids(subtract(theirs, own)) > 0) return undefined;
  return (
    replicates ??
    `${published.address} is read-only, and ${server.address} has everything that ${published.address} has executed`
  );
}

export const isReplicaOf = ({ topology }: Situation, server: ServerView, source: ServerView): boolean =>
  topology.followersOf(source.address).some((follower) => follower.address === server.address);
