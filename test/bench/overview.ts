/** The first table of docs/PERFORMANCE.md. */

import type { OverviewRow } from './harness/tables.ts';

export const overview: readonly OverviewRow[] = [
  {
    what: 'a source is killed: from the promotion until the name answers, median',
    loop: { benchmark: 'failover', what: "crash, a DBA's loop, median of 20" },
    orchestrator: 'its hooks do that: a process, and what it calls',
    ours: { benchmark: 'failover', what: 'crash, median of 100' },
    floor: { benchmark: 'failover', what: 'floor: one prepared update of BIND with its two fsyncs, median' },
  },
  {
    what: 'the same, 99 of 100',
    loop: { benchmark: 'failover', what: "crash, a DBA's loop, p99" },
    orchestrator: '',
    ours: { benchmark: 'failover', what: 'crash, p99' },
    floor: { benchmark: 'failover', what: 'floor: one prepared update of BIND, p99' },
  },
  {
    what: 'a planned switchover out of a quiet time, median',
    loop: { benchmark: 'failover', what: "planned switchover, a DBA's loop, median of 20" },
    orchestrator: 'its hooks do that',
    ours: { benchmark: 'failover', what: 'planned switchover, median of 100' },
    floor: { benchmark: 'failover', what: 'floor: one prepared update of BIND with its two fsyncs, median' },
  },
  {
    what: 'one update of the zone in memory',
    loop: { benchmark: 'updates', what: 'memory, 1 in flight, nsupdate: median' },
    orchestrator: '',
    ours: { benchmark: 'updates', what: 'memory, 1 in flight, ours: median' },
    floor: { benchmark: 'updates', what: 'memory, 1 in flight, bare bytes: median' },
  },
  {
    what: 'CPU of a question to a MySQL server, in this process',
    loop: 'a process `mysql`',
    orchestrator: '',
    ours: { benchmark: 'probe', what: 'client CPU of a probe, without TLS' },
    floor: { benchmark: 'probe', what: 'client CPU of bytes that nobody reads, without TLS' },
  },
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
