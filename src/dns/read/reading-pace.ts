/** How often a nameserver is read when many clusters share it: each reading takes the next free slot, so one cluster feels nothing and a thousand share the cost. Pure. */
import type { MonoMs } from '../../core/model/units.ts';

/** One reading in so many milliseconds, in the long run: 250 a second. So a thousand clusters are read every 4 s. */
export const readingSlotMs = 4;
/** A shorter rest than this is not worth a word. */
export const leastRestMs = 250;
/** However many clusters there are: what was changed by hand is seen after this. */
export const longestRestMs = 10_000;

export class ReadingPace {
  /** When the next slot is free. */
  #freeAt = 0;

  /** Takes a slot for the next reading of the one who has read now. Milliseconds to wait for it; undefined: as soon as it likes. */
  restMs(now: MonoMs): number | undefined {
    this.#freeAt = Math.min(Math.max(this.#freeAt, now) + readingSlotMs, now + longestRestMs);
    const restMs = this.#freeAt - now;
    return restMs < leastRestMs ? undefined : restMs;
  }
}
