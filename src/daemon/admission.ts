/**
 * Brings the clusters of a process up in turn. If all of them began at once, each question would be late:
 * evidence would be too old before it is complete, and would be asked for again (docs/decisions/051).
 */

import { type MonoMs, plusMs } from '../core/model/units.ts';
import type { Clock } from '../ports.ts';

/** Between two looks at who may begin. Milliseconds, as all below. */
const lookEveryMs = 10;
/**
 * From one cluster to the next, on the average: more than its probes take, and no divisor of an interval.
 * Clusters that begin together would ask together for ever.
 */
const paceMs = 3.7;
/** A late look lets no more begin than in this time. */
const burstMs = 100;
/** While so many connections wait to be opened, those that were let in have enough to do. */
const enoughOpening = 4;
/** Yet one cluster begins in this time: servers that are away may keep connections waiting for ever. */
const slowestMs = 250;
/**
 * After a look that comes so late the clusters begin one by one: each when the last one is up, or after a
 * time. After one that is later still nobody begins: answers would soon be too old, and no login would end in
 * time.
 */
const lateMs = 500;
const tooLateMs = 800;
const longestMs = 5000;

/** A cluster that begins. */
export interface Beginner {
  start(): void;
  /** Whether its servers were asked, its zone was read, and nothing is being written. */
  isUp(): boolean;
}

/** What a look finds. */
export interface Look {
  /** How much later than planned it comes. */
  readonly behindMs: number;
  /** Connections that wait to be opened. */
  readonly opening: number;
  /** How long ago the last cluster began, and whether it is up. */
  readonly sinceMs: number;
  readonly isLastUp: boolean;
}

/** Whether another cluster may begin. */
export function hasRoom({ behindMs, opening, sinceMs, isLastUp }: Look): boolean {
  if (behindMs > tooLateMs) return false;
  if (behindMs > lateMs) return isLastUp || sinceMs >= longestMs;
  return opening < enoughOpening || sinceMs >= slowestMs;
}

/** One for a process. First in, first out. */
export class Admission {
  readonly #clock: Clock;
  readonly #opening: () => number;
  readonly #waiting = new Map<string, Beginner>();
  #last: { readonly at: MonoMs; readonly cluster: Beginner } | undefined;
  /** The pace allows the next cluster from here on. */
  #nextAt = Number.NEGATIVE_INFINITY as MonoMs;
  #cancel: (() => void) | undefined;

  /** `opening`: how many connections wait to be opened. */
  constructor(clock: Clock, opening: () => number) {
    this.#clock = clock;
    this.#opening = opening;
  }

  /** The clusters that have not begun, in their order. */
  get waiting(): ReadonlyMap<string, unknown> {
    return this.#waiting;
  }

  /** It is started once, when it is its turn. A cluster that waits keeps its place. */
  add(cluster: string, beginner: Beginner): void {
    this.#waiting.set(cluster, beginner);
    if (this.#cancel !== undefined) return;
    // Only a look that is late makes up for time: while nobody waited, nobody was held up.
    this.#nextAt = Math.max(this.#nextAt, this.#clock.mono()) as MonoMs;
    this.#look(0);
  }

  /** At once, if it waits: somebody asks for this cluster. */
  letIn(cluster: string): void {
    const beginner = this.#waiting.get(cluster);
    if (beginner === undefined) return;
    this.#waiting.delete(cluster);
    beginner.start();
  }

  /** Nobody wants this cluster any more. */
  leave(cluster: string): void {
    this.#waiting.delete(cluster);
  }

  stop(): void {
    this.#waiting.clear();
    this.#cancel?.();
  }

  #look(behindMs: number): void {
    for (const [name, cluster] of this.#waiting) {
      const now = this.#clock.mono();
      if (now < this.#nextAt || !this.#hasRoom(now, behindMs)) break;
      this.#last = { at: now, cluster };
      this.#nextAt = plusMs(Math.max(this.#nextAt, now - burstMs) as MonoMs, paceMs);
      this.letIn(name);
    }
    this.#lookLater();
  }

  #hasRoom(now: MonoMs, behindMs: number): boolean {
    if (this.#last === undefined) return true;
    const { at, cluster } = this.#last;
    return hasRoom({ behindMs, opening: this.#opening(), sinceMs: now - at, isLastUp: cluster.isUp() });
  }

  #lookLater(): void {
    this.#cancel = undefined;
    if (this.#waiting.size === 0) return;
    const at = plusMs(this.#clock.mono(), lookEveryMs);
    this.#cancel = this.#clock.after(lookEveryMs, () => this.#look(this.#clock.mono() - at));
  }
}
