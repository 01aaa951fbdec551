/**
 * How busy this process is, and what that means for its clusters. If many of them are in suspicion at once,
 * their probes would fill the event loop: answers would miss their deadlines, and cause more suspicion. So
 * their haste shrinks together. If even the questions of clusters at rest fill it, these come less often.
 */

import type { MonoMs } from '../core/model/units.ts';
import { Demand } from '../demand.ts';
import { BusyPart } from './busy-part.ts';

/** Above this part of the event loop all haste is halved, below the other one it is doubled. */
const tooBusy = 0.65;
const hasRoom = 0.35;
/** From one cluster to the next: more than its probes take, and no divisor of an interval. Milliseconds. */
const phaseStepMs = 3.7;
/** How often we compare. Milliseconds. */
const compareEveryMs = 50;
/**
 * So many servers may be asked in full haste: with the default of `suspect_interval` 1,000 probes a second. A
 * probe costs the server more than it costs us, and many clusters may share a machine.
 */
const serversInHaste = 10;
/** With the default of `suspect_interval` this makes the pauses of a suspicion as long as those at rest. */
const mostStretch = 256;
/**
 * Above this part of the event loop the questions at rest come half as often, below the other one as often as
 * planned again. Half of the first one is above the second one: else they would take turns.
 */
const saturated = 0.95;
const hasRoomAtRest = 0.45;
const saturatedStretch = 2;
/** One incident must not count. Milliseconds. */
const saturatedForMs = 2000;

/** One for all clusters of a process. */
export class Load {
  readonly #waiting: () => number;
  readonly #servers = new Demand();
  readonly #busyNow: BusyPart;
  readonly #busyForLong: BusyPart;
  #begun = 0;
  /** Because the event loop is busy. */
  #stretch = 1;
  #isSaturated = false;

  /**
   * `busyMs`: the milliseconds that the event loop was busy since some moment. `waiting`: how many connections
   * wait to be opened.
   */
  constructor(busyMs: () => number, now: MonoMs, waiting: () => number = () => 0) {
    this.#waiting = waiting;
    this.#busyNow = new BusyPart(busyMs, compareEveryMs, now);
    this.#busyForLong = new BusyPart(busyMs, saturatedForMs, now);
  }

  /**
   * How long the next cluster waits for its first tick. Clusters that begin together would ask together for
   * ever: they spread over their interval.
   */
  phaseMs(intervalMs: number): number {
    const ms = (this.#begun * phaseStepMs) % intervalMs;
    this.#begun += 1;
    return ms;
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
    if (this.#waiting() > 0) return mostStretch;
    const shared = 2 ** Math.ceil(Math.log2(Math.max(1, this.#servers.sum / serversInHaste)));
    return Math.min(mostStretch, Math.max(shared, this.#stretch));
  }

  /**
   * How many times as long the pauses at rest are. Else a process with more servers than it can ask would do
   * nothing but ask those that it knows, and would never come to the others.
   */
  restStretch(now: MonoMs): number {
    const part = this.#busyForLong.next(now);
    if (part !== undefined) this.#isSaturated = part > (this.#isSaturated ? hasRoomAtRest : saturated);
    return this.#isSaturated || this.#waiting() > 0 ? saturatedStretch : 1;
  }
}
