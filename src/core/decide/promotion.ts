/** A promotion proves something only within its incident (docs/decisions/003). */

import type { Moment, WallMs } from '../model/units.ts';
import { multiPrimaryOf } from '../observe/multi-primary.ts';
import type { ServerView } from '../observe/topology.ts';

/**
 * Whether the loss of the published source came before the promotion: the server was still read-only when it
 * was asked after the loss; or the published source was seen to close, so somebody fenced it.
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

/** Whether the server was promoted, but not in this incident: that proves nothing. */
export const isPromotedOutsideIncident = (published: ServerView | undefined, server: ServerView): boolean =>
  server.promotedAt !== undefined && !isPromotedInIncident(published, server);

const beginWithPromotion: ReadonlySet<string> = new Set(['failover', 'switchover', 'group-primary']);

/** When the evidence for a move was seen: the promotion, or the published source's closing if later. */
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
