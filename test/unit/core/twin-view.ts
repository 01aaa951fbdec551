/**
 * Reads from a world what docs/DECISIONS.md calls a candidate, proven, of the line, elected. Shares no code
 * with src/core.
 */

import {
  markAt,
  type TwinChannel,
  type TwinServer,
  type TwinUnlisted,
  type TwinWorld,
} from './twin-world.ts';

/** A world, read by the words of the document. */
export class TwinView {
  readonly world: TwinWorld;
  readonly servers: readonly TwinServer[];
  readonly published: TwinServer | undefined;
  readonly primary: TwinServer | undefined;
  readonly candidates: readonly TwinServer[];
  readonly proven: readonly TwinServer[];
  readonly quorumSet: readonly TwinServer[];

  constructor(world: TwinWorld) {
    this.world = world;
    // A server with two addresses is counted once.
    this.servers = world.servers.filter((one) => one.sameAs === undefined);
    this.published = world.ledger && this.server(world.ledger.source);
    this.primary = this.servers.find((one) => this.isElected(one) && this.#isOfDecidingGroup(one));
    this.candidates = this.servers.filter((one) => this.isCandidate(one));
    this.proven = this.candidates.filter((one) => this.isProven(one));
    // The members, less those that were unknown for `gone_after`, less group members that say OFFLINE of
    // themselves.
    const isOut = (one: TwinServer) =>
      world.gone.includes(one.name) || (isReachable(one) && one.group?.self === 'OFFLINE');
    this.quorumSet = this.servers.filter((one) => !isOut(one));
  }

  server(name: string): TwinServer | undefined {
    return this.servers.find((one) => one.name === name);
  }

  isSuperseded(one: TwinServer): boolean {
    const names = [
      one.name,
      ...this.world.servers.filter((other) => other.sameAs === one.name).map((other) => other.name),
    ];
    return one !== this.published && (this.world.ledger?.was.some((name) => names.includes(name)) ?? false);
  }

  /**
   * Seen streaming from the published source or from a server of the line, or the executed set contains the
   * mark.
   */
  inLine(one: TwinServer): boolean {
    if (this.world.ledger === undefined || one === this.published) return true;
    return one.known && (one.seenInLine || one.executed >= (this.world.ledger.markedBy ? 1 : markAt));
  }

  #streams(one: TwinServer, from: TwinServer): boolean {
    return (
      isReachable(one) &&
      one !== from &&
      one.channels.some((channel) => channel.to === from.name && channel.is === 'streaming')
    );
  }

