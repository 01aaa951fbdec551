/**
 * What waits for one nameserver, and in which order it is sent: updates before questions, names in turn,
 * nothing late, and a limit on everything. No I/O: the transports pass the time and keep the timers.
 */
import type { MonoMs } from '../../core/model/units.ts';
import type { Exchange, ExchangeResult } from './exchange.ts';
import { queueFull, recalled } from './failures.ts';

/** An update changes the zone. A question does no harm and may wait. */
export type Rank = 'update' | 'question';

export interface Queueable {
  readonly rank: Rank;
  /** Names take turns, so a name with many messages delays no other name. */
  readonly lane: string;
  /** The message must be sent before this time. */
  readonly sendBefore: MonoMs;
}

const queueable = ({ deadline, notAfter, repeatable, lane }: Exchange<unknown>): Queueable => ({
  rank: repeatable ? 'question' : 'update',
  lane,
  sendBefore: Math.min(deadline, notAfter ?? Number.POSITIVE_INFINITY) as MonoMs,
});

export interface QueueLimits {
  /** Sent and not ended. If updates are slow, questions still pass, and vice versa. */
  readonly inFlight: Readonly<Record<Rank, number>>;
  /** Waiting, of both ranks. */
  readonly waiting: number;
  /** Waiting, of one lane and rank. */
  readonly waitingOfLane: number;
  /** After so many updates a question may pass. Otherwise many moves would delay each other's read-back. */
  readonly updatesInARow: number;
}

/** BIND silently drops updates above its update-quota (100). A thousand clusters may wait. */
export const queueLimits: QueueLimits = {
  inFlight: { update: 48, question: 48 },
  waiting: 8192,
  waitingOfLane: 64,
  updatesInARow: 2,
};

/**
 * TCP loses no question, and holds back what the nameserver does not read yet. A busy process reads answers
 * once in a turn of its event loop: with few in flight a thousand names would never all be read in time.
 */
export const tcpQueueLimits: QueueLimits = { ...queueLimits, inFlight: { update: 48, question: 512 } };

export class MessageQueue<T extends Queueable> {
  readonly #limits: QueueLimits;
  readonly #ranks: Readonly<Record<Rank, Lanes<T>>> = { update: new Lanes(), question: new Lanes() };
  readonly #inFlight: Record<Rank, number> = { update: 0, question: 0 };
  #updatesInARow = 0;
  /** At or before the earliest `sendBefore` of waiting messages: the earliest may already have left. */
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(limits: QueueLimits = queueLimits) {
    this.#limits = limits;
  }

  get waiting(): number {
    return this.#ranks.update.size + this.#ranks.question.size;
  }

  /** Taken and not ended. */
  get inFlight(): number {
    return this.#inFlight.update + this.#inFlight.question;
  }

  /** Appends to the item's lane. `full`: the item was not taken. */
  add(item: T): 'queued' | 'full' {
    const lanes = this.#ranks[item.rank];
    const { waiting, waitingOfLane } = this.#limits;
    if (this.waiting >= waiting || lanes.sizeOf(item.lane) >= waitingOfLane) return 'full';
    lanes.add(item);
    this.#dueAt = Math.min(this.#dueAt, item.sendBefore);
    return 'queued';
  }

  /** The next item to send, in flight from now on; undefined if none may be sent. Call `expire` before. */
  take(): T | undefined {
    const rank = this.#nextRank();
    if (rank === undefined) return undefined;
    this.#updatesInARow = rank === 'update' ? this.#updatesInARow + 1 : 0;
    this.#inFlight[rank]++;
    return this.#ranks[rank].take();
  }

  /** Whether the item still waited; then it is removed. */
  withdraw(item: T): boolean {
    return this.#ranks[item.rank].withdraw(item);
  }

  /** A taken item was answered, or given up. */
  ended(rank: Rank): void {
    this.#inFlight[rank]--;
  }

