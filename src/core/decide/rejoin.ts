/**
 * When a former source is a replica again, and what it has that the source lacks. A busy replica always lacks something now, so samples are compared in order:
 * attached, then a snapshot of the source, then reached here, then, with GTIDs, a later snapshot of the source that has all of its own. In which terms, comparison.ts says.
 * Without GTIDs nobody can tell what it wrote by itself; in a Galera cluster it was let in again only after its state was compared, or replaced.
 */

import { contains, countGtids, restrict, subtract } from '../gtid/gtid.ts';
import { hasEveryGtid, isOwnOrigin, writesWithoutGtids } from '../model/observation.ts';
import type { Rejoin, Waypoint } from '../model/publication.ts';
import type { MonoMs, ServerAddress } from '../model/units.ts';
import { type Comparison, comparisonOf, gtidsOf, idleObstacle } from '../observe/comparison.ts';
import { isInAuroraTable, isOnlineIn } from '../observe/membership.ts';
import { arePeers } from '../observe/multi-primary.ts';
import type { ServerView } from '../observe/topology.ts';
import { hasReached, isAtOrAfter, reachedWords, waypointOf } from '../observe/waypoint.ts';
import { hopsFrom, waysToSource } from './replica-lag.ts';
import { isPublished, isSuperseded, type Situation } from './situation.ts';

/** The next state of every server's way back, from the newest observations. */
export function trackRejoins(situation: Situation): ReadonlyMap<ServerAddress, Rejoin> {
  const rejoins = new Map<ServerAddress, Rejoin>();
  const { published } = situation;
  if (published?.facts === undefined) return situation.publication.evidence.rejoins;
  for (const member of situation.members) {
    if (isPublished(situation, member)) continue;
    rejoins.set(member.address, trackOne(situation, published, member));
  }
  return rejoins;
}

function trackOne(situation: Situation, source: ServerView, member: ServerView): Rejoin {
  const known = situation.publication.evidence.rejoins.get(member.address);
  const isSame = known !== undefined && known.source === source.id;
  const isHidden =
    (member.known !== undefined && writesWithoutGtids(member.known)) ||
    (known?.hidden === true && (isSame || !known.rejoined));
  const fresh: Rejoin = { source: source.id, rejoined: false, hidden: isHidden };
  const before: Rejoin = isSame ? { ...known, ...fresh, rejoined: known.rejoined } : fresh;
  const compared = compareErrant(situation, source, member, before);
  if (!isAttached(situation, member)) {
    const { errant, comparedAt } = compared;
    return { ...fresh, errant, comparedAt };
  }
  const attached = { ...compared, attachedAt: before.attachedAt ?? situation.now.mono };
  return advance(source, member, attached, lineOf(situation, source));
}

function advance(
  source: ServerView,
  member: ServerView,
  begun: Rejoin,
  line: (uuid: string) => boolean,
): Rejoin {
  const comparison = comparisonOf(source, member);
  const { attachedAt } = begun;
  if (begun.rejoined || comparison === undefined || attachedAt === undefined) return begun;
  const track = withBaseline(source, comparison, begun);
  const sourceAt = source.observedAt ?? attachedAt;
  // With another gtid_mode the old snapshot is in terms that one of them does not tell any more.
  if (track.target?.kind !== comparison.kind || isReset(source, track.target)) {
    const isDue = sourceAt > attachedAt && !isBlind(comparison, source, track);
    const target = isDue ? waypointOf(source, comparison, line) : undefined;
    return { ...track, executed: undefined, target };
  }
  if (track.executed !== undefined)
    return sourceAt > track.executed.at ? confirm(source, member, track, line) : track;
  if (!hasReached(source, member, track.target)) return track;
  const own =
    source.facts && gtidsOf(source.facts) && isOfServers(track.target)
      ? executedBy(member, attachedAt, line)
      : {};
  return own.executed ? { ...track, ...own } : { ...track, rejoined: true };
}

function withBaseline({ facts }: ServerView, comparison: Comparison, track: Rejoin): Rejoin {
  if (track.baseline || !isIncomplete(comparison) || facts?.gtidExecuted === undefined) return track;
  return { ...track, baseline: facts.gtidExecuted };
}

const isIncomplete = (comparison: Comparison): boolean => comparison.kind === 'gtids' && !comparison.complete;

/** A later snapshot of the source must have all that the replica had. */
function confirm(
  source: ServerView,
  member: ServerView,
  track: Rejoin,
  line: (uuid: string) => boolean,
): Rejoin {
  const theirs = source.facts && gtidsOf(source.facts);
  const hasAll = theirs === undefined || track.executed === undefined || contains(theirs, track.executed.set);
  return hasAll
    ? { ...track, rejoined: true }
    : { ...track, ...executedBy(member, track.attachedAt ?? track.executed.at, line) };
}

/** What the replica wrote by itself is asked, too, as far as it has GTIDs; a cluster that shares its data has asked before. */
const isOfServers = ({ kind }: Waypoint): boolean => kind !== 'write-set' && kind !== 'shared';

/**
 * Before the source had this gtid_mode, what it wrote had no GTID, so a set that both have may be old. The replica that gets a transaction which the source committed since
 * has executed all that lies before it in the source's binary log.
 */
const isBlind = (comparison: Comparison, source: ServerView, { baseline }: Rejoin): boolean =>
  isIncomplete(comparison) &&
  (baseline === undefined ||
    source.facts?.gtidExecuted === undefined ||
    contains(baseline, source.facts.gtidExecuted));

/** How a former source has come back: reads on from its address. */
export function backWords(situation: Situation, former: ServerAddress, source: ServerAddress): string {
  const track = situation.publication.evidence.rejoins.get(former);
  const member = situation.members.find(({ address }) => address === former);
  const through = member && !isDirect(situation, member) ? throughOf(situation, member) : undefined;
  return `${former} ${reachedWords(track?.target, through === undefined ? source : `${source} through ${through}`, track?.hidden === true)}`;
}

