/**
 * Where callers wait while there is nothing to connect to. After a failure one caller at a time goes ahead,
 * with longer and longer pauses, so that a dead server gets no storm of connections and a living one is found
 * soon.
 */

export class Gate {
  readonly #leastMs: number;
  readonly #mostMs: number;
  readonly #waiting = new Set<() => void>();
  /** Held: nobody goes. Shut: one at a time. */
  #state: 'held' | 'shut' | 'open' = 'held';
  #pauseMs: number;
  #timer: NodeJS.Timeout | undefined;
  /** Whether somebody went ahead, and has not come back. */
  #isScouted = false;

  constructor(leastMs: number, mostMs: number) {
    this.#leastMs = leastMs;
    this.#mostMs = mostMs;
    this.#pauseMs = leastMs;
  }

  /** Calls `go` now or later, in the order of the callers. */
  enter(go: () => void): void {
    if (this.#state === 'open') {
      go();
      return;
    }
    this.#waiting.add(go);
    this.#scout();
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  leave(go: () => void): void {
    this.#waiting.delete(go);
  }

  open(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#state = 'open';
    this.#isScouted = false;
    this.#pauseMs = this.#leastMs;
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const go of all) go();
  }

  /** Somebody failed. */
  shut(): void {
    if (this.#timer !== undefined || this.#state === 'held') return;
    if (this.#state === 'shut') this.#pauseMs = Math.min(this.#pauseMs * 2, this.#mostMs);
    this.#state = 'shut';
    this.#isScouted = false;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#scout();
    }, this.#pauseMs).unref();
  }

  /** The caller that went ahead is back, and has proved nothing. */
  back(): void {
    this.#isScouted = false;
    this.#scout();
  }

  #scout(): void {
    if (this.#state !== 'shut' || this.#timer !== undefined || this.#isScouted) return;
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#waiting.delete(first);
    this.#isScouted = true;
    first();
  }
}
