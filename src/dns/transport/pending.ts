/** The messages of one socket that wait for answers. No I/O: the transports pass the time. */
import type { Failure } from '../../core/model/observation.ts';
import type { MonoMs } from '../../core/model/units.ts';
import type { Attempt, ExchangeResult, Truncated } from './exchange.ts';

interface Waiting {
  readonly sentAt: MonoMs;
  readonly deadline: MonoMs;
  giveUpAt: MonoMs;
  doubt?: Failure;
  judge(answer: Buffer): ReturnType<Attempt<unknown>['judge']>;
  settle(result: ExchangeResult<unknown> | Truncated): void;
}

/** A sent message, and how its waiting ends. */
interface SentAttempt<T> {
  readonly id: number;
  readonly deadline: MonoMs;
  readonly attempt: Attempt<T>;
  settle(result: ExchangeResult<T> | Truncated): void;
}

interface InFlightOptions {
  /** How long to keep listening after an answer that proves nothing. Infinity: until the deadline. */
  readonly graceMs: number;
  /** The failure if nothing came. */
  readonly noAnswer: Failure;
}

export class InFlight {
  readonly #options: InFlightOptions;
  readonly #waiting = new Map<number, Waiting>();
  /** When bytes last came in. */
  #heardAt = Number.NEGATIVE_INFINITY as MonoMs;

  constructor(options: InFlightOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** An id that no message in flight has. `next` gives random 16-bit numbers: a forger must guess the id. */
  freeId(next: () => number): number {
    let id = next();
    while (this.#waiting.has(id)) id = (id + 1) & 0xffff;
    return id;
  }

  sent<T>({ id, deadline, attempt, settle }: SentAttempt<T>, now: MonoMs): void {
    this.#waiting.set(id, {
      sentAt: now,
      deadline,
      giveUpAt: deadline,
      judge: (answer) => attempt.judge(answer),
      settle: settle as Waiting['settle'],
    });
  }

  /** An answer came. Ignores late and forged answers, which belong to no message. */
  received(answer: Buffer, now: MonoMs): void {
    this.#heardAt = now;
    const id = answer.length >= 2 ? answer.readUInt16BE(0) : -1;
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    const verdict = waiting.judge(answer);
    switch (verdict.kind) {
      case 'final':
        this.#settle(id, waiting, { kind: 'answered', value: verdict.value });
        break;
      case 'truncated':
        this.#settle(id, waiting, { kind: 'truncated' });
        break;
      case 'doubtful':
        this.#doubt(waiting, verdict.failure, now);
        break;
      case 'ignored':
        break;
    }
  }

  /** An answer with this id came, but cannot be read. */
  unreadable(id: number, failure: Failure, now: MonoMs): void {
    this.#heardAt = now;
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) this.#doubt(waiting, failure, now);
  }

  #doubt(waiting: Waiting, failure: Failure, now: MonoMs): void {
    // Keep the first answer: a later one may be forged.
    waiting.doubt ??= failure;
    waiting.giveUpAt = Math.min(waiting.giveUpAt, now + this.#options.graceMs) as MonoMs;
  }

  /** Ends messages that are due. True: a message got only silence, so the connection may be dead. */
  expire(now: MonoMs): boolean {
    let silent = false;
    for (const [id, waiting] of this.#waiting) {
      if (waiting.giveUpAt > now) continue;
      silent ||= waiting.doubt === undefined && this.#heardAt < waiting.sentAt;
      this.#settle(id, waiting, {
        kind: 'unanswered',
        failure: waiting.doubt ?? this.#options.noAnswer,
        broken: false,
      });
    }
    return silent;
  }

  /** The socket is gone, so every message ends now. */
  fail(failure: Failure): void {
    for (const [id, waiting] of this.#waiting)
      this.#settle(id, waiting, {
        kind: 'unanswered',
        failure: waiting.doubt ?? failure,
        broken: waiting.doubt === undefined,
      });
  }

  /** When to call `expire` next; Infinity: never. */
  wakeAt(): MonoMs {
    let at = Number.POSITIVE_INFINITY;
    for (const waiting of this.#waiting.values()) at = Math.min(at, waiting.giveUpAt);
    return at as MonoMs;
  }

  #settle(id: number, waiting: Waiting, result: ExchangeResult<unknown> | Truncated): void {
    this.#waiting.delete(id);
    waiting.settle(result);
  }
}
