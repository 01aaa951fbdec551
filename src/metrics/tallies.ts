/** Counters and histograms: what only events can tell. They begin with the process. */

import type { LabelsOf, NameOf } from './catalogue.ts';
import type { Samples } from './samples.ts';

/** Of durations, in seconds: from a probe on the local network to the longest time-out. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

interface Count<Name extends NameOf<'counter'>> {
  readonly labels: LabelsOf<Name>;
  value: number;
}

const keyOf = (labels: Readonly<Record<string, string>>): string => JSON.stringify(Object.values(labels));

/** One counter: a value for each combination of its labels, of which there must be few. */
export class Counter<Name extends NameOf<'counter'>> {
  readonly #name: Name;
  readonly #counts = new Map<string, Count<Name>>();

  /** `begun`: combinations that are 0 from the start. A series that begins at 1 shows no increase. */
  constructor(name: Name, begun: readonly LabelsOf<Name>[] = []) {
    this.#name = name;
    for (const labels of begun) this.add(labels, 0);
  }

  add(labels: LabelsOf<Name>, by = 1): void {
    const key = keyOf(labels);
    const count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, { labels, value: by });
    else count.value += by;
  }

  /** Forgets the combinations that are no longer wanted. */
  keep(wanted: (labels: LabelsOf<Name>) => boolean): void {
    for (const [key, { labels }] of this.#counts) if (!wanted(labels)) this.#counts.delete(key);
  }

  tell(samples: Samples): void {
    for (const { labels, value } of this.#counts.values()) samples.add(this.#name, labels, value);
  }
}

interface Distribution<Name extends NameOf<'histogram'>> {
  readonly labels: LabelsOf<Name>;
  /** Of each bound, then of all that is above. */
  readonly counts: number[];
  sum: number;
}

/** One histogram of durations: cumulative buckets as Prometheus wants them. */
export class Histogram<Name extends NameOf<'histogram'>> {
  readonly #name: Name;
  readonly #distributions = new Map<string, Distribution<Name>>();

  constructor(name: Name, begun: readonly LabelsOf<Name>[]) {
    this.#name = name;
    for (const labels of begun) this.#of(labels);
  }

  /** Less than nothing is nothing: a wall clock may step back between two times. */
  observe(labels: LabelsOf<Name>, seconds: number): void {
    if (Number.isNaN(seconds)) return;
    const value = Math.max(0, seconds);
    const distribution = this.#of(labels);
    const at = bounds.findIndex((bound) => value <= bound);
    const bucket = at === -1 ? bounds.length : at;
    distribution.counts[bucket] = (distribution.counts[bucket] ?? 0) + 1;
    distribution.sum += value;
  }

  tell(samples: Samples): void {
    for (const { labels, counts, sum } of this.#distributions.values()) {
      let total = 0;
      for (const [index, count] of counts.entries()) {
        total += count;
        const le = index < bounds.length ? String(bounds[index]) : '+Inf';
        samples.put(this.#name, {
          metricName: `${this.#name}_bucket`,
          labels: { ...labels, le },
          value: total,
        });
      }
      samples.put(this.#name, { metricName: `${this.#name}_sum`, labels, value: sum });
      samples.put(this.#name, { metricName: `${this.#name}_count`, labels, value: total });
    }
  }

  #of(labels: LabelsOf<Name>): Distribution<Name> {
    const key = keyOf(labels);
    const known = this.#distributions.get(key);
    if (known !== undefined) return known;
    const counts = Array.from({ length: bounds.length + 1 }, () => 0);
    const begun = { labels, counts, sum: 0 };
    this.#distributions.set(key, begun);
    return begun;
  }
}
