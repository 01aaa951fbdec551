/**
 * Follows the ledger of one name, for all pools of this process that ask in the same way. Evidence only makes
 * it ask sooner: a move comes from the ledger alone.
 */

import { type Answer, Asker, type OpenResolver } from './asker.ts';
import { SourceUnknownError } from './errors.ts';
import type { AskingSettings } from './options.ts';
import { isNewer, isSameServer, readTarget, type Target, type TargetReading } from './target.ts';
import { type Facts, isOf } from './verify.ts';

export interface Watcher {
  /** There is another target, or its address changed. `before`: undefined for the first one. */
  changed(now: Target, before: Target | undefined): void;
  suspected(why: string): void;
  /** What we follow may be old. The target stays. */
  stale(why: string): void;
}

interface Nameserver {
  readonly asker: Asker;
  /** What it said last. */
  said: TargetReading | undefined;
  /** In a row. */
  failures: number;
  /** Whether its first answer is still awaited. */
  isAwaited: boolean;
}

/** One lost packet is no news. */
const failuresOfTheDead = 3;

export class Follower {
  readonly settings: AskingSettings;
  readonly #nameservers: readonly Nameserver[];
  readonly #watchers = new Set<Watcher>();
  #current: Target | undefined;
  #trouble: unknown;
  #staleWhy: string | undefined;
  /** A change makes every connection verify its server again before it is lent. */
  #trust = 0;
  #suspectUntil: number;
  /** Without a success in between, more evidence against the same target is no news. */
  #isNews = true;
  #refused = false;
  #unreachableSince: number | undefined;
  /** All nameservers have gone back to this ledger, of a lower epoch. */
  #lower: Target | undefined;
  #isTrial = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(settings: AskingSettings, open: OpenResolver) {
    this.settings = settings;
    this.#suspectUntil = performance.now() + settings.suspectForMs;
    this.#nameservers = settings.nameservers.map((address) => {
      const asker = new Asker({
        resolver: open(address, settings.queryTimeoutMs),
        name: `_source-dns.${settings.name}`,
        timeoutMs: settings.queryTimeoutMs,
        pauseMs: () => this.#pauseMs(),
        heard: (answer) => this.#heard(nameserver, answer),
      });
      const nameserver: Nameserver = { asker, said: undefined, failures: 0, isAwaited: true };
      return nameserver;
    });
  }

  get current(): Target | undefined {
    return this.#current;
  }

  get trust(): number {
    return this.#trust;
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  close(): void {
    clearTimeout(this.#patience);
    for (const { asker } of this.#nameservers) asker.close();
  }

  unknown(): SourceUnknownError {
    const { name } = this.settings;
    return new SourceUnknownError(`No ledger at _source-dns.${name} says who is the source.`, {
      cause: this.#trouble,
    });
  }

  /**
   * Where the next connection goes. After the zone went back to a lower epoch, and only while the current
   * target does not serve: in turns to both, so that the lower one can show that it is the source.
   */
  next(): Target | undefined {
    this.#isTrial = this.#lower !== undefined && this.#mayGoBack() && !this.#isTrial;
    return this.#isTrial ? this.#lower : this.#current;
  }

  /** Something may be wrong at the current target. */
  suspect(why: string): void {
    if (!this.#isNews) return;
    this.#isNews = false;
    this.#suspectUntil = performance.now() + this.settings.suspectForMs;
    for (const { asker } of this.#nameservers) asker.wake();
    for (const watcher of [...this.#watchers]) watcher.suspected(why);
  }

  unreachable(why: string): void {
    this.#unreachableSince ??= performance.now();
    this.suspect(why);
  }

  /** A server says that it is read-only: none of its connections is trusted. */
  distrust(why: string): void {
    this.#trust += 1;
    this.suspect(why);
  }

  /** Whether the server that says this is the source. Why not, else. */
  judge(facts: Facts): string | undefined {
    const target = this.#current;
    if (target === undefined) return 'nothing is known of the source';
    if (isOf(facts, target) && facts.isWritable) {
      this.#refused = false;
      this.#unreachableSince = undefined;
      this.#isNews = true;
      return undefined;
    }
    const lower = this.#lower;
    if (lower !== undefined && this.#mayGoBack() && isOf(facts, lower) && facts.isWritable) {
      this.#adopt(lower);
      return undefined;
    }
    this.#refused = true;
    const why = isOf(facts, target) ? 'it is read-only' : 'another server answers there';
    this.distrust(`${target.server} is not the source: ${why}`);
    return why;
  }

  #mayGoBack(): boolean {
    const since = this.#unreachableSince;
    return this.#refused || (since !== undefined && performance.now() - since >= this.settings.suspectForMs);
  }

  #pauseMs(): number {
    const { intervalMs, suspectIntervalMs } = this.settings;
    return performance.now() < this.#suspectUntil ? suspectIntervalMs : intervalMs;
  }

  #heard(nameserver: Nameserver, answer: Answer): void {
    nameserver.isAwaited = false;
    if (answer.kind === 'failed') {
      nameserver.failures += 1;
      this.#trouble = answer.error;
      if (nameserver.failures >= failuresOfTheDead) nameserver.said = undefined;
    } else {
      nameserver.failures = 0;
      nameserver.said = this.#read(answer.rdata);
      if (nameserver.said.kind === 'unusable') this.#trouble = new Error(nameserver.said.why);
    }
    this.#compare();
  }

  #read(rdata: readonly (readonly string[])[]): TargetReading {
    const reading = readTarget(rdata, this.settings.port);
    const cluster = this.#current?.cluster;
    if (reading.kind === 'unusable' || cluster === undefined || reading.target.cluster === cluster)
      return reading;
    return { kind: 'unusable', why: 'the ledger belongs to another cluster' };
  }

  /** The newest of all that was said last: a nameserver that lags, or is dead, changes nothing. */
  #newest(): Target | undefined {
    let newest: Target | undefined;
    for (const { said } of this.#nameservers)
      if (said?.kind === 'target' && (newest === undefined || isNewer(said.target, newest)))
        newest = said.target;
    return newest;
  }

  #compare(): void {
    const newest = this.#newest();
    if (this.#current === undefined) {
      if (newest !== undefined) this.#first(newest);
      return;
    }
    if (newest !== undefined && isNewer(newest, this.#current)) this.#adopt(newest);
    this.#lower = newest !== undefined && newest.epoch < this.#current.epoch ? newest : undefined;
    this.#reportStale(newest);
  }

  /** At the start one nameserver may lag: the others get a moment. */
  #first(newest: Target): void {
    if (this.#nameservers.every(({ isAwaited }) => !isAwaited)) {
      this.#adopt(newest);
      return;
    }
    this.#patience ??= setTimeout(() => {
      for (const nameserver of this.#nameservers) nameserver.isAwaited = false;
      this.#compare();
    }, this.settings.suspectIntervalMs).unref();
  }

  #adopt(target: Target): void {
    clearTimeout(this.#patience);
    const before = this.#current;
    this.#current = target;
    this.#lower = undefined;
    this.#isTrial = false;
    this.#refused = false;
    this.#unreachableSince = undefined;
    this.#isNews = true;
    this.#trust += 1;
    if (before === undefined || !isSameServer(before, target)) this.#suspectUntil = 0;
    for (const watcher of [...this.#watchers]) watcher.changed(target, before);
  }

  /** Says once what is wrong, and again only when something else is. */
  #reportStale(newest: Target | undefined): void {
    const why = this.#whyStale(newest);
    const isKnown = why === this.#staleWhy;
    this.#staleWhy = why;
    if (!isKnown && why !== undefined) for (const watcher of [...this.#watchers]) watcher.stale(why);
  }

  #whyStale(newest: Target | undefined): string | undefined {
    const epoch = this.#current?.epoch ?? 0;
    if (newest !== undefined)
      return newest.epoch < epoch ? `the ledger went back from epoch ${epoch} to ${newest.epoch}` : undefined;
    for (const { said } of this.#nameservers) if (said?.kind === 'unusable') return said.why;
    return 'no nameserver answers';
  }
}

const followers = new WeakMap<OpenResolver, Map<string, Follower>>();

/** The follower of these settings. It tells the watcher what happens, until `leaveFollower`. */
export function joinFollower(watcher: Watcher, settings: AskingSettings, open: OpenResolver): Follower {
  const key = JSON.stringify(settings);
  const known = followers.get(open) ?? new Map<string, Follower>();
  followers.set(open, known);
  const follower = known.get(key) ?? new Follower(settings, open);
  known.set(key, follower);
  follower.watch(watcher);
  return follower;
}

/** Each watcher leaves once. The last one closes the follower. */
export function leaveFollower(watcher: Watcher, follower: Follower, open: OpenResolver): void {
  follower.unwatch(watcher);
  if (follower.isWatched) return;
  followers.get(open)?.delete(JSON.stringify(follower.settings));
  follower.close();
}
