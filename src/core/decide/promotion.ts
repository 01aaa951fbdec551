/**
 * A promotion belongs to an incident: the source is lost, or makes way, and another server is promoted. A replica that somebody made writable while all was well is no
 * part of the incident that comes later (docs/decisions/003).
 */

import type { Moment, WallMs } from '../model/units.ts';
import { multiPrimaryOf } from '../observe/multi-primary.ts';
import type { ServerView } from '../observe/topology.ts';

/**
 * Whether the promotion of that server was seen, and proves something: the server was still read-only when it was asked after the published source was lost. So the loss came first.
 * Where the source was well after the promotion, or nobody knows which of the two came first, the server is a second writable server and no more: the source may only restart. The
 * promotion proves something all the same once that source was seen to close: somebody fenced it.
 */
export function isPromotedInIncident(
  published: ServerView | undefined,
  { promotedAt, shutAskedAt, address }: ServerView,
): boolean {
  if (promotedAt === undefined) return false;
  if (published === undefined || published.address === address || published.closedAt !== undefined)
    return true;
  if (published.lostAskedAt === undefined) return published.known === undefined;
  return shutAskedAt !== undefined && shutAskedAt >= published.lostAskedAt;
}

/** Whether the server was seen to be promoted, but not in this incident: that shows nothing. */
export const isPromotedOutsideIncident = (published: ServerView | undefined, server: ServerView): boolean =>
  server.promotedAt !== undefined && !isPromotedInIncident(published, server);

/** The reasons of a move that begins with a promotion. */
const beginWithPromotion: ReadonlySet<string> = new Set(['failover', 'switchover', 'group-primary']);

/**
 * When it was seen what a move rests on: a promoted server, and a published source that makes way for it. What a command or the followers ask for is seen now, however long
 * the server has been writable; so is the turn of a peer.
 */
export function moveSeenAt(
  reason: string,
  published: ServerView | undefined,
  target: ServerView,
  now: Moment,
): WallMs {
  const { promotedAt, writableSince, known } = target;
  if (!beginWithPromotion.has(reason) || promotedAt === undefined || multiPrimaryOf(known) !== undefined)
    return now.wall;
  const closedAt = published?.closedAt;
  return closedAt !== undefined && closedAt.mono > promotedAt ? closedAt.wall : (writableSince ?? now).wall;
}
