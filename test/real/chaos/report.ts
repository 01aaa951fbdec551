/** The lines that a chaos run prints: one for each round, and a summary. */

import type { RoundResult } from './round.ts';

/** What a run says at its end. */
export class Report {
  /** Worlds that ended before their last round. */
  lostWorlds = 0;
  #inOpenings = 0;
  readonly #results: RoundResult[] = [];

  add(result: RoundResult): void {
    this.#results.push(result);
  }

  /** The first publication in a new world is no round, but its violations count. */
  addOpening({ violations }: RoundResult): void {
    this.#inOpenings += violations.length;
  }

  get violations(): number {
    return this.#results.reduce((sum, { violations }) => sum + violations.length, this.#inOpenings);
  }

  text(): string {
    const results = this.#results;
    const moved = results.filter(({ moves }) => moves > 0);
    const sum = (count: (result: RoundResult) => number) =>
      results.reduce((total, each) => total + count(each), 0);
    const timed = (kind: RoundResult['kind']) =>
      results.filter((each) => each.kind === kind).flatMap(({ answeredMs }) => answeredMs ?? []);
    const olds = results.flatMap(({ old }) => old ?? []);
    const closed = olds.flatMap(({ closedAt, since }) => (closedAt === undefined ? [] : [closedAt - since]));
    const waiting = olds.filter(
      ({ closedAt, waitsSince }) => closedAt === undefined && waitsSince !== undefined,
    );
    return [
      `rounds ${results.length}, moves ${sum(({ moves }) => moves)} in ${moved.length} rounds, holds ${results.length - moved.length}, violations ${this.violations}`,
      ...(this.lostWorlds > 0 ? [`WORLDS LOST, THEIR LAST ROUNDS NOT JUDGED: ${this.lostWorlds}`] : []),
      `acknowledged rows lost where semi-synchronous replication promised nothing (mistakes by hand): ${sum(({ excused }) => excused)}`,
      ...line('promotion to answer, failover, nothing broken but the source', timed('failover')),
      ...line('promotion to answer, switchover, nothing broken', timed('switchover')),
      ...line('promotion to answer, under further faults', timed('faults')),
      ...line('promotion to answer, with a mistake of the operator', timed('mistake')),
      `old sources that had to stop: ${olds.length}, closed ${closed.length}, waiting for replicas ${waiting.length}`,
      `from an old source that is reached, and named as former, until it is closed: ${spread(closed)}`,
      `from the calm's begin to the answer on all nameservers (L1): ${spread(results.flatMap(({ calmAnsweredMs }) => calmAnsweredMs ?? []))}`,
      `from the calm's begin to no former source left and all replicas published: ${spread(results.flatMap(({ settledMs }) => settledMs ?? []))}`,
    ].join('\n');
  }
}

function line(
  title: string,
  times: readonly { readonly primary: number; readonly all: number }[],
): readonly string[] {
  return [
    `${title}, on the primary: ${spread(times.map(({ primary }) => primary))}`,
    `${title}, on all nameservers: ${spread(times.map(({ all }) => all))}`,
  ];
}

/** Count, median, 99th percentile (the value below which 99 % are, by nearest rank) and maximum. */
export function spread(times: readonly number[]): string {
  if (times.length === 0) return 'none';
  const sorted = times.toSorted((a, b) => a - b);
  const rank = (share: number) => Math.round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0);
  return `n ${sorted.length}, median ${rank(0.5)} ms, p99 ${rank(0.99)} ms, max ${rank(1)} ms`;
}