  /** The members, and the discovered servers with a verified identity, that stream from this server. */
  followers(of: TwinServer): readonly TwinServer[] {
    const verified = this.world.unlisted.filter((one) => !one.isSomebodyElse);
    return [...this.servers, ...verified].filter((one) => this.#streams(one, of));
  }

  /**
   * The discovered server replicates from a server of ours, or is of the line and either followed or still
   * ours.
   */
  takesPart(one: TwinUnlisted): boolean {
    if (!one.known || one.isSomebodyElse) return false;
    const upstreams = one.channels.filter((channel) => channel.is !== 'off').map((channel) => channel.to);
    if (upstreams.some((name) => this.server(name))) return true;
    const hasLeft = upstreams.includes('outside') && this.servers.every((member) => member.known);
    return this.inLine(one) && (!hasLeft || this.followers(one).length > 0);
  }

  /** A discovered server that looks like the source at its newest answer, and lives. */
  unlistedSource(): TwinUnlisted | undefined {
    return this.world.unlisted.find((one) => {
      const lives = (one.contact !== 'unknown' || this.followers(one).length > 0) && !one.servesNobody;
      const itself = { ...one, contact: 'reachable', candidateNever: false } as const;
      return (
        lives &&
        this.takesPart(one) &&
        this.isSourceByItself(itself) &&
        this.inLine(one) &&
        this.isProven(one)
      );
    });
  }

  /**
   * Whether this channel makes the server a replica. No channel makes one whose receiver is off, that closes
   * a ring over read-only members that stream, or that connects to the unreachable published source. An
   * upstream outside the inventory does not matter; an upstream without a known identity counts as a member.
   */
  isReplicaBy(one: TwinServer, channel: TwinChannel): boolean {
    if (this.isFree(one, channel)) return false;
    const upstream = this.server(channel.to);
    if (upstream === undefined) return true;
    // The published source is no replica of a server that takes no writes, by what that server said since the
    // channel leads to it.
    const isClosed = channel.met && upstream.known && upstream.readOnly;
    if (one === this.published && isClosed && !this.#leadsElsewhere(upstream, one)) return false;
    // A circle: the channel leads back to the server itself over read-only members; for the published server,
    // and the server that a command names, also over writable ones.
    const isChosen = one === this.published || one.name === this.world.command?.server;
    if (channel.is !== 'connecting')
      return !this.#getsFrom(upstream, one, isChosen ? [] : this.servers.filter(isWritable));
    const isDead = upstream.contact === 'unknown';
    // The source that this server took over from is not published any more, but is as dead.
    const isFormer = one === this.published && this.isSuperseded(upstream);
    return !(isDead && (upstream === this.published || isFormer));
  }

  /** The receiver is off, or the channel leads to the server itself or out of the inventory. */
  isFree(one: TwinServer, { to, is }: TwinChannel): boolean {
    if (is === 'off' || to === one.name) return true;
    if (this.server(to)) return false;
    // The upstream has shown its identity, and is no member.
    if (this.world.unlisted.some((other) => other.name === to && other.known)) return true;
    // Before every server has shown its identity, no upstream is known to be outside.
    return to !== 'nobody' && this.servers.every((other) => other.known);
  }

  /** Whether data arrive directly, or through members that are not in `but`. */
  #getsFrom(
    one: TwinServer,
    origin: TwinServer,
    but: readonly TwinServer[],
    by: readonly TwinServer[] = [],
  ): boolean {
    if (one.name === origin.name) return true;
    if (but.includes(one) || by.includes(one)) return false;
    return this.servers.some(
      (source) => this.#streams(one, source) && this.#getsFrom(source, origin, but, [...by, one]),
    );
  }

  writesInCircleWith(one: TwinServer): boolean {
    return this.servers.some(
      (other) =>
        other !== one &&
        isWritable(other) &&
        this.#getsFrom(other, one, []) &&
        this.#getsFrom(one, other, []),
    );
  }

  /** Whether its channels lead to other members and not there. Each of these must have told its channels. */
  #leadsElsewhere(one: TwinServer, there: TwinServer): boolean {
    const all: TwinServer[] = [one];
    for (const each of all)
      for (const { to, is } of each.channels) {
        const source = is === 'off' || !each.known ? undefined : this.server(to);
        if (source !== undefined && !all.includes(source)) all.push(source);
      }
    return all.length > 1 && !all.includes(there) && all.every((each) => each.known);
  }

