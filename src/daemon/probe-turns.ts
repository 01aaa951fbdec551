/**
 * Bounds how many probes begin in one turn of the event loop, for all clusters of a process. If thousands
 * began at once, their answers would come at once: for seconds this process would do nothing but take them.
 * Every step of a move and each answer of the API would wait so long (docs/decisions/054).
 */

import type { Clock } from '../ports.ts';

/** In an incident the answers to so many probes cost some 20 ms. */
export const mostPerTurn = 64;

/** One for a process. First in, first out: a server has one probe at a time, so none starves another. */
export class ProbeTurns {
  readonly #clock: Clock;
  #waiting: (() => void)[] = [];
  #begun = 0;
  #isCounting = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `begin` in its turn: at once, if there is room. */
  take(begin: () => void): void {
    this.#count();
    if (this.#begun === mostPerTurn) {
      this.#waiting.push(begin);
      return;
    }
    this.#begun += 1;
    begin();
  }

  /** Counts anew in the next turn of the event loop. */
  #count(): void {
    if (this.#isCounting) return;
    this.#isCounting = true;
    this.#clock.after(0, () => {
      const next = this.#waiting.splice(0, mostPerTurn);
      this.#begun = next.length;
      this.#isCounting = false;
      if (next.length > 0) this.#count();
      for (const begin of next) begin();
    });
  }
}