/** Why nobody can tell when a former source that replicates from the published one has caught up; undefined where it can be told, or is not asked. */
export function incomparable(situation: Situation, member: ServerView): string | undefined {
  const { published } = situation;
  const track = situation.publication.evidence.rejoins.get(member.address);
  if (published === undefined || track === undefined || track.rejoined || track.target) return undefined;
  const comparison = comparisonOf(published, member);
  if (!isAttached(situation, member)) return comparison && onlyDirect(situation, published, member);
  if (comparison?.kind === 'none') return comparison.because;
  if (comparison === undefined || !isBlind(comparison, published, track)) return undefined;
  return idleObstacle(published, member);
}

/** Not where other alarms tell what to do with its own transactions first, nor while it is in doubt who the source is. */
function onlyDirect(situation: Situation, source: ServerView, member: ServerView): string | undefined {
  const { decision } = situation.publication;
  const { rejoins } = situation.publication.evidence;
  if (decision.kind === 'hold' || member.writable || (rejoins.get(member.address)?.errant ?? 0) > 0)
    return undefined;
  const through = throughOf(situation, member);
  return (
    through &&
    `it does so through ${through}, and without complete GTIDs only a direct replica tells: make it one of ${source.address}`
  );
}

const executedBy = (
  { facts, observedAt }: ServerView,
  attachedAt: MonoMs,
  line: (uuid: string) => boolean,
): Pick<Rejoin, 'executed'> => {
  const own = facts && gtidsOf(facts);
  return own ? { executed: { set: restrict(own, line), at: observedAt ?? attachedAt } } : {};
};

/** The source's binary log began anew: the old place is in no file of it. */
const isReset = ({ facts }: ServerView, target: Waypoint): boolean =>
  'at' in target && facts?.binlogEnd !== undefined && !isAtOrAfter(facts.binlogEnd, target.at);

/** It gets the source's data: from the source, or, where complete sets tell what arrives, through other servers. */
function isAttached(situation: Situation, member: ServerView): boolean {
  if (isDirect(situation, member)) return true;
  const { published } = situation;
  return (
    published !== undefined &&
    [published, member].every(tellsAll) &&
    throughOf(situation, member) !== undefined
  );
}

/**
 * Its receiver is on to the published source and its applier runs; or both are in one cluster that admits nobody with transactions of its own, whatever their roles. An old
 * view of that cluster does not do, for snapshots that were taken later are compared.
 */
function isDirect({ published, topology }: Situation, member: ServerView): boolean {
  if (published === undefined || member.facts === undefined) return false;
  if (areTogether(topology.servers, published, member)) return true;
  if (!topology.followersOf(published.address).includes(member)) return false;
  return member.upstreams.some(
    (upstream) => upstream.member === published.address && upstream.channel.applier === 'on',
  );
}

/** Its set leaves nothing out of what it has executed. */
const tellsAll = ({ facts }: ServerView): boolean => facts?.gtidExecuted !== undefined && hasEveryGtid(facts);

/**
 * The server in the middle from which a former source replicates, and so gets the data of the published source; undefined: no way leads there, or one of its servers has no fresh
 * answer. Whether a member of the source's own cluster is back, `areTogether` tells alone.
 */
function throughOf(situation: Situation, member: ServerView): ServerAddress | undefined {
  if (!isSuperseded(situation, member)) return undefined;
  const hops = hopsFrom(waysToSource(situation), member.address);
  const [first] = hops;
  if (first?.how !== 'channel' || first.upstream === situation.published?.address) return undefined;
  const isFresh = (replica: ServerAddress) =>
    situation.topology.servers.find(({ address }) => address === replica)?.facts !== undefined;
  return hops.every(({ replica }) => isFresh(replica)) ? first.upstream : undefined;
}

function areTogether(members: readonly ServerView[], source: ServerView, member: ServerView): boolean {
  const [theirs, own] = [source.facts, member.facts];
  if (theirs === undefined || own === undefined) return false;
  if (theirs.wsrep && own.wsrep)
    return own.wsrep.state === 'synced' && own.wsrep.primaryComponent && arePeers(members, source, member);
  if (theirs.managed?.kind === 'aurora')
    return !member.writable && isInAuroraTable(theirs, own.id) && isInAuroraTable(own, theirs.id);
  return [theirs.id, own.id].every((id) => isOnlineIn(theirs.group, id));
}

/** The transactions that count: those of servers that the source has executed anything of, and those of the members themselves. Another cluster's do not. */
function lineOf({ members }: Situation, source: ServerView): (uuid: string) => boolean {
  const sources = new Set(
    [...((source.facts && gtidsOf(source.facts))?.keys() ?? [])].map((key) => key.slice(0, 36)),
  );
  const known = members.flatMap((member) => member.known ?? []);
  return (uuid) => sources.has(uuid) || known.some((facts) => isOwnOrigin(facts, uuid));
}

/** Counts what the member has and the source lacks, each time that the source was observed after the member. */
function compareErrant(situation: Situation, source: ServerView, member: ServerView, before: Rejoin): Rejoin {
  const own = member.facts && gtidsOf(member.facts);
  const theirs = source.facts && gtidsOf(source.facts);
  if (
    own === undefined ||
    theirs === undefined ||
    member.observedAt === undefined ||
    source.observedAt === undefined
  )
    return before;
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
    restrict(
      subtract(own, theirs),
      (uuid) => line(uuid) && uuid !== groupName && !(sender && isOwnOrigin(sender, uuid)),
    ),
  );
  return { ...before, errant, comparedAt: source.observedAt };
}
