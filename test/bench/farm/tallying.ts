/** Counts what the servers of the farm are asked, second by second. */

import type { FarmServer } from './cluster.ts';
import type { Tally } from './orders.ts';
import type { Answering } from './statements.ts';

/** Enough for 20,000 servers and two minutes. */
const latenessLimit = 2_400_000;
const unknownLimit = 5;

export class Tallying {
  readonly #intervalMs: number;
  readonly #lateness: number[] = [];
  readonly #unknown = new Set<string>();
  readonly #begunAt = performance.now();
  readonly #probes: number[] = [];
  readonly #connections: number[] = [];
  #glances = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  connected(): void {
    this.#count(this.#connections);
  }

  readonly asked = (server: FarmServer, { purpose, sql }: Answering): void => {
    if (purpose === 'probe') this.#probed(server);
    else if (purpose === 'glance') this.#glances += 1;
    else if (purpose === 'unknown' && this.#unknown.size < unknownLimit) this.#unknown.add(sql);
  };

  #probed(server: FarmServer): void {
    const now = performance.now();
    this.#count(this.#probes);
    if (server.probedAt !== undefined && this.#lateness.length < latenessLimit)
      this.#lateness.push(Math.max(0, now - server.probedAt - this.#intervalMs));
    server.probedAt = now;
  }

  #count(seconds: number[]): void {
    const second = Math.floor((performance.now() - this.#begunAt) / 1000);
    seconds[second] = (seconds[second] ?? 0) + 1;
  }

  report(open: number): Tally {
    const sorted = Float64Array.from(this.#lateness).sort();
    const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
    const sum = (counts: readonly number[]): number => counts.reduce((total, count = 0) => total + count, 0);
    const most = (counts: readonly number[]): number =>
      counts.reduce((top, count = 0) => Math.max(top, count), 0);
    return {
      seconds: (performance.now() - this.#begunAt) / 1000,
      probes: sum(this.#probes),
      glances: this.#glances,
      connections: sum(this.#connections),
      busiest: { probes: most(this.#probes), connections: most(this.#connections) },
      open,
      lateness: { median: at(0.5), p99: at(0.99), most: at(1) },
      unknown: [...this.#unknown],
    };
  }
}
