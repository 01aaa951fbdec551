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
/** A look that comes so late shows that this process cannot ask the servers that it has. */
const tooLateMs = 500;

/** What a look finds. */
export interface Look {
  readonly now: MonoMs;
  /** How much later than planned it comes. */
  readonly lateMs: number;
  /** Connections that wait to be opened. */
  readonly opening: number;
  /** When the last cluster began. */
  readonly lastAt: MonoMs;
}

/** Whether another cluster may begin. */
export function hasRoom({ now, lateMs, opening, lastAt }: Look): boolean {
  if (lateMs > tooLateMs) return false;
  return opening < enoughOpening || now - lastAt >= slowestMs;
}

/** One for a process. First in, first out. */
export class Admission {
  readonly #clock: Clock;
  readonly #opening: () => number;
  readonly #waiting = new Map<string, () => void>();
  #lastAt = Number.NEGATIVE_INFINITY as MonoMs;
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

  /** `begin` is called once, when it is this cluster's turn. A cluster that waits keeps its place. */
  add(cluster: string, begin: () => void): void {
    this.#waiting.set(cluster, begin);
    if (this.#cancel !== undefined) return;
    // Only a look that is late makes up for time: while nobody waited, nobody was held up.
    this.#nextAt = Math.max(this.#nextAt, this.#clock.mono()) as MonoMs;
    this.#look(0);
  }

  /** At once, if it waits: somebody asks for this cluster. */
  letIn(cluster: string): void {
    const begin = this.#waiting.get(cluster);
    if (begin === undefined) return;
    this.#waiting.delete(cluster);
    begin();
  }

  /** Nobody wants this cluster any more. */
  leave(cluster: string): void {
    this.#waiting.delete(cluster);
  }

  stop(): void {
    this.#waiting.clear();
    this.#cancel?.();
  }

  #look(lateMs: number): void {
    for (const [cluster] of this.#waiting) {
      const now = this.#clock.mono();
      if (now < this.#nextAt) break;
      if (!hasRoom({ now, lateMs, opening: this.#opening(), lastAt: this.#lastAt })) break;
      this.#lastAt = now;
      this.#nextAt = plusMs(Math.max(this.#nextAt, now - burstMs) as MonoMs, paceMs);
      this.letIn(cluster);
    }
    this.#lookLater();
  }

  #lookLater(): void {
    this.#cancel = undefined;
    if (this.#waiting.size === 0) return;
    const at = plusMs(this.#clock.mono(), lookEveryMs);
    this.#cancel = this.#clock.after(lookEveryMs, () => this.#look(this.#clock.mono() - at));
  }
}
