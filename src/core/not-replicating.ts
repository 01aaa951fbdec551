/** Replicas of the published source that get nothing of it while it is well: when it is gone, they are behind by all of that. */

import { starting } from './advice.ts';
import type { Alarm } from './events.ts';
import type { Channel } from './observation.ts';
import type { Situation } from './situation.ts';
import { claimOf, isIdentifiedAs } from './source-of.ts';
import type { ServerView } from './topology.ts';

/**
 * The alarm `not-replicating` of a server whose channel from the published source is stopped, or fails. Not while that source is away: then every replica's is. A receiver that is just
 * connecting has no error yet.
 */
export function notReplicatingAlarm({ published }: Situation, replica: ServerView): readonly Alarm[] {
  if (published?.facts === undefined || !published.writable || replica.facts === undefined) return [];
  const stopped = replica.facts.channels.find((channel) => isFrom(published, channel) && isStopped(channel));
  if (stopped === undefined) return [];
  const { name, receiver, applier, lastError } = stopped;
  // Somebody may need it stopped: for a backup, or because it still has what was deleted on the source by mistake.
  const why =
    lastError === undefined
      ? `; it was stopped, or never started. If nobody needs it stopped: ${starting(replica.facts, name)}`
      : ` (${lastError}).`;
  return [
    {
      code: 'not-replicating',
      subject: replica.address,
      sentence: `${replica.address} does not replicate from the source ${published.address}: receiver ${receiver}, applier ${applier}${why}`,
    },
  ];
}

const isFrom = ({ address, facts }: ServerView, channel: Channel): boolean =>
  claimOf(channel) === undefined || facts === undefined ? channel.sourceAddress === address : isIdentifiedAs(channel, facts);

const isStopped = ({ receiver, applier, lastError }: Channel): boolean =>
  receiver === 'off' || applier === 'off' || (receiver === 'connecting' && lastError !== undefined);
