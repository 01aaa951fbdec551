/**
 * S1 and S4: what must hold when an update leaves, by what its sender knew until then. Each function returns
 * the broken promise, or undefined.
 */

import { contains } from '../../../src/core/gtid/gtid.ts';
import type { Ledger } from '../../../src/core/model/ledger.ts';
import { isWritable, type ServerFacts } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { Change } from '../../../src/core/model/zone.ts';
import { hostOf, settleMs, sourceName } from '../world/settings.ts';
import {
  certainFacts,
  followersOf,
  freshFacts,
  heardFollowersOf,
  isPromotedInIncident,
  type Sight,
  saysOffline,
  upstreams,
} from '../world/sight.ts';

export interface Sending {
  readonly sight: Sight;
  readonly changes: readonly Change[];
  /** The ledger that the update writes. */
  readonly ledger: Ledger;
  /** The ledger that the sender had read when it decided. */
  readonly read: Ledger | undefined;
  /** The highest epoch that the sender knew. */
  readonly knownEpoch: number;
  readonly now: number;
  /** The true UUIDs of servers whose data is of no line of ours. */
  readonly strangers: ReadonlySet<string>;
  /**
   * The true primary of the group for as long as evidence may be old; undefined where that decides nothing.
   */
  readonly primaries: ReadonlySet<ServerAddress> | undefined;
  /** Whether the name is published as a CNAME. */
  readonly alias: boolean;
}

/**
 * Whether the update says where the name points. Else it changes only the ledger, or the RRset of the
 * replicas.
 */
export const pointsTheName = (changes: readonly Change[]): boolean =>
  changes.some((change) => change.kind === 'add-rrset' && change.rrset.name === sourceName);

export const isMove = ({ ledger, read }: Pick<Sending, 'ledger' | 'read'>): boolean =>
  read === undefined || ledger.epoch !== read.epoch;

export function brokenAtSending(sending: Sending): string | undefined {
  const { ledger, read, sight, changes } = sending;
  const moves = isMove(sending);
  if (!moves && read && (ledger.uuid !== read.uuid || ledger.source !== read.source))
    return 'S2 the source changes without an epoch';
  if (!moves && !pointsTheName(changes)) return undefined;
  const command = [...sight.commands.values()].find(
    (one) => one.kind === 'follow' && one.server === ledger.source && ledger.why === 'commanded',
  );
  if (!sight.members.includes(ledger.source)) return 'S1 points outside the inventory';
  if (moves && command?.kind === 'follow' && command.force)
    return command.althoughReadOnly ? undefined : forcedOnReplica(sending);
  const isAnnounced = ledger.why === 'commanded' && read?.next?.uuid === ledger.uuid;
  return unfit(sending) ?? (moves && command === undefined && !isAnnounced ? unproven(sending) : undefined);
}

/** S1: force is for what is unknown. */
function forcedOnReplica({ sight, ledger, now }: Sending): string | undefined {
  const facts = certainFacts(sight, ledger.source, now);
  return facts && !isWritable(facts) ? 'S1 is forced to a server that was just seen read-only' : undefined;
}

/**
 * A plain command of a person may name a former source if, by what the sender knew, the published server
 * takes no writes and has executed nothing that the former source lacks.
 */
export function isWayBack({ sight, ledger, read, now }: Sending): boolean {
  const isCommanded = [...sight.commands.values()].some(
    (one) => one.kind === 'follow' && one.server === ledger.source,
  );
  const published =
    read && sight.members.find((address) => sight.answers.get(address)?.facts.id === read.uuid);
  const [from, to] = [published && freshFacts(sight, published, now), freshFacts(sight, ledger.source, now)];
  if (!isCommanded || from === undefined || to === undefined || isWritable(from)) return false;
  if (from.gtidExecuted && to.gtidExecuted) return contains(to.gtidExecuted, from.gtidExecuted);
  return published !== undefined && followersOf(sight, ledger.source, now).includes(published);
}

/** S1: the server that the name is to point to, by the newest answer that was delivered. */
function unfit(sending: Sending): string | undefined {
  const { sight, ledger, read, now, strangers, changes, alias } = sending;
  const target = ledger.source;
  const facts = freshFacts(sight, target, now);
  if (facts === undefined) return 'S1 points to a server without a fresh observation';
  if (!isWritable(facts)) return 'S1 points to a read-only server';
  if (facts.id !== ledger.uuid) return 'S1 points to another server than it says';
  if (strangers.has(facts.id) && read !== undefined && read.uuid !== facts.id)
    return 'S1 points to a stranger';
  const isSuperseded = read?.was.some((former) => former.uuid === facts.id || former.address === target);
  if (isSuperseded && !isWayBack(sending) && !isOfLostLedger(sending))
    return 'S1 points to a superseded server';
  const followers = followersOf(sight, target, now);
  // A ring: a read-only member that this server replicates from replicates from this server.
  const isRing = (member: ServerAddress): boolean => {
    const its = freshFacts(sight, member, now);
    return its !== undefined && !isWritable(its) && followers.includes(member);
  };
  // A receiver may still try to connect to the dead source that this server took over from.
  const isLeft = (member: ServerAddress): boolean =>
    member === read?.source ||
    (target === read?.source && read.was.some((former) => former.address === member));
  const binding = upstreams(sight, facts).find(
    ({ channel, member }) =>
      member !== target && !(channel.receiver === 'on' ? isRing(member) : isLeft(member)),
  );
  if (binding) return 'S1 points to a replica of a member';
  const shown = changes.flatMap((change) =>
    change.kind === 'add-rrset' && change.rrset.name === sourceName ? (change.rrset.rdata as string[]) : [],
  );
  // The answer that came from there proves the address.
  return shown.some((address) => address !== (alias ? hostOf(target) : facts.peer))
    ? 'S1 publishes an address that is not the server'
    : undefined;
}

