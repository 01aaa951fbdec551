/** Decides a world by the table in docs/DECISIONS.md: slow and literal, and without any code of src/core. */

import { isInElectingGroup, isReachable, isWritable, TwinView } from './twin-view.ts';
import type { TwinServer, TwinWorld } from './twin-world.ts';

/** `point-to failover db2`, or `hold frozen`. */
export type Verdict = string;

/** What the document decides in this world. */
export function twin(world: TwinWorld): Verdict {
  return new Twin(new TwinView(world)).verdict();
}

class Twin {
  readonly #view: TwinView;

  constructor(view: TwinView) {
    this.#view = view;
  }

  verdict(): Verdict {
    return this.#guarded(this.#rules1to6() ?? this.#rules8to12() ?? this.#rule13());
  }

  #rules1to6(): Verdict | undefined {
    const { zone, ledger, command } = this.#view.world;
    if (zone !== 'read') return 'hold ledger-unknown';
    const notOurs = this.#rule2();
    if (notOurs) return notOurs;
    if (ledger?.frozen) return 'hold frozen';
    if (command) return this.#rule4(command);
    const announced =
      ledger?.next && !ledger.next.expired ? this.#view.server(ledger.next.server) : undefined;
    if (announced && announced !== this.#view.published && this.#view.candidates.includes(announced))
      return `point-to commanded ${announced.name}`;
    if (!ledger) return this.#rule5();
    return this.#view.published ? undefined : 'hold unknown-source';
  }

