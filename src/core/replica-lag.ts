/** How far behind its source a server's data are, by whatever way they come to it: what decides whether it is read from. */

import { hasMajority, isOnlineIn, isPresentIn } from './membership.ts';
import { arePeers } from './multi-primary.ts';
import type { Situation } from './situation.ts';
import type { ServerView } from './topology.ts';

/** Seconds; undefined where it replicates from no member, or where nobody knows how far behind it is. */
export function replicaLag(situation: Situation, source: ServerView | undefined, replica: ServerView): number | undefined {
  const known = [ofChannels(replica), ofGroup(source, replica), ofGalera(situation, source, replica), ofAurora(replica)].filter(
    (lag) => lag !== undefined,
  );
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Several sources: the best of them is the one that it is read for. One that is delayed on purpose has no lag until the next write; but then it will have. */
function ofChannels({ upstreams }: ServerView): number | undefined {
  const lags = upstreams.flatMap(({ state, member, outsider, channel: { applier, lagSeconds, delaySeconds = 0 } }) =>
    state === 'streams' && member !== undefined && !outsider && applier === 'on' && lagSeconds !== undefined
      ? [Math.max(lagSeconds, delaySeconds)]
      : [],
  );
  return lags.length === 0 ? undefined : Math.min(...lags);
}

/** A member of the source's group that is ONLINE there, and sees a majority of it. */
function ofGroup(source: ServerView | undefined, { facts }: ServerView): number | undefined {
  if (facts?.group === undefined || !isOnlineIn(facts.group, facts.id) || !hasMajority(facts.group)) return undefined;
  return isPresentIn(facts.group, source?.id) ? facts.group.lagSeconds : undefined;
}

/** Flow control keeps the queue of a synced node short, so it counts as in step. */
function ofGalera({ members }: Situation, source: ServerView | undefined, replica: ServerView): number | undefined {
  const wsrep = replica.facts?.wsrep;
  if (source === undefined || !replica.writable || wsrep?.state !== 'synced' || wsrep.desynced) return undefined;
  return arePeers(members, source, replica) ? 0 : undefined;
}

const ofAurora = ({ facts, writable }: ServerView): number | undefined =>
  writable ? undefined : facts?.managed?.members.find(({ name }) => name === facts.managed?.self)?.lagSeconds;
