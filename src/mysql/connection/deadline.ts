/** Deadlines on the monotonic clock. */

import { type MonoMs, plusMs } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';

/** A timer so late shows that this process stood still: what came meanwhile must be read first. */
export const stoodStillMs = 100;

export function boundedDeadline(clock: Clock, deadline: MonoMs, ms: number): MonoMs {
  const own = plusMs(clock.mono(), ms);
  return own < deadline ? own : deadline;
}

/** The result of `work`, or `late()` when the deadline comes first. A later result of `work` is dropped. */
export function withDeadline<T>(clock: Clock, deadline: MonoMs, work: Promise<T>, late: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(Math.max(0, deadline - clock.mono()), () => resolve(late()));
    work.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error('not an Error', { cause: error }));
      },
    );
  });
}

/** How long a server has to answer our good-bye. */
const closeTimeoutMs = 200;

/** Says good-bye to a server. Resolves when the connection is closed. */
export const endSoon = (clock: Clock, connection: { end(): Promise<void>; destroy(): void }): Promise<void> =>
  withDeadline(clock, plusMs(clock.mono(), closeTimeoutMs), connection.end(), () => connection.destroy());

/** Calls `late` once, when the time between `goOn` and `stop` adds up to `ms`. */
export class TimeLimit {
  readonly #clock: Clock;
  readonly #late: () => void;
  readonly #ms: number;
  #leftMs: number;
  #since: MonoMs | undefined;
  #cancel: () => void = () => undefined;

  constructor(clock: Clock, ms: number, late: () => void) {
    this.#clock = clock;
    this.#late = late;
    this.#ms = ms;
    this.#leftMs = ms;
  }

  /** The part that is over, when it was last stopped: 0 to 1. */
  get spent(): number {
    return 1 - this.#leftMs / this.#ms;
  }

  goOn(): void {
    this.#since = this.#clock.mono();
    const due = this.#since + this.#leftMs;
    this.#cancel = this.#clock.after(this.#leftMs, () => {
      if (this.#clock.mono() - due < stoodStillMs) this.#late();
      else this.#cancel = this.#clock.after(stoodStillMs, this.#late);
    });
  }

  stop(): void {
    this.#cancel();
    if (this.#since !== undefined)
      this.#leftMs = Math.max(0, this.#leftMs - (this.#clock.mono() - this.#since));
    this.#since = undefined;
  }
}
