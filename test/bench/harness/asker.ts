/** Asks a nameserver for one name again and again, in a thread of its own, until it answers an address. */

import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

export interface AskerOrder {
  readonly port: number;
  readonly address: string;
  readonly name: string;
  /** The IPv4 address that is waited for. */
  readonly wanted: string;
}

export interface AskerResult {
  /** When the first such answer came (monotonicMs). */
  readonly at: number;
  readonly questions: number;
}

const thread = join(import.meta.dirname, 'asker-thread.js');

export class Asker {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** `pauseMs`: between an answer and the next question. */
  static async start(pauseMs: number): Promise<Asker> {
    const worker = new Worker(thread, { workerData: pauseMs });
    await once(worker, 'message');
    return new Asker(worker);
  }

  /** One order at a time. Resolves at the first such answer; rejects after `limitMs`. */
  async answered(order: AskerOrder, limitMs: number): Promise<AskerResult> {
    const late = AbortSignal.timeout(limitMs);
    this.#worker.postMessage(order);
    try {
      const [result] = (await once(this.#worker, 'message', { signal: late })) as [AskerResult];
      return result;
    } catch (error) {
      throw new Error(`${order.name} was not ${order.wanted} after ${limitMs} ms`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
