/**
 * Shows that docs/PERFORMANCE.md says what the benchmarks found. `npm run bench -- --tables` writes its tables.
 */

import { describe, expect, test } from 'vitest';
import { benchmarks } from './bench/benchmarks.ts';
import type { Benchmark } from './bench/harness/benchmark.ts';
import { readResults, withTables } from './bench/harness/tables.ts';
import { overview } from './bench/overview.ts';
import { root, textOfFile } from './support/checkout.ts';

const all = await Promise.all(Object.values(benchmarks).map((load) => load()));
const document = textOfFile('docs/PERFORMANCE.md');

describe('docs/PERFORMANCE.md', () => {
  test('has a section for each benchmark that was measured', () => {
    const sections = [...document.matchAll(/<!-- bench ([a-z-]+) -->/g)].map(([, name]) => name);
    expect([...readResults(root).keys()].filter((name) => !sections.includes(name))).toEqual([]);
    expect(all.map(({ name }) => name)).toEqual(Object.keys(benchmarks));
  });

  test('agrees with the figures in docs/performance', () => {
    expect(withTables(document, { overview, benchmarks: all, results: readResults(root) })).toBe(document);
  });
});

describe('a section', () => {
  const benchmark: Benchmark = { name: 'race', title: '', about: 'Two runs.', run: async () => [] };
  const section = (figures: Awaited<ReturnType<Benchmark['run']>> | undefined): string => {
    const result = { benchmark: 'race', command: 'npm run bench -- race', date: '2026-05-04T10:00:00Z' };
    return withTables('<!-- bench race -->\nold\n<!-- end -->', {
      overview: [],
      benchmarks: [benchmark],
      results: new Map(figures && [['race', { ...result, machine: '2 cores', figures }]]),
    });
  };

  test('without figures says so', () => {
    expect(section(undefined)).toContain('Two runs.\n\nNot measured yet');
  });

  test('has a line for each figure, and shows which target was missed', () => {
    const text = section([
      { what: 'a lap', value: 12_345.678, unit: 'ms' },
      { what: 'a turn', value: 2.5, unit: 's', target: { atMost: 2 } },
      { what: 'laps', value: 3, unit: 'per second', target: { atLeast: 3 } },
    ]);
    expect(text).toContain('on 2 cores, 2026-05-04:');
    expect(text.split('\n').filter((line) => line.startsWith('|'))).toEqual([
      '| what | measured | target |',
      '| --- | --- | --- |',
      '| a lap | 12,350 ms |  |',
      '| a turn | **2.5 s** | at most 2 s |',
      '| laps | 3 /s | at least 3 /s |',
    ]);
  });

  test('has a column for each size, where all sizes have the same figures', () => {
    const of = (size: string, value: number) =>
      ({
        what: `${size}: a lap`,
        value,
        unit: 'ms',
        ...(size === 'big' && { target: { atMost: 4 } }),
      }) as const;
    expect(
      section([of('small', 1), of('big', 5)])
        .split('\n')
        .filter((line) => line.startsWith('|')),
    ).toEqual([
      '| what | small | big | target |',
      '| --- | --- | --- | --- |',
      '| a lap | 1 ms | **5 ms** | big: at most 4 ms |',
    ]);
  });
});

test('a figure that the first table names, and its benchmark has no longer, is an error', () => {
  const cell = { benchmark: 'race', what: 'a lap' };
  const row = { what: '', loop: '', orchestrator: '', floor: '', ours: cell };
  const table = (figures: Awaited<ReturnType<Benchmark['run']>>): string =>
    withTables('<!-- overview -->\n<!-- end -->', {
      overview: [row],
      benchmarks: [],
      results: new Map([['race', { benchmark: 'race', command: '', date: '', machine: '', figures }]]),
    });
  expect(table([{ what: 'a lap', value: 1, unit: 'ms' }])).toContain('| 1 ms |');
  expect(() => table([])).toThrow('race has no figure "a lap"');
});
