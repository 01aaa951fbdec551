/**
 * When a former source is a replica again. A busy replica always lacks something, so samples are compared in
 * order:
 * 1. It is attached to the source.
 * 2. A snapshot of the source is taken.
 * 3. The former source reaches that snapshot.
 * 4. With GTIDs: a later snapshot of the source has everything that the former source has.
 */

import { contains, countGtids, restrict, subtract } from '../gtid/gtid.ts';
import type { GtidSet } from '../gtid/gtid-set.ts';
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

/** The next state of every server's way back, by the newest observations. */
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
  const before: Rejoin = isSame ? { ...known, hidden: isHidden } : fresh;
  const compared = compareErrant(situation, source, member, before);
  if (!isAttached(situation, member)) {
    const { errant, comparedAt } = compared;
    return { ...fresh, errant, comparedAt };
  }
  const { attachedAt = situation.now.mono } = before;
  const attached = compared.attachedAt === attachedAt ? compared : { ...compared, attachedAt };
  return attached.rejoined ? attached : advance(source, member, attached, lineOf(situation, source));
}

function advance(
  source: ServerView,
  member: ServerView,
  begun: Rejoin,
  line: (uuid: string) => boolean,
): Rejoin {
  const comparison = comparisonOf(source, member);
  const { attachedAt } = begun;
  if (comparison === undefined || attachedAt === undefined) return begun;
  const track = withBaseline(source, comparison, begun);
  const sourceAt = source.observedAt ?? attachedAt;
  // The gtid_mode changed: the old snapshot cannot be compared any more.
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

/** A later snapshot of the source must have everything that the replica had. */
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

/** Whether the replica's own GTIDs must be compared. Clusters with shared data compared them at the join. */
const isOfServers = ({ kind }: Waypoint): boolean => kind !== 'write-set' && kind !== 'shared';

/**
 * The source's earlier transactions may have no GTID, so equal sets may be old. Only a transaction that the
 * source committed since then proves that the replica has everything before it.
 */
const isBlind = (comparison: Comparison, source: ServerView, { baseline }: Rejoin): boolean =>
  isIncomplete(comparison) &&
  (baseline === undefined ||
    source.facts?.gtidExecuted === undefined ||
    contains(baseline, source.facts.gtidExecuted));

/** How a former source came back, with its address. */
export function backWords(situation: Situation, former: ServerAddress, source: ServerAddress): string {
  const track = situation.publication.evidence.rejoins.get(former);
  const member = situation.members.find(({ address }) => address === former);
  const through = member && !isDirect(situation, member) ? throughOf(situation, member) : undefined;
  return `${former} ${reachedWords(track?.target, through === undefined ? source : `${source} through ${through}`, track?.hidden === true)}`;
}

/** Why nothing shows when a former source that replicates from the published source has caught up. */
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

/** Silent if its own transactions come first (another alarm), or if the source is in doubt. */
function onlyDirect(situation: Situation, source: ServerView, member: ServerView): string | undefined {
  const { decision } = situation.publication;
  const { rejoins } = situation.publication.evidence;
  if (decision.kind === 'hold' || member.writable || (rejoins.get(member.address)?.errant ?? 0) > 0)
    return undefined;
  const through = throughOf(situation, member);
  return (
    through &&
    `it replicates through ${through}, and without complete GTIDs only a direct replica can be compared: make it a direct replica of ${source.address}`
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

/** The source's binary log began anew: the old position is in no file. */
const isReset = ({ facts }: ServerView, target: Waypoint): boolean =>
  'at' in target && facts?.binlogEnd !== undefined && !isAtOrAfter(facts.binlogEnd, target.at);

/** It gets the source's data: directly, or through other servers if both sets are complete. */
function isAttached(situation: Situation, member: ServerView): boolean {
  if (isDirect(situation, member)) return true;
  const { published } = situation;
  return (
    published !== undefined &&
    [published, member].every(tellsAll) &&
    throughOf(situation, member) !== undefined
  );
}

/** It streams from the published source and applies; or both are in one cluster, by fresh answers. */
function isDirect({ published, topology }: Situation, member: ServerView): boolean {
  if (published === undefined || member.facts === undefined) return false;
  if (areTogether(topology.servers, published, member)) return true;
  if (!topology.followersOf(published.address).includes(member)) return false;
  return member.upstreams.some(
    (upstream) => upstream.member === published.address && upstream.channel.applier === 'on',
  );
}

/** Its set has everything that it has executed. */
const tellsAll = ({ facts }: ServerView): boolean => facts?.gtidExecuted !== undefined && hasEveryGtid(facts);

/**
 * The server through which a former source gets the published source's data. Undefined: there is no such way,
 * or a server on it has no fresh answer.
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

/**
 * Counts transactions of servers of which the source has executed any, and of the members themselves. Most
 * servers lack nothing and have nothing more, and then nobody asks.
 */
function lineOf({ members }: Situation, source: ServerView): (uuid: string) => boolean {
  let sources: ReadonlySet<string> | undefined;
  return (uuid) => {
    sources ??= originsOf(source);
    return sources.has(uuid) || members.some(({ known }) => known !== undefined && isOwnOrigin(known, uuid));
  };
}

const originsOf = ({ facts }: ServerView): ReadonlySet<string> =>
  new Set([...((facts && gtidsOf(facts))?.keys() ?? [])].map((key) => key.slice(0, 36)));

/** Counts what the member has and the source lacks, whenever the source was observed after the member. */
function compareErrant(situation: Situation, source: ServerView, member: ServerView, before: Rejoin): Rejoin {
  if (member.observedAt === undefined || source.observedAt === undefined) return before;
  if (source.observedAt <= member.observedAt || before.comparedAt === source.observedAt) return before;
  // Members of one cluster apply what all have agreed on at different times: that is not errant.
  if (source.facts?.wsrep && areTogether(situation.members, source, member)) return before;
  const errant = errantGtids(situation, source, member);
  if (errant === undefined) return before;
  return { ...before, errant: countGtids(errant), comparedAt: source.observedAt };
}

/** What the member has executed and the source lacks, by their newest answers; undefined: not known. */
export function errantGtids(
  situation: Situation,
  source: ServerView,
  member: ServerView,
): GtidSet | undefined {
  const own = member.facts && gtidsOf(member.facts);
  const theirs = source.facts && gtidsOf(source.facts);
  if (own === undefined || theirs === undefined) return undefined;
  const line = lineOf(situation, source);
  const groupName = areTogether(situation.members, source, member) ? source.facts?.group?.name : undefined;
  // A semi-synchronous source shows a commit only after an acknowledgement: its replica may be ahead by it.
  const sender = isAttached(situation, member) ? source.facts : undefined;
  return restrict(
    // MariaDB's positions are compared by what both have, so first subtract, then restrict.
    subtract(own, theirs),
    (uuid) => line(uuid) && uuid !== groupName && !(sender && isOwnOrigin(sender, uuid)),
  );
}
