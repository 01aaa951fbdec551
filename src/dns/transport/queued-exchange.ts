/** What waits in the queue of a transport: an exchange, and who waits for its result. */
import type { Exchange, ExchangeResult } from './exchange.ts';
import { queueFull } from './failures.ts';
import { type MessageQueue, type Queueable, queueable, queueLimits } from './queue.ts';

export interface QueuedExchange extends Queueable {
  readonly exchange: Exchange<unknown>;
  settle(result: ExchangeResult<unknown>): void;
}

/** Lets an exchange wait for its turn, and calls `queued`; a full queue is its result at once. */
export function enqueue<T>(
  queue: MessageQueue<QueuedExchange>,
  nameserver: string,
  exchange: Exchange<T>,
  queued: () => void,
): Promise<ExchangeResult<T>> {
  return new Promise((resolve) => {
    const settle = resolve as QueuedExchange['settle'];
    if (queue.add({ ...queueable(exchange), exchange, settle }) === 'queued') queued();
    else settle({ kind: 'not-sent', failure: queueFull(nameserver, queueLimits.waiting) });
  });
}
