/** The decision table of the design, once more: slow, and as it is written there. It shares no code with src/core. */

import {
  markAt,
  type TwinChannel,
  type TwinServer,
  type TwinUnlisted,
  type TwinWorld,
} from './twin-world.ts';

/** `point-to failover db2`, or `hold frozen`. */
export type Verdict = string;

/** What the document says about that world. */
export function twin(world: TwinWorld): Verdict {
  return new Twin(world).verdict();
}

class Twin {
  readonly #world: TwinWorld;
  readonly #servers: readonly TwinServer[];
  readonly #published: TwinServer | undefined;
  readonly #primary: TwinServer | undefined;
  readonly #candidates: readonly TwinServer[];
  readonly #proven: readonly TwinServer[];
  readonly #quorumSet: readonly TwinServer[];

  constructor(world: TwinWorld) {
    this.#world = world;
    // "It is counted once."
    this.#servers = world.servers.filter((one) => one.sameAs === undefined);
    this.#published = world.ledger && this.#server(world.ledger.source);
    this.#primary = this.#servers.find((one) => this.#isElected(one) && this.#isOfDecidingGroup(one));
    this.#candidates = this.#servers.filter((one) => this.#isCandidate(one));
    this.#proven = this.#candidates.filter((one) => this.#isProven(one));
    // "Members, less those that were unknown for `gone_after`, less group members that themselves say OFFLINE."
    const isOut = (one: TwinServer) =>
      world.gone.includes(one.name) || (isReachable(one) && one.group?.self === 'OFFLINE');
    this.#quorumSet = this.#servers.filter((one) => !isOut(one));
  }

  verdict(): Verdict {
    return this.#guarded(this.#rules1to6() ?? this.#rules8to12() ?? this.#rule13());
  }

