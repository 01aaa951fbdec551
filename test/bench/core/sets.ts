/** The arithmetic of GTID sets: what it costs, and that twice the intervals cost about twice. */

import {
  contains,
  countGtids,
  formatGtidSet,
  parseGtidSet,
  subtract,
  union,
} from '../../../src/core/gtid/gtid.ts';
import type { GtidSet } from '../../../src/core/gtid/gtid-set.ts';
import { formatMariadbGtids, parseMariadbGtids } from '../../../src/core/gtid/mariadb-gtid.ts';
import { type Figure, median } from '../harness/benchmark.ts';

const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562';

export interface Product {
  readonly name: string;
  /** A text of so many intervals, none of which touches the next; `shift` moves half of them. */
  textOf(intervals: number, shift: number): string;
  parse(text: string): GtidSet | undefined;
  format(set: GtidSet): string;
}

export const mysql: Product = {
  name: 'MySQL',
  textOf: (intervals, shift) =>
    `${uuid}:${Array.from({ length: intervals }, (_, i) => `${4 * i + 1}-${4 * i + 2 + (i % 2) * shift}`).join(':')}`,
  parse: parseGtidSet,
  format: formatGtidSet,
};

/** MariaDB has no gaps: a large set has many domains and servers. */
export const mariadb: Product = {
  name: 'MariaDB',
  textOf: (intervals, shift) =>
    Array.from({ length: intervals }, (_, i) => `${i >> 1}-${(i % 2) + 1}-${1000 + (i % 3) * shift}`).join(
      ',',
    ),
  parse: parseMariadbGtids,
  format: formatMariadbGtids,
};

export function parsed(product: Product, text: string): GtidSet {
  const set = product.parse(text);
  if (set === undefined) throw new Error('no GTID set');
  return set;
}

/** The figures of one product. */
export function arithmetic(product: Product, sizes: readonly number[], rounds: number): readonly Figure[] {
  const operations = ['parse', 'contains', 'subtract', 'union', 'count', 'format'] as const;
  return operations.flatMap((operation) => {
    const took = (intervals: number) => median(times(product, operation, intervals, rounds));
    took(sizes[0] ?? 100);
    return sizes.flatMap((intervals): Figure[] => {
      const [once, twice] = [took(intervals), took(2 * intervals)];
      const what = `${product.name}: ${operation}, ${intervals} intervals`;
      return [
        { what, value: once, unit: 'ms', target: { atMost: 10 } },
        { what: `${what}: with twice as many`, value: twice / once, unit: 'times' },
      ];
    });
  });
}

type Operation = 'parse' | 'contains' | 'subtract' | 'union' | 'count' | 'format';

function times(product: Product, operation: Operation, intervals: number, rounds: number): readonly number[] {
  const text = product.textOf(intervals, 0);
  const [a, b] = [parsed(product, product.textOf(intervals, 1)), parsed(product, text)];
  const work: Record<Operation, () => unknown> = {
    parse: () => product.parse(text),
    contains: () => contains(a, b),
    subtract: () => subtract(a, b),
    union: () => union(a, b),
    count: () => countGtids(a),
    format: () => product.format(a),
  };
  return Array.from({ length: rounds }, () => {
    const begin = performance.now();
    work[operation]();
    return performance.now() - begin;
  });
}

/** Bytes of one set in memory. Needs --expose-gc. */
export function memoryOf(product: Product, intervals: number): Figure {
  const text = product.textOf(intervals, 0);
  const kept: (GtidSet | undefined)[] = [];
  globalThis.gc?.();
  const before = process.memoryUsage();
  for (let copy = 0; copy < 4; copy += 1) kept.push(product.parse(text));
  globalThis.gc?.();
  const after = process.memoryUsage();
  const bytes = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  return {
    what: `${product.name}: memory of ${intervals} intervals (text: ${Math.round(text.length / 1000)} KB)`,
    value: bytes / kept.length / 1000,
    unit: 'KB',
  };
}
