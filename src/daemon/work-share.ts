/**
 * Keeps room for answers. Many clusters that are in suspicion at once want to ask more than one process can; their ticks would then fill the
 * event loop, the nameserver's answers would come after their deadlines, and that is one more suspicion. So ticks have at most about half of it.
 */
import type { MonoMs } from '../core/model/units.ts';

/** After work, ticks wait as long as it took. */
const restPerWork = 1;
/** Ticks that wait are let go one after the other, not all at once. Milliseconds. */
const turnMs = 0.2;
/** A tick waits no longer than this: below the default of `fresh_for`. Milliseconds. */
export const longestTickDelayMs = 1000;

/** One for all clusters of a process. Time is an argument; a clock that stands still while the work is done, as a simulated one, makes nobody wait. */
export class WorkShare {
  #freeAt = 0;

  /** Events were processed from `begin` to `end`. */
  worked(begin: MonoMs, end: MonoMs): void {
    const work = end - begin;
    if (work > 0) this.#advance(end, work * restPerWork);
  }

  /** When a tick that is due now may be processed: now, or the turn that it has got. */
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
