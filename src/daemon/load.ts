/**
 * How busy this process is, and what that means for its clusters. If many of them are in suspicion at once,
 * their probes would fill the event loop: answers would miss their deadlines, and cause more suspicion. So
 * their haste shrinks together. If even the questions of clusters at rest fill it, these come less often.
 */

import type { MonoMs } from '../core/model/units.ts';
import { Demand } from '../demand.ts';
import { type BusyMs, BusyPart } from './busy-part.ts';
import { Overload } from './overload.ts';

/** Above this part of the event loop all haste is halved, below the other one it is doubled. */
const tooBusy = 0.65;
const hasRoom = 0.35;
/** How often we compare. Milliseconds. */
const compareEveryMs = 50;
/**
 * So many servers may be asked in full haste: with the default of `suspect_interval` 1,000 probes a second. A
 * probe costs the server more than it costs us, and many clusters may share a machine.
 */
const serversInHaste = 10;
/** With the default of `suspect_interval` this makes the pauses of a suspicion as long as those at rest. */
const mostStretch = 256;
/** With so many servers in haste, and pauses so many times as long, the answers that come share turns. */
const sharesTurnsFrom = { servers: 160, stretch: 64 };
/**
 * Above this part of the event loop the questions at rest come half as often. They come as often as planned
 * again when the process needs less than the other part. Half of the first one is above that: else they would
 * take turns.
 */
const saturated = 0.95;
const hasRoomAtRest = 0.45;
const saturatedStretch = 2;
/** One incident must not count. Milliseconds. */
const saturatedForMs = 2000;
/** Where other processes take the CPU, there may be room so long and then none: that is too much to do. */
const roomForMs = 10_000;

/** Since some moment. */
export interface Usage {
  /** How long the event loop was busy, also while another process had the CPU. */
  readonly busyMs: BusyMs;
  /** The CPU time of this process. */
  readonly cpuMs: BusyMs;
}

/** As the system says. */
export const ownUsage: Usage = {
  busyMs: () => performance.eventLoopUtilization().active,
  cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

interface LoadOptions extends Usage {
  /** How many connections and clusters wait for their turn. Absent: none. */
  readonly waiting?: () => number;
  /** Gets since when there is too much to do; undefined: that is over. */
  readonly onOverload?: (since: MonoMs | undefined) => void;
}

/** One for all clusters of a process. */
export class Load {
  readonly #options: LoadOptions;
  readonly #overload: Overload;
  readonly #servers = new Demand();
  readonly #busyNow: BusyPart;
  readonly #busyForLong: BusyPart;
  /** Because the event loop is busy. */
  #stretch = 1;
  /** While the event loop is saturated: what the process needs although it asks less. */
  #need: BusyPart | undefined;

  constructor(options: LoadOptions, now: MonoMs) {
    this.#options = options;
    this.#overload = new Overload(now);
    this.#busyNow = new BusyPart([options.busyMs], compareEveryMs, now);
    this.#busyForLong = new BusyPart([options.busyMs], saturatedForMs, now);
  }

  /** `who` asks so many servers in haste from now on. */
  haste(who: object, servers: number): void {
    this.#servers.want(who, servers);
  }

  /** How many times as long the pauses of a suspicion must be: a power of two. */
  stretch(now: MonoMs): number {
    const part = this.#busyNow.next(now);
    if (part !== undefined && part > tooBusy) this.#stretch = Math.min(mostStretch, this.#stretch * 2);
    else if (part !== undefined && part < hasRoom) this.#stretch = Math.max(1, this.#stretch / 2);
    // A login costs us and the server as much as many probes. What nobody asked yet comes before haste.
    if (this.#isAnyWaiting()) return mostStretch;
    return this.#hasteStretch();
  }

  /**
   * Whether answers share turns, as of the last comparison. A process with few clusters never does: if it is
   * busy, another process has the CPU, or it opens connections.
   */
  get sharesTurns(): boolean {
    return this.#servers.sum >= sharesTurnsFrom.servers && this.#hasteStretch() >= sharesTurnsFrom.stretch;
  }

  #hasteStretch(): number {
    const shared = 2 ** Math.ceil(Math.log2(Math.max(1, this.#servers.sum / serversInHaste)));
    return Math.min(mostStretch, Math.max(shared, this.#stretch));
  }

  /**
   * How many times as long the pauses at rest are. Else a process with more servers than it can ask would do
   * nothing but ask those that it knows, and would never come to the others.
   */
  restStretch(now: MonoMs): number {
    this.#compare(now);
    const isStretched = this.#need !== undefined || this.#isAnyWaiting();
    if (this.#overload.look(isStretched, now)) this.#options.onOverload?.(this.#overload.since);
    return isStretched ? saturatedStretch : 1;
  }

  /** A process that waits for the CPU does not need it for its own work: that tells when there is room. */
  #compare(now: MonoMs): void {
    const { busyMs, cpuMs } = this.#options;
    const busy = this.#busyForLong.next(now);
    if (busy !== undefined && busy > saturated) this.#need = new BusyPart([busyMs, cpuMs], roomForMs, now);
    const need = this.#need?.next(now);
    if (need !== undefined && need < hasRoomAtRest) this.#need = undefined;
  }

  #isAnyWaiting(): boolean {
    return (this.#options.waiting?.() ?? 0) > 0;
  }

  get isOverloaded(): boolean {
    return this.#overload.since !== undefined;
  }
}
