/** All benchmarks, in the order of docs/PERFORMANCE.md. */

import type { Benchmark } from './harness/benchmark.ts';

/** A benchmark is loaded only when it is run. */
export const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  updates: () => import('./updates.ts').then((m) => m.updates),
  failover: () => import('./failover.ts').then((m) => m.failover),
  shares: () => import('./shares.ts').then((m) => m.shares),
};
