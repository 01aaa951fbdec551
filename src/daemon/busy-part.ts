/** The part of the time in which this process was busy, window by window. */

import type { MonoMs } from '../core/model/units.ts';

/** The milliseconds that something was busy since some moment. */
export type BusyMs = () => number;

export class BusyPart {
  readonly #counters: readonly BusyMs[];
  readonly #windowMs: number;
  #begun: { readonly at: MonoMs; readonly counts: readonly number[] };

  /** Of several counters the one counts that was busy the least. */
  constructor(counters: readonly BusyMs[], windowMs: number, now: MonoMs) {
    this.#counters = counters;
    this.#windowMs = windowMs;
    this.#begun = { at: now, counts: counters.map((count) => count()) };
  }

  /** From 0 to 1, of the window that ends now. Undefined: the window is not over. */
  next(now: MonoMs): number | undefined {
    const { at, counts: before } = this.#begun;
    if (now - at < this.#windowMs) return undefined;
    const counts = this.#counters.map((count) => count());
    this.#begun = { at: now, counts };
    return Math.min(...counts.map((count, index) => count - (before[index] ?? 0))) / (now - at);
  }
}
