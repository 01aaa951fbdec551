/**
 * When a former source is a replica again, and what it has that the source lacks. A busy replica always lacks something now, so samples are compared in order:
 * attached, then a snapshot of the source, then executed here, then a later snapshot of the source that has all of it.
 */

import type { GtidSet } from './gtid.ts';
import { contains, countGtids, restrict, subtract } from './gtid.ts';
import { isOwnOrigin } from './observation.ts';
import type { Situation } from './situation.ts';
import { isPublished } from './situation.ts';
import type { Rejoin } from './state.ts';
import type { ServerView } from './topology.ts';
import type { ServerAddress } from './units.ts';

/** The next state of every server's way back, from the newest observations. */
export function trackRejoins(situation: Situation): ReadonlyMap<ServerAddress, Rejoin> {
  const rejoins = new Map<ServerAddress, Rejoin>();
  const { published } = situation;
  if (published?.facts?.gtidExecuted === undefined) return situation.publication.rejoins;
  for (const member of situation.members) {
    if (isPublished(situation, member)) continue;
    rejoins.set(member.address, trackOne(situation, published, member));
  }
  return rejoins;
}

function trackOne(situation: Situation, source: ServerView, member: ServerView): Rejoin {
  const known = situation.publication.rejoins.get(member.address);
  const before: Rejoin = known?.source === source.id && known !== undefined ? known : fresh(source);
  const compared = compareErrant(situation, source, member, before);
  if (!isAttached(situation, member)) {
    const { errant, comparedAt } = compared;
    return { ...fresh(source), ...(errant === undefined ? {} : { errant }), ...(comparedAt === undefined ? {} : { comparedAt }) };
  }
  return advance(source, member, { ...compared, attachedAt: before.attachedAt ?? situation.now.mono }, lineOf(situation, source));
}

const fresh = ({ id }: ServerView): Rejoin => ({ ...(id === undefined ? {} : { source: id }), rejoined: false });

function advance(source: ServerView, member: ServerView, track: Rejoin, line: (uuid: string) => boolean): Rejoin {
  const sourceSet = source.facts?.gtidExecuted;
  const ownSet = member.facts?.gtidExecuted;
  if (track.rejoined || sourceSet === undefined || ownSet === undefined || track.attachedAt === undefined) return track;
  const sourceAt = source.observedAt ?? track.attachedAt;
  const ownAt = member.observedAt ?? track.attachedAt;
  if (track.target === undefined) return sourceAt > track.attachedAt ? { ...track, target: restrict(sourceSet, line) } : track;
  if (track.executed === undefined) {
    return contains(ownSet, track.target) ? { ...track, executed: { set: restrict(ownSet, line), at: ownAt } } : track;
  }
  if (sourceAt <= track.executed.at) return track;
  if (contains(sourceSet, track.executed.set)) return { ...track, rejoined: true };
  return { ...track, executed: { set: restrict(ownSet, line), at: ownAt } };
}

/**
 * Its receiver is on to the published source and its applier runs; or both are ONLINE in one group, whatever their roles: a group admits nobody with transactions of
 * its own, and an old view does not do, for snapshots that were taken later are compared.
 */
function isAttached({ published, topology }: Situation, member: ServerView): boolean {
  if (published === undefined || member.facts === undefined) return false;
  const view = published.facts?.group?.members ?? [];
  if ([published.id, member.id].every((id) => view.some((other) => other.id === id && other.state === 'ONLINE'))) return true;
  if (!topology.followersOf(published.address).includes(member)) return false;
  return member.upstreams.some((upstream) => upstream.member === published.address && upstream.channel.applier === 'on');
}

/** The transactions that count: those of servers that the source has executed anything of, and those of the members themselves. Another cluster's do not. */
function lineOf({ members }: Situation, source: ServerView): (uuid: string) => boolean {
  const sources = new Set([...(source.facts?.gtidExecuted?.keys() ?? [])].map((key) => key.slice(0, 36)));
  const known = members.flatMap((member) => member.known ?? []);
  return (uuid) => sources.has(uuid) || known.some((facts) => isOwnOrigin(facts, uuid));
}

/** Counts what the member has and the source lacks, each time that the source was observed after the member. */
function compareErrant(situation: Situation, source: ServerView, member: ServerView, before: Rejoin): Rejoin {
  const own: GtidSet | undefined = member.facts?.gtidExecuted;
  const theirs = source.facts?.gtidExecuted;
  if (own === undefined || theirs === undefined || member.observedAt === undefined || source.observedAt === undefined) return before;
  if (source.observedAt <= member.observedAt || before.comparedAt === source.observedAt) return before;
  const line = lineOf(situation, source);
  // A semi-synchronous source has a commit in its own set only when replicas acknowledged it: an attached replica may be ahead by what it was just sent.
  const sender = isAttached(situation, member) ? source.facts : undefined;
  const errant = countGtids(
    // In this order: MariaDB's positions are compared by what both have, so nothing may be left out before.
    restrict(subtract(own, theirs), (uuid) => line(uuid) && !(sender && isOwnOrigin(sender, uuid))),
  );
  return { ...before, errant, comparedAt: source.observedAt };
}
