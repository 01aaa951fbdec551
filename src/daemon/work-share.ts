/**
 * Leaves a part of the event loop free for answers. If many clusters are in suspicion at once,
 * their ticks would fill it, answers of nameservers would miss their deadlines, and cause more suspicion.
 */

import type { MonoMs } from '../core/model/units.ts';

/** The part of the event loop that ticks, and all that follows from them, may fill. */
const shareOfLoop = 0.7;
/** Work that we time is only a part of the work: a probe is also sent, read and cleaned up behind. */
const leastWhole = 1.5;
const mostWhole = 8;
/** How often we compare both. Milliseconds. */
const compareEveryMs = 200;
/** Waiting ticks go one after the other, not all at once. Milliseconds. */
const turnMs = 0.2;
/** The longest wait of a tick: below the default of `fresh_for`. Milliseconds. */
export const longestTickDelayMs = 1000;

/** Milliseconds that the event loop was busy since the process began. */
type BusyMs = () => number;

/** One for all clusters of a process. With a clock that stands still during work, nothing waits. */
export class WorkShare {
  readonly #busyMs: BusyMs | undefined;
  #freeAt = 0;
  /** For each millisecond that we time, the event loop is busy for so many. */
  #whole = leastWhole;
  #compared = { at: 0, busy: 0, timed: 0 };
  #timed = 0;

  /** Without `busyMs` the least is assumed. */
  constructor(busyMs?: BusyMs) {
    this.#busyMs = busyMs;
  }

  /** Events were processed from `begin` to `end`. */
  worked(begin: MonoMs, end: MonoMs): void {
    const work = end - begin;
    if (work <= 0) return;
    this.#timed += work;
    if (end - this.#compared.at >= compareEveryMs) this.#compare(end);
    this.#advance(end, work * (this.#whole / shareOfLoop - 1));
  }

  /** When a tick that is due may run: now, or at its turn. */
  turn(now: MonoMs): MonoMs {
    if (this.#freeAt <= now) return now;
    const at = this.#freeAt;
    this.#advance(now, turnMs);
    return at as MonoMs;
  }

  #compare(at: number): void {
    const busy = this.#busyMs?.() ?? 0;
    const whole = (busy - this.#compared.busy) / (this.#timed - this.#compared.timed);
    this.#whole = Math.min(mostWhole, Math.max(leastWhole, whole));
    this.#compared = { at, busy, timed: this.#timed };
  }

  #advance(now: MonoMs, ms: number): void {
    this.#freeAt = Math.min(Math.max(this.#freeAt, now) + ms, now + longestTickDelayMs);
  }
}