  /** Removes and returns the items that waited too long. */
  expire(now: MonoMs): readonly T[] {
    if (this.#dueAt > now) return [];
    const late = [...this.#ranks.update.remove(now), ...this.#ranks.question.remove(now)];
    this.#dueAt = Math.min(this.#ranks.update.earliest(), this.#ranks.question.earliest());
    return late;
  }

  /** Removes and returns all waiting items. */
  drain(): readonly T[] {
    return this.expire(Number.POSITIVE_INFINITY as MonoMs);
  }

  /** The latest time to call `expire` again; Infinity: never. */
  wakeAt(): MonoMs {
    return this.#dueAt as MonoMs;
  }

  #nextRank(): Rank | undefined {
    const { inFlight, updatesInARow } = this.#limits;
    const may = (rank: Rank): boolean => this.#ranks[rank].size > 0 && this.#inFlight[rank] < inFlight[rank];
    if (!may('update')) return may('question') ? 'question' : undefined;
    return this.#updatesInARow >= updatesInARow && may('question') ? 'question' : 'update';
  }
}

/** First in, first out within a lane. Lanes take turns. */
class Lanes<T extends Queueable> {
  /** The next lane comes first. No lane is empty. */
  readonly #lanes = new Map<string, T[]>();
  size = 0;

  sizeOf(lane: string): number {
    return this.#lanes.get(lane)?.length ?? 0;
  }

  add(item: T): void {
    const lane = this.#lanes.get(item.lane);
    if (lane === undefined) this.#lanes.set(item.lane, [item]);
    else lane.push(item);
    this.size++;
  }

  take(): T | undefined {
    const [first] = this.#lanes;
    if (first === undefined) return undefined;
    const [name, items] = first;
    const item = items.shift();
    this.#lanes.delete(name);
    if (items.length > 0) this.#lanes.set(name, items);
    this.size--;
    return item;
  }

  withdraw(item: T): boolean {
    const items = this.#lanes.get(item.lane) ?? [];
    const left = items.filter((other) => other !== item);
    if (left.length === items.length) return false;
    this.#keep(item.lane, left);
    this.size--;
    return true;
  }

  remove(now: MonoMs): readonly T[] {
    const removed: T[] = [];
    for (const [name, items] of this.#lanes) {
      const late = items.filter((item) => item.sendBefore <= now);
      if (late.length === 0) continue;
      removed.push(...late);
      this.#keep(
        name,
        items.filter((item) => item.sendBefore > now),
      );
    }
    this.size -= removed.length;
    return removed;
  }

  #keep(name: string, items: T[]): void {
    if (items.length === 0) this.#lanes.delete(name);
    else this.#lanes.set(name, items);
  }

  earliest(): number {
    let at = Number.POSITIVE_INFINITY;
    for (const items of this.#lanes.values()) for (const item of items) at = Math.min(at, item.sendBefore);
    return at;
  }
}

export interface QueuedExchange extends Queueable {
  readonly exchange: Exchange<unknown>;
  settle(result: ExchangeResult<unknown>): void;
}

/**
 * Queues an exchange, and calls `queued`. If the queue is full, the result says so at once. If it is recalled
 * while it waits, for a connection or for its turn, the result does not wait for the deadline.
 */
export function enqueue<T>(
  queue: MessageQueue<QueuedExchange>,
  nameserver: string,
  exchange: Exchange<T>,
  queued: () => void,
): Promise<ExchangeResult<T>> {
  return new Promise((resolve) => {
    const signal = exchange.recalled;
    const settle = (result: ExchangeResult<unknown>) => {
      signal?.removeEventListener('abort', recall);
      resolve(result as ExchangeResult<T>);
    };
    const item = { ...queueable(exchange), exchange, settle };
    const recall = () => {
      if (queue.withdraw(item)) settle({ kind: 'not-sent', failure: recalled(nameserver) });
    };
    if (queue.add(item) === 'full')
      return settle({ kind: 'not-sent', failure: queueFull(nameserver, queue.waiting) });
    if (signal?.aborted) return recall();
    signal?.addEventListener('abort', recall);
    queued();
  });
}
