/**
 * Bounds how many connections are opened at the same time, for all clusters of a process. A login costs
 * many times as much as a probe: a thousand at once keep this process busy until all of them are late.
 * See docs/decisions/028.
 */

import { type MonoMs, plusMs } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';

const fewest = 8;
const most = 64;
/** Of its time-out: an attempt that needs less leaves room for more, one that needs more does not. */
const quick = 0.25;
const slow = 0.5;
/** So much is left of the places after slow attempts, once in so many ms: slow ones come together. */
const less = 0.7;
const lessEveryMs = 100;

/** One attempt: it waits for a slot, has a slot, or does neither. */
export interface Ticket {
  /** Resolves when the attempt has a slot. `ahead`: it had one, so it goes before those that had none. */
  take(ahead?: boolean): Promise<void>;
  /** Gives the slot back, or the place in the queue. */
  giveBack(): void;
}

/** One for a process. First in, first out; each server is in it at most once, so none starves another. */
export class OpeningGate {
  readonly #clock: Clock;
  readonly #mostWaiting: number;
  readonly #running = new Set<Ticket>();
  readonly #ahead = new Map<Ticket, () => void>();
  readonly #waiting = new Map<Ticket, () => void>();
  #limit = fewest;
  #lessAt = Number.NEGATIVE_INFINITY as MonoMs;

  /** At most `mostWaiting` attempts wait. */
  constructor(clock: Clock, mostWaiting = 100_000) {
    this.#clock = clock;
    this.#mostWaiting = mostWaiting;
  }

  /** How many attempts wait for a slot. */
  get waiting(): number {
    return this.#waiting.size + this.#ahead.size;
  }

  get isFull(): boolean {
    return this.waiting >= this.#mostWaiting;
  }

  ticket(): Ticket {
    const ticket: Ticket = {
      take: (ahead = false) =>
        new Promise((resolve) => {
          (ahead ? this.#ahead : this.#waiting).set(ticket, resolve);
          this.#fill();
        }),
      giveBack: () => {
        this.#ahead.delete(ticket);
        this.#waiting.delete(ticket);
        if (this.#running.delete(ticket)) this.#fill();
      },
    };
    return ticket;
  }

  /** A server that spoke to us needed this part of the time-out for the login; 1: it was too slow. */
  needed(part: number): void {
    if (part < quick) this.#limit = Math.min(most, this.#limit + 1);
    if (part <= slow || this.#clock.mono() < this.#lessAt) return;
    this.#lessAt = plusMs(this.#clock.mono(), lessEveryMs);
    this.#limit = Math.max(fewest, Math.floor(this.#limit * less));
  }

  #fill(): void {
    while (this.#running.size < this.#limit) {
      const queue = this.#ahead.size > 0 ? this.#ahead : this.#waiting;
      const [next] = queue;
      if (next === undefined) return;
      const [ticket, start] = next;
      queue.delete(ticket);
      this.#running.add(ticket);
      start();
    }
  }
}