  /** Whether channels lead there, or try to connect there, by the newest answers. */
  #isBelow(one: TwinServer, top: TwinServer | undefined, by: readonly TwinServer[] = []): boolean {
    if (!one.known || by.includes(one)) return false;
    const sources = one.channels.filter((channel) => channel.is !== 'off').map((channel) => channel.to);
    if (top && sources.includes(top.name)) return true;
    return sources.some((name) => {
      const source = this.server(name);
      return source !== undefined && this.#isBelow(source, top, [...by, one]);
    });
  }

  isSourceByItself(one: TwinServer): boolean {
    // The server says that it is a secondary of its group.
    if (one.group?.self === 'ONLINE' && one.group.primary !== one.name) return false;
    return (
      isWritable(one) &&
      !one.candidateNever &&
      !one.channels.some((channel) => this.isReplicaBy(one, channel))
    );
  }

  isCandidate(one: TwinServer): boolean {
    return this.isSourceByItself(one) && this.inLine(one) && !this.isSuperseded(one);
  }

  /**
   * The server was a candidate when it answered last, and lives: it refuses us, or others replicate from it.
   */
  isStanding(one: TwinServer): boolean {
    if (isReachable(one) || one.contact === 'unobserved' || !one.known || one.servesNobody) return false;
    if (one.contact === 'unknown' && this.followers(one).length === 0) return false;
    return this.isCandidate({ ...one, contact: 'reachable' });
  }

  /**
   * Rules 11 and 12 wait until every server was asked, and for any other server that may be meant as the
   * source.
   */
  mayBeSomebodyElse(): boolean {
    return this.isStillAsked() || this.servers.some((one) => this.isStanding(one) && this.isProven(one));
  }

  /**
   * Whether a server was not asked yet: a member, or a discovered server that replicated from the published
   * source at its last answer.
   */
  isStillAsked(): boolean {
    const source = this.published;
    const wasFollower = (one: TwinUnlisted) =>
      one.known &&
      !one.isSomebodyElse &&
      one.channels.some(({ to, is }) => to === source?.name && is === 'streaming');
    return [...this.servers, ...this.world.unlisted.filter(wasFollower)].some(
      ({ contact }) => contact === 'unobserved',
    );
  }

  /**
   * A majority of the configured members of its group, several of them asked, agree on one PRIMARY. A server
   * that was never asked may be a member; a server that says now that it is out is no elector.
   */
  isElected(one: TwinServer): boolean {
    const configured = this.servers.filter(
      (other) => !other.known || (isOfGroup(other, one) && !isOut(other)),
    );
    const votes = configured.filter((other) => this.#voteOf(other) === one.name).length;
    return isOfGroup(one, one) && votes >= 2 && votes * 2 > configured.length;
  }

  /**
   * The server is the last one in its group: each of the others says now that it is out, or is in another
   * group, and this server does not list it any more.
   */
  isLast(one: TwinServer): boolean {
    const isElsewhere = (other: TwinServer) =>
      isOut(other) || (other.known && other.group && other.group.name !== one.group?.name);
    const isGone = (other: TwinServer) =>
      isElsewhere(other) && !(other.known && one.group?.lists.includes(other.name));
    return this.#voteOf(one) === one.name && this.servers.every((other) => other === one || isGone(other));
  }

  /**
   * The group of the published source decides, by what that server says; else the group that the mark names.
   */
  #isOfDecidingGroup(one: TwinServer): boolean {
    const published = this.published;
    if (this.world.ledger === undefined) return true;
    if (published?.known && published.group) return isOfGroup(published, one);
    return isOfGroup(one, one) && one.group?.name === this.world.ledger.markedBy;
  }

  /** A member that lost its group is not believed. */
  #voteOf(one: TwinServer): string | undefined {
    const { group } = one;
    if (!isReachable(one) || group?.self !== 'ONLINE') return undefined;
    const online = group.lists.filter((name) => name === one.name || !group.unreachable.includes(name));
    if (online.length * 2 <= group.lists.length) return undefined;
    return online.find((name) => name === group.primary);
  }

  /** Members in the majority of its group still count this server among those that are present. */
  isCounted(one: TwinServer): boolean {
    return this.servers.some((other) => {
      if (other === one || !isReachable(other) || other.group?.self !== 'ONLINE') return false;
      const { unreachable, lists } = other.group;
      const present = lists.filter((name) => name === other.name || !unreachable.includes(name));
      return present.length * 2 > lists.length && present.includes(one.name);
    });
  }

  isProven(one: TwinServer): boolean {
    // The promotion of a group member counts only where no member is in that group any more.
    const isElectedOnly = isInElectingGroup(one, this.servers);
    const isPromoted = this.#isPromoted(one) && !isElectedOnly;
    // The followers of an intermediate source were there before, if it still tries to reach the published
    // source or its channel from there is only stopped.
    const isStopped =
      one.known && one.channels.some(({ to, is }) => is === 'off' && to === this.published?.name);
    const isBelow =
      one !== this.published && (this.#isBelow(one, this.published) || (isStopped && !this.#isPromoted(one)));
    const isElected = this.#isOfDecidingGroup(one) && (this.isElected(one) || this.isLast(one));
    return isPromoted || (this.followers(one).length > 0 && !isBelow) || isElected;
  }

  /**
   * In this incident: the server was still read-only when it was asked after the loss of the published
   * source, or that source was seen to close.
   */
  #isPromoted(one: TwinServer): boolean {
    if (!one.known || one.readOnly || one.promotionSeen === 'never') return false;
    const source = this.published;
    if (source === undefined || source === one || (source.known && source.readOnly && source.closeSeen))
      return true;
    const isLost =
      source.contact === 'unknown' || source.contact === 'alive' || (source.known && source.readOnly);
    return isLost ? one.promotionSeen === 'in-incident' : !source.known;
  }
}

export const isReachable = (one: TwinServer): boolean => one.contact === 'reachable';
export const isWritable = (one: TwinServer): boolean => isReachable(one) && !one.readOnly;

/**
 * The server belongs to a group in which a member still is: only the group says which server is its primary.
 */
export const isInElectingGroup = (one: TwinServer, all: readonly TwinServer[]): boolean =>
  one.group !== undefined &&
  all.some((other) => isReachable(other) && isOfGroup(other, one) && other.group?.self === 'ONLINE');

const isOfGroup = (one: TwinServer, other: TwinServer): boolean =>
  one.known && one.group !== undefined && one.group.name === other.group?.name;

/** The server says now that it is in no group. */
const isOut = (one: TwinServer): boolean => isReachable(one) && one.group?.self !== 'ONLINE';
