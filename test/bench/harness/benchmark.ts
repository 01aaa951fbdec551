/** What a benchmark is, and what it finds. The runner is run.ts; docs/PERFORMANCE.md shows the results. */

export interface Benchmark {
  /** As in `npm run bench -- NAME`. */
  readonly name: string;
  readonly title: string;
  /** What is compared with what, in a few plain sentences. */
  readonly about: string;
  /** Rejects where the system under test does something wrong; a slow one is only reported. */
  run(run: BenchmarkRun): Promise<readonly Figure[]>;
}

export interface BenchmarkRun {
  /** `smoke`: the smallest size that passes through every line. Its figures mean nothing. */
  readonly scale: 'full' | 'smoke';
  /** Shows how far it is. */
  say(line: string): void;
}

/** One figure. A ratio compares two measurements of the same run, so another machine can check it. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: Unit;
  /** What it should be at most, or at least. */
  readonly target?: { readonly atMost: number } | { readonly atLeast: number };
}

export type Unit = 'ms' | 'µs' | 's' | 'B' | 'KB' | 'MB' | '%' | 'times' | 'per second' | '';

/** The value below which this share (0 to 1) of the values lies; the nearest rank. NaN without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);
