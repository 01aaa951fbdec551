/**
 * Leaves half of the event loop free for answers. If many clusters are in suspicion at once,
 * their ticks would fill it, answers of nameservers would miss their deadlines, and cause more suspicion.
 */

import type { MonoMs } from '../core/model/units.ts';

/** After work, ticks wait as long as it took. */
const restPerWork = 1;
/** Waiting ticks go one after the other, not all at once. Milliseconds. */
const turnMs = 0.2;
/** The longest wait of a tick: below the default of `fresh_for`. Milliseconds. */
export const longestTickDelayMs = 1000;

/** One for all clusters of a process. With a clock that stands still during work, nothing waits. */
export class WorkShare {
  #freeAt = 0;

  /** Events were processed from `begin` to `end`. */
  worked(begin: MonoMs, end: MonoMs): void {
    const work = end - begin;
    if (work > 0) this.#advance(end, work * restPerWork);
  }

  /** When a tick that is due may run: now, or at its turn. */
  turn(now: MonoMs): MonoMs {
    if (this.#freeAt <= now) return now;
    const at = this.#freeAt;
    this.#advance(now, turnMs);
    return at as MonoMs;
  }

  #advance(now: MonoMs, ms: number): void {
    this.#freeAt = Math.min(Math.max(this.#freeAt, now) + ms, now + longestTickDelayMs);
  }
}
