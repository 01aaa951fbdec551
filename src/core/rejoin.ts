/**
 * When a former source is a replica again, and what it has that the source lacks. A busy replica always lacks something now, so samples are compared in order:
 * attached, then a snapshot of the source, then reached here, then, with GTIDs, a later snapshot of the source that has all of its own. Without GTIDs nobody can tell
 * what it wrote by itself; in a Galera cluster it was let in again only after its state was compared, or replaced.
 */

import type { GtidSet } from './gtid.ts';
import { contains, countGtids, restrict, subtract } from './gtid.ts';
import { isInAuroraTable, isOnlineIn } from './membership.ts';
import { arePeers } from './multi-primary.ts';
import { isOwnOrigin } from './observation.ts';
import type { Rejoin } from './publication.ts';
import type { Situation } from './situation.ts';
import { isPublished } from './situation.ts';

import type { ServerView } from './topology.ts';
import type { MonoMs, ServerAddress } from './units.ts';
import { hasReached, isAtOrAfter, waypointOf } from './waypoint.ts';

/** The next state of every server's way back, from the newest observations. */
export function trackRejoins(situation: Situation): ReadonlyMap<ServerAddress, Rejoin> {
  const rejoins = new Map<ServerAddress, Rejoin>();
  const { published } = situation;
  if (published?.facts === undefined) return situation.publication.rejoins;
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
  if (track.rejoined || source.facts === undefined || member.facts === undefined || track.attachedAt === undefined) return track;
  const sourceAt = source.observedAt ?? track.attachedAt;
  if (track.target === undefined || isReset(source, track)) {
    const target = sourceAt > track.attachedAt ? waypointOf(source, member, line) : undefined;
    return target ? { ...track, target } : track;
  }
  if (track.executed === undefined) {
    if (!hasReached(source, member, track.target)) return track;
    return track.target.kind === 'gtids' ? { ...track, ...executedBy(member, track.attachedAt, line) } : { ...track, rejoined: true };
  }
  if (sourceAt <= track.executed.at) return track;
  if (source.facts.gtidExecuted && contains(source.facts.gtidExecuted, track.executed.set)) return { ...track, rejoined: true };
  return { ...track, ...executedBy(member, track.attachedAt, line) };
}

const executedBy = ({ facts, observedAt }: ServerView, attachedAt: MonoMs, line: (uuid: string) => boolean): Pick<Rejoin, 'executed'> =>
  facts?.gtidExecuted ? { executed: { set: restrict(facts.gtidExecuted, line), at: observedAt ?? attachedAt } } : {};

/** The source's binary log began anew: the old place is in no file of it. */
const isReset = ({ facts }: ServerView, { target }: Rejoin): boolean =>
  target?.kind === 'coordinates' && facts?.binlogEnd !== undefined && !isAtOrAfter(facts.binlogEnd, target.at);

/**
 * Its receiver is on to the published source and its applier runs; or both are in one cluster that admits nobody with transactions of its own, whatever their roles. An old
 * view of that cluster does not do, for snapshots that were taken later are compared.
 */
function isAttached({ published, topology }: Situation, member: ServerView): boolean {
  if (published === undefined || member.facts === undefined) return false;
  if (areTogether(topology.servers, published, member)) return true;
  if (!topology.followersOf(published.address).includes(member)) return false;
  return member.upstreams.some((upstream) => upstream.member === published.address && upstream.channel.applier === 'on');
}

function areTogether(members: readonly ServerView[], source: ServerView, member: ServerView): boolean {
  const [theirs, own] = [source.facts, member.facts];
  if (theirs === undefined || own === undefined) return false;
  if (theirs.wsrep && own.wsrep) return own.wsrep.state === 'synced' && own.wsrep.primaryComponent && arePeers(members, source, member);
  if (theirs.managed?.kind === 'aurora') return !member.writable && isInAuroraTable(theirs, own.id) && isInAuroraTable(own, theirs.id);
  return [theirs.id, own.id].every((id) => isOnlineIn(theirs.group, id));
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
  const together = areTogether(situation.members, source, member);
  // Each node of a Galera cluster applies in its own time what all of them have agreed on; so does each member of a group what is committed under the group's name.
  if (together && source.facts?.wsrep) return before;
  const groupName = together ? source.facts?.group?.name : undefined;
  // A semi-synchronous source has a commit in its own set only when replicas acknowledged it: an attached replica may be ahead by what it was just sent.
  const sender = isAttached(situation, member) ? source.facts : undefined;
  const errant = countGtids(
    // In this order: MariaDB's positions are compared by what both have, so nothing may be left out before.
    restrict(subtract(own, theirs), (uuid) => line(uuid) && uuid !== groupName && !(sender && isOwnOrigin(sender, uuid))),
  );
  return { ...before, errant, comparedAt: source.observedAt };
}