  #server(name: string): TwinServer | undefined {
    return this.#servers.find((one) => one.name === name);
  }

  #isSuperseded(one: TwinServer): boolean {
    const names = [
      one.name,
      ...this.#world.servers.filter((other) => other.sameAs === one.name).map((other) => other.name),
    ];
    return one !== this.#published && (this.#world.ledger?.was.some((name) => names.includes(name)) ?? false);
  }

  /** "Seen streaming from the published source or from a server of the line, or its executed set contains the mark." */
  #inLine(one: TwinServer): boolean {
    if (this.#world.ledger === undefined || one === this.#published) return true;
    return one.known && (one.seenInLine || one.executed >= (this.#world.ledger.markedBy ? 1 : markAt));
  }

  #streams(one: TwinServer, from: TwinServer): boolean {
    return (
      isReachable(one) &&
      one !== from &&
      one.channels.some((channel) => channel.to === from.name && channel.is === 'streaming')
    );
  }

  /** "Members, and discovered servers that are who they are said to be." */
  #followers(of: TwinServer): readonly TwinServer[] {
    const verified = this.#world.unlisted.filter((one) => !one.isSomebodyElse);
    return [...this.#servers, ...verified].filter((one) => this.#streams(one, of));
  }

  /** "It replicates from one of ours; or it belongs to the line, and is followed, or has not left for somebody else." */
  #takesPart(one: TwinUnlisted): boolean {
    if (!one.known || one.isSomebodyElse) return false;
    const upstreams = one.channels.filter((channel) => channel.is !== 'off').map((channel) => channel.to);
    if (upstreams.some((name) => this.#server(name))) return true;
    const hasLeft = upstreams.includes('outside') && this.#servers.every((member) => member.known);
    return this.#inLine(one) && (!hasLeft || this.#followers(one).length > 0);
  }

  /** "A discovered server that looks like the source", at its newest answer, and lives. */
  #unlistedSource(): TwinUnlisted | undefined {
    return this.#world.unlisted.find((one) => {
      const lives = (one.contact !== 'unknown' || this.#followers(one).length > 0) && !one.servesNobody;
      const itself = { ...one, contact: 'reachable', candidateNever: false } as const;
      return (
        lives &&
        this.#takesPart(one) &&
        this.#isSourceByItself(itself) &&
        this.#inLine(one) &&
        this.#isProven(one)
      );
    });
  }

  /**
   * "Receivers are not on to another member (but for a ring: a read-only member that streams from it), nor connecting to any but the unreachable published source.
   * An upstream outside the inventory does not matter; one that cannot be identified counts as a member."
   */
  #isReplicaBy(one: TwinServer, channel: TwinChannel): boolean {
    if (channel.is === 'off' || channel.to === one.name) return false;
    const upstream = this.#server(channel.to);
    if (upstream === undefined) {
      const isNamed = channel.to !== 'nobody';
      // It has shown who it is, and that it is no member.
      if (this.#world.unlisted.some((other) => other.name === channel.to && other.known)) return false;
      // Before everybody has shown who they are nobody can be told to be outside.
      return !(isNamed && this.#servers.every((other) => other.known));
    }
    // "The published source is no replica of who takes no writes", by what that server said since the channel leads to it.
    if (one === this.#published && channel.met && upstream.known && upstream.readOnly) return false;
    // "A circle: over read-only members the channel leads back to the server itself; for the published one, and the one that a command names, also over writable ones."
    const isChosen = one === this.#published || one.name === this.#world.command?.server;
    if (channel.is !== 'connecting')
      return !this.#getsFrom(upstream, one, isChosen ? [] : this.#servers.filter(isWritable));
    const isDead = upstream.contact === 'unknown';
    // The source that it took over from is not the published one any more, but it is as dead.
    const isFormer = one === this.#published && this.#isSuperseded(upstream);
    return !(isDead && (upstream === this.#published || isFormer));
  }

  /** Directly, or by way of members that are not `but`. */
  #getsFrom(
    one: TwinServer,
    origin: TwinServer,
    but: readonly TwinServer[],
    by: readonly TwinServer[] = [],
  ): boolean {
    if (one.name === origin.name) return true;
    if (but.includes(one) || by.includes(one)) return false;
    return this.#servers.some(
      (source) => this.#streams(one, source) && this.#getsFrom(source, origin, but, [...by, one]),
    );
  }

  #writesInCircleWith(one: TwinServer): boolean {
    return this.#servers.some(
      (other) =>
        other !== one &&
        isWritable(other) &&
        this.#getsFrom(other, one, []) &&
        this.#getsFrom(one, other, []),
    );
  }

  /** A way of channels that lead there, or look for it, by the newest answers. */
  #isBelow(one: TwinServer, top: TwinServer | undefined, by: readonly TwinServer[] = []): boolean {
    if (!one.known || by.includes(one)) return false;
    const sources = one.channels.filter((channel) => channel.is !== 'off').map((channel) => channel.to);
    if (top && sources.includes(top.name)) return true;
    return sources.some((name) => {
      const source = this.#server(name);
      return source !== undefined && this.#isBelow(source, top, [...by, one]);
    });
  }

  #isSourceByItself(one: TwinServer): boolean {
    // "Not a secondary of its group, by its own word."
    if (one.group?.self === 'ONLINE' && one.group.primary !== one.name) return false;
    return (
      isWritable(one) &&
      !one.candidateNever &&
      !one.channels.some((channel) => this.#isReplicaBy(one, channel))
    );
  }

  #isCandidate(one: TwinServer): boolean {
    return this.#isSourceByItself(one) && this.#inLine(one) && !this.#isSuperseded(one);
  }

  /** "It was a candidate when it answered last, and lives: it refuses us, or others replicate from it." */
  #isStanding(one: TwinServer): boolean {
    if (isReachable(one) || one.contact === 'unobserved' || !one.known || one.servesNobody) return false;
    if (one.contact === 'unknown' && this.#followers(one).length === 0) return false;
    return this.#isCandidate({ ...one, contact: 'reachable' });
  }

  /** "Rules 11 and 12 wait until every server was asked, and for whoever was meant as the source as well." */
  #mayBeSomebodyElse(): boolean {
    return this.#isStillAsked() || this.#servers.some((one) => this.#isStanding(one) && this.#isProven(one));
  }

  /** "Every server", and a discovered one that replicated from the published source when it answered last. */
  #isStillAsked(): boolean {
    const source = this.#published;
    const wasFollower = (one: TwinUnlisted) =>
      one.known &&
      !one.isSomebodyElse &&
      one.channels.some(({ to, is }) => to === source?.name && is === 'streaming');
    return [...this.#servers, ...this.#world.unlisted.filter(wasFollower)].some(
      ({ contact }) => contact === 'unobserved',
    );
  }

  /**
   * "A majority of its group's configured members, several asked, agree on one PRIMARY." A server that was never asked may be a member; one that says now that it is out is no
   * elector.
   */
  #isElected(one: TwinServer): boolean {
    const configured = this.#servers.filter(
      (other) => !other.known || (isOfGroup(other, one) && !isOut(other)),
    );
    const votes = configured.filter((other) => this.#voteOf(other) === one.name).length;
    return isOfGroup(one, one) && votes >= 2 && votes * 2 > configured.length;
  }

  /** "It is the only one left: each of the others says now that it is out, or is of another group; and it does not list them any more." */
  #isLast(one: TwinServer): boolean {
    const isElsewhere = (other: TwinServer) =>
      isOut(other) || (other.known && other.group && other.group.name !== one.group?.name);
    const isGone = (other: TwinServer) =>
      isElsewhere(other) && !(other.known && one.group?.lists.includes(other.name));
    return this.#voteOf(one) === one.name && this.#servers.every((other) => other === one || isGone(other));
  }

  /** "The group of the published source decides", by its own word; else the one that the mark names. */
  #isOfDecidingGroup(one: TwinServer): boolean {
    const published = this.#published;
    if (this.#world.ledger === undefined) return true;
    if (published?.known && published.group) return isOfGroup(published, one);
    return isOfGroup(one, one) && one.group?.name === this.#world.ledger.markedBy;
  }

  /** Whoever lost its group is not believed. */
  #voteOf(one: TwinServer): string | undefined {
    const { group } = one;
    if (!isReachable(one) || group?.self !== 'ONLINE') return undefined;
    const online = group.lists.filter((name) => name === one.name || !group.unreachable.includes(name));
    if (online.length * 2 <= group.lists.length) return undefined;
    return online.find((name) => name === group.primary);
  }

  /** "Members of its group that are in the majority still count it among those that are present." */
  #isCounted(one: TwinServer): boolean {
    return this.#servers.some((other) => {
      if (other === one || !isReachable(other) || other.group?.self !== 'ONLINE') return false;
      const { unreachable, lists } = other.group;
      const present = lists.filter((name) => name === other.name || !unreachable.includes(name));
      return present.length * 2 > lists.length && present.includes(one.name);
    });
  }

  #isProven(one: TwinServer): boolean {
    // "The promotion of a group's member counts only where no member is in that group any more."
    const isElectedOnly = isInElectingGroup(one, this.#servers);
    const isPromoted = this.#isPromoted(one) && !isElectedOnly;
    // "Those of an intermediate source that still looks for the published one, or whose channel from it is only stopped, were there before."
    const isStopped =
      one.known && one.channels.some(({ to, is }) => is === 'off' && to === this.#published?.name);
    const isBelow =
      one !== this.#published &&
      (this.#isBelow(one, this.#published) || (isStopped && !this.#isPromoted(one)));
    const isElected = this.#isOfDecidingGroup(one) && (this.#isElected(one) || this.#isLast(one));
    return isPromoted || (this.#followers(one).length > 0 && !isBelow) || isElected;
  }

  /** "In this incident: it was still read-only when it was asked after the loss of the published source; or that source was seen to close." */
  #isPromoted(one: TwinServer): boolean {
    if (!one.known || one.readOnly || one.promotionSeen === 'never') return false;
    const source = this.#published;
    if (source === undefined || source === one || (source.known && source.readOnly && source.closeSeen))
      return true;
    const isLost =
      source.contact === 'unknown' || source.contact === 'alive' || (source.known && source.readOnly);
    return isLost ? one.promotionSeen === 'in-incident' : !source.known;
  }

  #rules1to6(): Verdict | undefined {
    const { zone, ledger, command } = this.#world;
    if (zone !== 'read') return 'hold ledger-unknown';
    const notOurs = this.#rule2();
    if (notOurs) return notOurs;
    if (ledger?.frozen) return 'hold frozen';
    if (command) return this.#rule4(command);
    const announced = ledger?.next && !ledger.next.expired ? this.#server(ledger.next.server) : undefined;
    if (announced && announced !== this.#published && this.#candidates.includes(announced))
      return `point-to commanded ${announced.name}`;
    if (!ledger) return this.#rule5();
    return this.#published ? undefined : 'hold unknown-source';
  }

  #rule2(): Verdict | undefined {
    const { ledger, nameHasAddress, adopt, remembered, command } = this.#world;
    if (ledger && ledger.cluster !== 'shop') return 'hold foreign-ledger';
    if (!ledger && nameHasAddress && !adopt && !remembered) return 'hold foreign-rrset';
    if (
      command ||
      ledger?.frozen ||
      remembered?.lostForMs === undefined ||
      (ledger && ledger.epoch >= remembered.epoch)
    )
      return undefined;
    // The ledger that is there is not to be believed, so what the remembered source is by itself decides.
    const { ledger: _old, ...withoutLedger } = this.#world;
    const source = this.#server(remembered.source);
    const isHealthy = source !== undefined && new Twin(withoutLedger).#isSourceByItself(source);
    return isHealthy && remembered.lostForMs >= 3000
      ? `point-to ledger-restored ${source.name}`
      : 'hold ledger-lost';
  }

  #rule4({ server, force, although }: NonNullable<TwinWorld['command']>): Verdict {
    const named = this.#server(server);
    if (!named) return 'hold no-candidate';
    // "Force overrides what is unknown, not what was just seen."
    const isKnownReplica =
      isReachable(named) &&
      (named.readOnly || named.channels.some((channel) => this.#isReplicaBy(named, channel)));
    if (force && isKnownReplica && !although) return 'hold no-candidate';
    if (force || this.#candidates.includes(named) || this.#isWayBack(named))
      return `point-to commanded ${named.name}`;
    if (this.#isSuperseded(named)) return 'hold superseded-source';
    return this.#inLine(named) ? 'hold no-candidate' : 'hold stranger';
  }

  /** "The published server takes no writes, and a former source that could be the source else has all that it has executed." */
  #isWayBack(named: TwinServer): boolean {
    const published = this.#published;
    if (!published || !isReachable(published) || !published.readOnly || !this.#isSuperseded(named))
      return false;
    // Who has executed nothing of the line has other transactions, the same ones each.
    const hasAll = published.executed === 0 ? named.executed === 0 : named.executed >= published.executed;
    return hasAll && this.#isSourceByItself(named) && this.#inLine(named);
  }

  /** Everybody is asked first: the first publication is in no hurry. */
  #rule5(): Verdict {
    if (this.#quorumSet.some((one) => one.contact === 'unobserved')) return 'hold minority-view';
    const writesInCircle = (one: TwinServer) =>
      isWritable(one) && !one.candidateNever && this.#writesInCircleWith(one);
    if (
      this.#servers.filter((one) => this.#isCandidate(one) || this.#isStanding(one) || writesInCircle(one))
        .length > 1
    )
      return 'hold two-sources';
    if (!isMajority(this.#quorumSet.filter(isReachable), this.#quorumSet)) return 'hold minority-view';
    const first = this.#candidates[0];
    if (!first && this.#unlistedSource()) return 'hold unknown-source';
    const isElected = first && (this.#isElected(first) || this.#isLast(first));
    const isElectedElsewhere = first && isInElectingGroup(first, this.#servers) && !isElected;
    return first && !isElectedElsewhere ? `point-to first-source ${first.name}` : 'hold no-candidate';
  }

  #rules8to12(): Verdict | undefined {
    const published = this.#published!;
    const moveOrStay = (one: TwinServer, reason: string) =>
      `point-to ${one === published ? 'steady' : reason} ${one.name}`;
    if (this.#primary && this.#candidates.includes(this.#primary))
      return moveOrStay(this.#primary, 'group-primary');
    // "More than half of the other servers replicate from one": several sources of each replica may make it two.
    const followed = this.#servers.filter(
      (one) => this.#isFollowedByMost(one) && (!tellsItsState(one) || this.#candidates.includes(one)),
    );
    const choice = followed.includes(published) ? [published] : followed;
    const [moved] = choice;
    const isMeant =
      moved && this.#candidates.includes(moved) && (moved === published || this.#proven.includes(moved));
    if (choice.length === 1 && isMeant) return moveOrStay(moved, 'followers-moved');
    if (this.#candidates.includes(published))
      return this.#candidates.length === 1 && !this.#writesInCircleWith(published)
        ? `point-to steady ${published.name}`
        : 'hold two-sources';
    if (tellsItsState(published) && this.#proven.length === 1 && !this.#mayBeSomebodyElse())
      return `point-to switchover ${this.#proven[0]?.name}`;
    return this.#rule12(published);
  }

  /** Who was not asked yet is another one. */
  #isFollowedByMost(one: TwinServer): boolean {
    const others = this.#servers.filter(
      (other) => other !== one && (isReachable(other) || other.contact === 'unobserved'),
    );
    const unlisted = this.#world.unlisted.filter(
      (other) => this.#takesPart(other) && (isReachable(other) || other.contact === 'unobserved'),
    );
    return isMajority(this.#followers(one), [...others, ...unlisted]);
  }

  #restIsSeen(published: TwinServer): boolean {
    const rest = this.#quorumSet.filter((one) => one !== published);
    return isMajority(rest.filter(isReachable), rest);
  }

  #rule12(published: TwinServer): Verdict | undefined {
    if (
      published.contact !== 'unknown' ||
      this.#followers(published).length > 0 ||
      !this.#restIsSeen(published)
    )
      return undefined;
    if (this.#isCounted(published)) return undefined;
    if (this.#mayBeSomebodyElse()) return undefined;
    if (this.#proven.length === 1) return `point-to failover ${this.#proven[0]?.name}`;
    if (this.#proven.length > 1 || this.#candidates.length !== 1 || this.#servers.length !== 2)
      return undefined;
    return (this.#world.weakForMs ?? 0) >= 30_000
      ? `point-to failover ${this.#candidates[0]?.name}`
      : 'hold settling';
  }

  #rule13(): Verdict {
    const published = this.#published!;
    const isAlone = this.#quorumSet.every((one) => one === published);
    const isCounted = published.contact === 'unknown' && this.#isCounted(published);
    const mayLive =
      published.contact === 'alive' ||
      isCounted ||
      (!isReachable(published) && this.#followers(published).length > 0);
    if (mayLive && !published.servesNobody) return 'hold published-source-alive';
    if (published.contact === 'unobserved') return 'hold minority-view';
    if (published.contact === 'unknown' && !isAlone && !this.#restIsSeen(published))
      return 'hold minority-view';
    if (this.#unlistedSource()) return 'hold unknown-source';
    if (this.#proven.length > 1) return 'hold two-sources';
    if (this.#proven.length === 1) {
      if (this.#servers.some((one) => this.#isStanding(one) && this.#isProven(one)))
        return 'hold two-sources';
      if (this.#isStillAsked()) return 'hold minority-view';
    }
    if (this.#candidates.length > 0) return 'hold unproven-candidate';
    const writable = this.#servers.filter(isWritable);
    if (writable.some((one) => this.#isSuperseded(one))) return 'hold superseded-source';
    return writable.some((one) => !this.#inLine(one)) ? 'hold stranger' : 'hold no-candidate';
  }

  /** "Before any move." */
  #guarded(verdict: Verdict): Verdict {
    const { ledger, flapping, command, gtidGuard } = this.#world;
    const [kind, , name = ''] = verdict.split(' ');
    const target = this.#server(name);
    if (kind === 'hold' || target === undefined || target === this.#published) return verdict;
    if ((ledger?.was.length ?? 0) >= 8) return 'hold ledger-full';
    if (!target.safeAddress) return 'hold unsafe-address';
    if (flapping && !command) return 'hold flapping';
    // "Not asked yet": it may be the source.
    if (!command && this.#world.unlisted.some((one) => one.contact === 'unobserved'))
      return 'hold minority-view';
    if (!command && this.#unlistedSource()) return 'hold unknown-source';
    if (gtidGuard === 'warn' || command?.force) return verdict;
    const waits = !command && this.#servers.some((one) => one.contact === 'unobserved');
    return waits || this.#isBehind(target) ? 'hold candidate-behind' : verdict;
  }

  /** All transactions of the line began on db1: its own it cannot lack. Before the first publication the line is what the candidate has executed. */
  #isBehind(target: TwinServer): boolean {
    if (!target.known || target.name === 'db1' || (this.#world.ledger === undefined && target.executed === 0))
      return false;
    const others = this.#servers.filter(
      (one) => one.known && one.contact !== 'unknown' && !this.#isSuperseded(one),
    );
    return others.some((one) => one.executed > target.executed);
  }
}

const isReachable = (one: TwinServer): boolean => one.contact === 'reachable';
/** "It answers, or refuses us with the words that it serves nobody." */
const tellsItsState = (one: TwinServer): boolean => isReachable(one) || one.servesNobody;
const isWritable = (one: TwinServer): boolean => isReachable(one) && !one.readOnly;
/** More than half. */
const isMajority = (some: readonly TwinServer[], all: readonly TwinServer[]): boolean =>
  some.length * 2 > all.length;

/** It is of a group, and some member is in that group still: only the group says who its primary is. */
const isInElectingGroup = (one: TwinServer, all: readonly TwinServer[]): boolean =>
  one.group !== undefined &&
  all.some((other) => isReachable(other) && isOfGroup(other, one) && other.group?.self === 'ONLINE');

const isOfGroup = (one: TwinServer, other: TwinServer): boolean =>
  one.known && one.group !== undefined && one.group.name === other.group?.name;

/** It says now that it is in no group. */
const isOut = (one: TwinServer): boolean => isReachable(one) && one.group?.self !== 'ONLINE';
