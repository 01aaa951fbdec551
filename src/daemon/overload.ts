/**
 * Whether this process has had too much to do for so long that an operator should know: at rest it asks its
 * servers more rarely than configured. A moment of that, as at a start, is no trouble.
 */

import type { Failure } from '../core/model/observation.ts';
import type { MonoMs } from '../core/model/units.ts';

/** Too much to do counts up to here, and room counts down. Here an operator is told. Milliseconds. */
const toldFromMs = 60_000;
/** Then room counts less: the end is told after five minutes of it. So turns are not told each time. */
const roomAfter = 0.2;
/** Between two looks the process may have stood still: that says little. Milliseconds. */
const longestGapMs = 5000;

export class Overload {
  #lookedAt: MonoMs;
  #sumMs = 0;
  #begunAt: MonoMs;
  #isTold = false;

  constructor(now: MonoMs) {
    this.#lookedAt = now;
    this.#begunAt = now;
  }

  /** Since when, while an operator should know it. */
  get since(): MonoMs | undefined {
    return this.#isTold ? this.#begunAt : undefined;
  }

  /** Takes whether servers at rest are asked more rarely now. True: `since` is another one now. */
  look(isStretched: boolean, now: MonoMs): boolean {
    const gapMs = Math.min(longestGapMs, Math.max(0, now - this.#lookedAt));
    if (this.#sumMs === 0) this.#begunAt = this.#lookedAt;
    this.#lookedAt = now;
    const change = isStretched ? gapMs : -gapMs * (this.#isTold ? roomAfter : 1);
    this.#sumMs = Math.min(toldFromMs, Math.max(0, this.#sumMs + change));
    const isTold = this.#isTold ? this.#sumMs > 0 : this.#sumMs >= toldFromMs;
    if (isTold === this.#isTold) return false;
    this.#isTold = isTold;
    return true;
  }
}

/** Of the clusters that wait. */
const mostNamed = 3;

/** `since`: milliseconds since 1970. `waiting`: the clusters that nobody watches here yet. */
export const overloadWarning = (since: number, waiting: readonly string[]): Failure => ({
  code: 'overloaded',
  message: `since ${new Date(since).toISOString().slice(0, 19)}Z this process has more to do than it can: it asks servers at rest more rarely than configured, after up to twice \`watch.interval\`${notWatched(waiting)}`,
  hint: 'give it more CPU, or share the clusters among several instances (docs/SHARES.md), or let it ask more rarely (`watch.interval`, `watch.fresh_for`)',
});

function notWatched(waiting: readonly string[]): string {
  if (waiting.length === 0) return '';
  const more = waiting.length > mostNamed ? [`${waiting.length - mostNamed} more`] : [];
  const some = [...waiting.slice(0, mostNamed), ...more].join(', ');
  return `; clusters that wait for their turn, and are not watched here: ${waiting.length} (${some})`;
}
