/** The first table of docs/PERFORMANCE.md. */

import type { OverviewRow } from './harness/tables.ts';

export const overview: readonly OverviewRow[] = [
  {
    what: 'how often a server is asked at rest',
    loop: 'every 1 s',
    orchestrator: 'every 5 s (`InstancePollSeconds`)',
    ours: 'every 1 s (`interval`)',
    floor: '',
  },
  {
    what: 'clusters of 4 servers that one core watches, twice: half a core for a thousand',
    loop: '',
    orchestrator: '300 servers at a time (`DiscoveryMaxConcurrency`)',
    ours: { benchmark: 'scale', what: '1000 clusters: CPU at rest, of one core' },
    floor: '',
  },
];
