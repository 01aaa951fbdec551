/** How long the event loop of the program under test lets a caller wait: its API is asked all the time. */

import { setTimeout as delay } from 'node:timers/promises';
import { askDaemon } from '../../../src/http/client.ts';
import { percentile } from './benchmark.ts';

const everyMs = 25;
const timeoutMs = 10_000;

export interface Waits {
  readonly p99: number;
  readonly most: number;
}

/** Asks until `stop`, which tells how long the answers took, in ms. */
export function measureWaits(apiSocket: string): { stop(): Promise<Waits> } {
  const waits: number[] = [];
  let stopped = false;
  const asking = (async () => {
    while (!stopped) {
      const begun = performance.now();
      await askDaemon(apiSocket, { method: 'GET', path: '/healthz', timeoutMs });
      waits.push(performance.now() - begun);
      await delay(everyMs);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await asking;
      return { p99: percentile(waits, 0.99), most: Math.max(...waits) };
    },
  };
}
