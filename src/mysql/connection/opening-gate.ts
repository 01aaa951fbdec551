/**
 * Bounds how many connections are opened at the same time, for all clusters of a process. A login costs a
 * thousand times as much as a probe: a thousand at once keep this process busy until all of them are late.
 * See docs/decisions/028.
 */

import type { MonoMs } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';

const fewest = 4;
const most = 64;
const atFirst = 8;
/** How often we look whether this process keeps up. */
const pulseMs = 20;
/** A timer so late shows that the openings fill this process. */
const busyMs = 10;
/** So many places more where there was time left. */
const more = 2;
/** So much is left of the places where there was none. */
const less = 0.7;

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
  #limit = atFirst;
  #pulseDueAt: MonoMs | undefined;

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

  /** A server spoke to us and was too slow to log us in: it or the network has too much to do. */
  slow(): void {
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
    if (this.#pulseDueAt === undefined && this.waiting > 0) this.#pulse();
  }

  /** Only a timer shows how busy this process is: a slow login may have had a long way. */
  #pulse(): void {
    const due = (this.#clock.mono() + pulseMs) as MonoMs;
    this.#pulseDueAt = due;
    this.#clock.after(pulseMs, () => {
      this.#pulseDueAt = undefined;
      if (this.#clock.mono() - due > busyMs) this.slow();
      else if (this.waiting > 0) this.#limit = Math.min(most, this.#limit + more);
      this.#fill();
    });
  }
}
