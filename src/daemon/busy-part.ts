/** The part of the time in which the event loop was busy, window by window. */

import type { MonoMs } from '../core/model/units.ts';

export class BusyPart {
  readonly #busyMs: () => number;
  readonly #windowMs: number;
  #begun: { readonly at: MonoMs; readonly busyMs: number };

  /** `busyMs`: the milliseconds that the event loop was busy since some moment. */
  constructor(busyMs: () => number, windowMs: number, now: MonoMs) {
    this.#busyMs = busyMs;
    this.#windowMs = windowMs;
    this.#begun = { at: now, busyMs: busyMs() };
  }

  /** From 0 to 1, of the window that ends now. Undefined: the window has just begun. */
  next(now: MonoMs): number | undefined {
    const { at, busyMs } = this.#begun;
    if (now - at < this.#windowMs) return undefined;
    this.#begun = { at: now, busyMs: this.#busyMs() };
    return (this.#begun.busyMs - busyMs) / (now - at);
  }
}