  #rule2(): Verdict | undefined {
    const { ledger, nameHasAddress, adopt, remembered, command } = this.#view.world;
    if (ledger && ledger.cluster !== 'shop') return 'hold foreign-ledger';
    if (!ledger && nameHasAddress && !adopt && !remembered) return 'hold foreign-rrset';
    if (
      command ||
      ledger?.frozen ||
      remembered?.lostForMs === undefined ||
      (ledger && ledger.epoch >= remembered.epoch)
    )
      return undefined;
    // The ledger in the zone is not believed, so the state of the remembered source decides.
    const { ledger: _old, ...withoutLedger } = this.#view.world;
    const source = this.#view.server(remembered.source);
    const isHealthy = source !== undefined && new TwinView(withoutLedger).isSourceByItself(source);
    return isHealthy && remembered.lostForMs >= 3000
      ? `point-to ledger-restored ${source.name}`
      : 'hold ledger-lost';
  }

  #rule4({ server, force, although }: NonNullable<TwinWorld['command']>): Verdict {
    const named = this.#view.server(server);
    if (!named) return 'hold no-candidate';
    // Force overrides what is unknown, not what was just seen.
    const isKnownReplica =
      isReachable(named) &&
      (named.readOnly || named.channels.some((channel) => this.#view.isReplicaBy(named, channel)));
    if (force && isKnownReplica && !although) return 'hold no-candidate';
    if (force || this.#view.candidates.includes(named) || this.#isWayBack(named))
      return `point-to commanded ${named.name}`;
    if (although && this.#mayBeOpened(named)) return `point-to commanded ${named.name}`;
    if (this.#view.isSuperseded(named)) return 'hold superseded-source';
    return this.#view.inLine(named) ? 'hold no-candidate' : 'hold stranger';
  }

  /**
   * Without force, although read-only: a tool opens the server in a moment. It answers, only `read_only` closes
   * it, it has no channel but to the silent published source, and the published source takes no writes.
   */
  #mayBeOpened(named: TwinServer): boolean {
    const { published } = this.#view;
    const isOfSource = named.channels.some(({ to }) => to === this.#view.world.ledger?.source);
    const open = { ...named, readOnly: false, channels: [] };
    const holds = named.channels.some(
      (channel) =>
        !this.#view.isFree(named, channel) &&
        !(channel.to === published?.name && published.contact === 'unknown' && channel.is !== 'streaming'),
    );
    return (
      isReachable(named) &&
      (!named.readOnly || named.closedBy === 'read_only') &&
      this.#view.isSourceByItself(open) &&
      (this.#view.inLine(named) || isOfSource) &&
      !this.#view.isSuperseded(named) &&
      !(published && published !== named && isWritable(published)) &&
      !holds
    );
  }

  /**
   * The way back: the published server takes no writes, and the former source has all that the published
   * server executed.
   */
  #isWayBack(named: TwinServer): boolean {
    const published = this.#view.published;
    if (!published || !isReachable(published) || !published.readOnly || !this.#view.isSuperseded(named))
      return false;
    // A server that executed nothing of the line has the same other transactions as every such server.
    const hasAll = published.executed === 0 ? named.executed === 0 : named.executed >= published.executed;
    return hasAll && this.#view.isSourceByItself(named) && this.#view.inLine(named);
  }

  /** The first publication is in no hurry: every server is asked first. */
  #rule5(): Verdict {
    if (this.#view.quorumSet.some((one) => one.contact === 'unobserved')) return 'hold minority-view';
    const writesInCircle = (one: TwinServer) =>
      isWritable(one) && !one.candidateNever && this.#view.writesInCircleWith(one);
    if (
      this.#view.servers.filter(
        (one) => this.#view.isCandidate(one) || this.#view.isStanding(one) || writesInCircle(one),
      ).length > 1
    )
      return 'hold two-sources';
    if (!isMajority(this.#view.quorumSet.filter(isReachable), this.#view.quorumSet))
      return 'hold minority-view';
    const first = this.#view.candidates[0];
    if (!first && this.#view.unlistedSource()) return 'hold unknown-source';
    const isElected = first && (this.#view.isElected(first) || this.#view.isLast(first));
    const isElectedElsewhere = first && isInElectingGroup(first, this.#view.servers) && !isElected;
    return first && !isElectedElsewhere ? `point-to first-source ${first.name}` : 'hold no-candidate';
  }

  #rules8to12(): Verdict | undefined {
    const published = this.#view.published!;
    const moveOrStay = (one: TwinServer, reason: string) =>
      `point-to ${one === published ? 'steady' : reason} ${one.name}`;
    if (this.#view.primary && this.#view.candidates.includes(this.#view.primary))
      return moveOrStay(this.#view.primary, 'group-primary');
    // Several sources of each replica may let more than half of the others follow two servers.
    const followed = this.#view.servers.filter(
      (one) => this.#isFollowedByMost(one) && (!tellsItsState(one) || this.#view.candidates.includes(one)),
    );
    const choice = followed.includes(published) ? [published] : followed;
    const [moved] = choice;
    const isMeant =
      moved &&
      this.#view.candidates.includes(moved) &&
      (moved === published || this.#view.proven.includes(moved));
    if (choice.length === 1 && isMeant) return moveOrStay(moved, 'followers-moved');
    if (this.#view.candidates.includes(published))
      return this.#view.candidates.length === 1 && !this.#view.writesInCircleWith(published)
        ? `point-to steady ${published.name}`
        : 'hold two-sources';
    if (tellsItsState(published) && this.#view.proven.length === 1 && !this.#view.mayBeSomebodyElse())
      return `point-to switchover ${this.#view.proven[0]?.name}`;
    return this.#rule12(published);
  }

  /** A server that was not asked yet counts as one of the others. */
  #isFollowedByMost(one: TwinServer): boolean {
    const others = this.#view.servers.filter(
      (other) => other !== one && (isReachable(other) || other.contact === 'unobserved'),
    );
    const unlisted = this.#view.world.unlisted.filter(
      (other) => this.#view.takesPart(other) && (isReachable(other) || other.contact === 'unobserved'),
    );
    return isMajority(this.#view.followers(one), [...others, ...unlisted]);
  }

  #restIsSeen(published: TwinServer): boolean {
    const rest = this.#view.quorumSet.filter((one) => one !== published);
    return isMajority(rest.filter(isReachable), rest);
  }

  #rule12(published: TwinServer): Verdict | undefined {
    if (
      published.contact !== 'unknown' ||
      this.#view.followers(published).length > 0 ||
      !this.#restIsSeen(published)
    )
      return undefined;
    if (this.#view.isCounted(published)) return undefined;
    if (this.#view.mayBeSomebodyElse()) return undefined;
    if (this.#view.proven.length === 1) return `point-to failover ${this.#view.proven[0]?.name}`;
    if (this.#view.proven.length > 1 || this.#view.candidates.length !== 1 || this.#view.servers.length !== 2)
      return undefined;
    return (this.#view.world.weakForMs ?? 0) >= 30_000
      ? `point-to failover ${this.#view.candidates[0]?.name}`
      : 'hold settling';
  }

  #rule13(): Verdict {
    const published = this.#view.published!;
    const isAlone = this.#view.quorumSet.every((one) => one === published);
    const isCounted = published.contact === 'unknown' && this.#view.isCounted(published);
    const mayLive =
      published.contact === 'alive' ||
      isCounted ||
      (!isReachable(published) && this.#view.followers(published).length > 0);
    if (mayLive && !published.servesNobody) return 'hold published-source-alive';
    if (published.contact === 'unobserved') return 'hold minority-view';
    if (published.contact === 'unknown' && !isAlone && !this.#restIsSeen(published))
      return 'hold minority-view';
    if (this.#view.unlistedSource()) return 'hold unknown-source';
    if (this.#view.proven.length > 1) return 'hold two-sources';
    if (this.#view.proven.length === 1) {
      if (this.#view.servers.some((one) => this.#view.isStanding(one) && this.#view.isProven(one)))
        return 'hold two-sources';
      if (this.#view.isStillAsked()) return 'hold minority-view';
    }
    if (this.#view.candidates.length > 0) return 'hold unproven-candidate';
    const writable = this.#view.servers.filter(isWritable);
    if (writable.some((one) => this.#view.isSuperseded(one))) return 'hold superseded-source';
    return writable.some((one) => !this.#view.inLine(one)) ? 'hold stranger' : 'hold no-candidate';
  }

  /** The guards before a move. */
  #guarded(verdict: Verdict): Verdict {
    const { ledger, flapping, command, gtidGuard } = this.#view.world;
    const [kind, , name = ''] = verdict.split(' ');
    const target = this.#view.server(name);
    if (kind === 'hold' || target === undefined || target === this.#view.published) return verdict;
    if ((ledger?.was.length ?? 0) >= 8) return 'hold ledger-full';
    if (!target.safeAddress) return 'hold unsafe-address';
    if (flapping && !command) return 'hold flapping';
    // A server that was not asked yet may be the source.
    if (!command && this.#view.world.unlisted.some((one) => one.contact === 'unobserved'))
      return 'hold minority-view';
    if (!command && this.#view.unlistedSource()) return 'hold unknown-source';
    if (gtidGuard === 'warn' || command?.force) return verdict;
    const waits = !command && this.#view.servers.some((one) => one.contact === 'unobserved');
    return waits || this.#isBehind(target) ? 'hold candidate-behind' : verdict;
  }

  /**
   * All transactions of the line began on db1, which therefore lacks none. Before the first publication the
   * line has the transactions of the candidate.
   */
  #isBehind(target: TwinServer): boolean {
    if (
      !target.known ||
      target.name === 'db1' ||
      (this.#view.world.ledger === undefined && target.executed === 0)
    )
      return false;
    const others = this.#view.servers.filter(
      (one) => one.known && one.contact !== 'unknown' && !this.#view.isSuperseded(one),
    );
    return others.some((one) => one.executed > target.executed);
  }
}

/** The server answers, or refuses us and says that it serves nobody. */
const tellsItsState = (one: TwinServer): boolean => isReachable(one) || one.servesNobody;

const isMajority = (some: readonly TwinServer[], all: readonly TwinServer[]): boolean =>
  some.length * 2 > all.length;
