/** All benchmarks, in the order of docs/PERFORMANCE.md. */

import type { Benchmark } from './harness/benchmark.ts';

/** A benchmark is loaded only when it is run. */
export const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  core: () => import('./core.ts').then((m) => m.core),
  probe: () => import('./probe.ts').then((m) => m.probe),
  updates: () => import('./updates.ts').then((m) => m.updates),
  failover: () => import('./failover.ts').then((m) => m.failover),
  clients: () => import('./clients.ts').then((m) => m.clients),
  fence: () => import('./fence.ts').then((m) => m.fence),
  start: () => import('./start.ts').then((m) => m.start),
  scale: () => import('./scale.ts').then((m) => m.scale),
  'bad-day': () => import('./bad-day.ts').then((m) => m.badDay),
  partition: () => import('./partition.ts').then((m) => m.partition),
  shares: () => import('./shares.ts').then((m) => m.shares),
  twin: () => import('./twin.ts').then((m) => m.twin),
  scrape: () => import('./scrape.ts').then((m) => m.scrape),
  api: () => import('./api.ts').then((m) => m.api),
  hook: () => import('./hook.ts').then((m) => m.hook),
};
