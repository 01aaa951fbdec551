/**
 * How busy this process is, and what that means for its clusters. If many of them are in suspicion at once, their
 * probes would fill the event loop: answers would miss their deadlines, and cause more suspicion. So their
 * haste shrinks together.
 */

import type { MonoMs } from '../core/model/units.ts';

/** Above this part of the event loop all haste is halved, below the other one it is doubled. */
const tooBusy = 0.65;
const hasRoom = 0.35;
/** How often we compare. Milliseconds. */
const compareEveryMs = 50;
/** With the default of `suspect_interval` this makes the pauses of a suspicion as long as `interval`. */
const mostStretch = 128;

/** One for all clusters of a process. */
export class Load {
  readonly #busyMs: () => number;
  #stretch = 1;
  #compared: { readonly at: number; readonly busy: number };

  /** `busyMs`: the milliseconds that the event loop was busy since some moment. */
  constructor(busyMs: () => number, now: MonoMs) {
    this.#busyMs = busyMs;
    this.#compared = { at: now, busy: busyMs() };
  }

  /** How many times as long the pauses of a suspicion must be: a power of two. */
  stretch(now: MonoMs): number {
    const { at, busy } = this.#compared;
    if (now - at < compareEveryMs) return this.#stretch;
    const busyNow = this.#busyMs();
    const part = (busyNow - busy) / (now - at);
    if (part > tooBusy) this.#stretch = Math.min(mostStretch, this.#stretch * 2);
    else if (part < hasRoom) this.#stretch = Math.max(1, this.#stretch / 2);
    this.#compared = { at: now, busy: busyNow };
    return this.#stretch;
  }
}