/** A lost ledger is written again for the server that it named, whatever an older one says. */
const isOfLostLedger = ({ sight, ledger, read, knownEpoch }: Sending): boolean =>
  (read === undefined || read.epoch < knownEpoch) && sight.epochOf === ledger.uuid;

/** S4: a move needs a reason that leaves no doubt. */
function unproven(sending: Sending): string | undefined {
  const { sight, ledger, read, now } = sending;
  const target = ledger.source;
  const { members } = sight;
  const others = members.filter((address) => address !== target);
  const reachable = others.filter((address) => freshFacts(sight, address, now) !== undefined);
  if (isOfLostLedger(sending)) return undefined;
  if (sending.primaries?.has(target) === false)
    return 'S4 moves to a member that its group has not made the primary';
  const followers = followersOf(sight, target, now);
  if (read === undefined) {
    if (others.some((address) => isRival(sending, address)))
      return 'S4 first publication with several writable servers';
    return 1 + reachable.length <= members.length / 2 ? 'S4 first publication in a minority view' : undefined;
  }
  if (followers.length > reachable.length / 2 || isGroupPrimary(sending)) return undefined;
  if (ledger.why === 'group-primary') return 'S4 moves by the view of a minority';
  const published =
    members.find((address) => sight.answers.get(address)?.facts.id === read.uuid) ?? read.source;
  if (isRival(sending, published)) return 'S4 moves although the published source is writable';
  if (followers.length === 0 && nothingShows(sending, published))
    return 'S4 moves to a server that nothing shows to be promoted in this incident';
  const proven = others.filter(
    (address) =>
      address !== published &&
      isRival(sending, address) &&
      (isPromotedForCertain(sight, address, published) || heardFollowersOf(sight, address, now).length > 0),
  );
  if (proven.length > 0) return 'S4 moves although another server was promoted too';
  return unprovenFailover(sending, published, reachable);
}

const isPromotedForCertain = (sight: Sight, server: ServerAddress, published: ServerAddress): boolean =>
  isPromotedInIncident(sight, server, published) === true && sight.promoted.get(server)?.provable === true;

/**
 * More than half of all servers, not only of those that answer, say that they are in a group whose primary is
 * this server. A server that says that it is out is no elector.
 */
function isGroupPrimary({ sight, ledger, now }: Sending): boolean {
  const votes = sight.members.filter((address) => {
    const facts = freshFacts(sight, address, now);
    const isOnline = (id: string | undefined, role?: string): boolean =>
      facts?.group?.members.some(
        (one) => one.id === id && one.state === 'ONLINE' && (role === undefined || one.role === role),
      ) ?? false;
    return isOnline(facts?.id) && isOnline(ledger.uuid, 'PRIMARY');
  });
  const electors = sight.members.filter((address) => !saysOut(freshFacts(sight, address, now)));
  return votes.length > 1 && votes.length > electors.length / 2;
}

/** The server says that it has left the group, or was expelled. */
const saysOut = (facts: ServerFacts | undefined): boolean =>
  facts?.group?.members.some(
    ({ id, state }) => id === facts.id && (state === 'OFFLINE' || state === 'ERROR'),
  ) ?? false;

const nothingShows = (sending: Sending, published: ServerAddress): boolean =>
  isPromotedInIncident(sending.sight, sending.ledger.source, published) === false &&
  !isLastOfTwo(sending, published) &&
  !isLastOfGroup(sending);

/** The server lists only itself, as the primary, and every other server says that it is in no group now. */
function isLastOfGroup({ sight, ledger, now }: Sending): boolean {
  return sight.members.every((address) => {
    const facts = freshFacts(sight, address, now);
    const own = facts?.group?.members.find(({ id }) => id === facts.id);
    if (address !== ledger.source)
      return facts !== undefined && own?.state !== 'ONLINE' && own?.state !== 'RECOVERING';
    return own?.state === 'ONLINE' && own.role === 'PRIMARY' && facts?.group?.members.length === 1;
  });
}

/**
 * The documented settle: in a cluster of two no other server can give evidence, so the long silence of the
 * source is enough.
 */
function isLastOfTwo({ sight, now }: Sending, published: ServerAddress): boolean {
  const since = sight.silentSince.get(published);
  return sight.members.length === 2 && since !== undefined && now - since >= settleMs;
}

function unprovenFailover(
  { sight, now }: Sending,
  published: ServerAddress,
  reachable: readonly ServerAddress[],
): string | undefined {
  // The server told its state: not writable.
  if (freshFacts(sight, published, now) !== undefined || saysOffline(sight, published, now)) return undefined;
  if (sight.sightings.get(published)?.probe.kind !== 'unknown')
    return 'S4 fails over without having asked the published source';
  if (heardFollowersOf(sight, published, now).length > 0)
    return 'S4 fails over while others hear the published source';
  // The target itself counts among the servers that are seen; the published source does not.
  const seen = reachable.filter((address) => address !== published).length + 1;
  return seen <= (sight.members.length - 1) / 2 ? 'S4 fails over in a minority view' : undefined;
}

/**
 * Whether the server could be the source as well: writable, no replica, no secondary of a group, of the line,
 * not superseded.
 */
function isRival({ sight, read, now, strangers }: Sending, server: ServerAddress): boolean {
  const facts = certainFacts(sight, server, now);
  if (facts === undefined || !isWritable(facts) || strangers.has(facts.id)) return false;
  if (facts.channels.some((channel) => channel.receiver !== 'off')) return false;
  if (facts.group?.members.some(({ id, role }) => id === facts.id && role === 'SECONDARY')) return false;
  return !(read?.was.some((former) => former.uuid === facts.id || former.address === server) ?? false);
}
