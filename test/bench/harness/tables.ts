/** Makes the tables of docs/PERFORMANCE.md out of the figures in docs/performance. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Figure, Unit } from './benchmark.ts';

/** What `--save` wrote. */
export interface Result {
  readonly benchmark: string;
  readonly command: string;
  /** ISO 8601. */
  readonly date: string;
  readonly machine: string;
  readonly figures: readonly Figure[];
}

export const resultsFolder = 'docs/performance';

/** By benchmark; a benchmark without a file was not measured yet. */
export function readResults(root: string): ReadonlyMap<string, Result> {
  const folder = join(root, resultsFolder);
  const files = (existsSync(folder) ? readdirSync(folder) : []).filter((name) => name.endsWith('.json'));
  const results = files.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Result);
  return new Map(results.map((result) => [result.benchmark, result]));
}

/** A cell of the first table: words, or the figure that this benchmark calls so. */
export type Cell = string | { readonly benchmark: string; readonly what: string };

export interface OverviewRow {
  readonly what: string;
  /** A person's loop: `mysql -e 'select @@read_only'` every second, then `nsupdate`. */
  readonly loop: Cell;
  readonly orchestrator: Cell;
  readonly ours: Cell;
  /** Less is not possible on that machine. */
  readonly floor: Cell;
}

interface Contents {
  readonly overview: readonly OverviewRow[];
  readonly benchmarks: readonly Benchmark[];
  readonly results: ReadonlyMap<string, Result>;
}

/** The document with what belongs between `<!-- bench NAME -->` (or `overview`) and `<!-- end -->`. */
export const withTables = (document: string, { overview, benchmarks, results }: Contents): string =>
  document.replaceAll(
    /(<!-- (?:bench ([a-z-]+)|overview) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_whole, begin: string, name: string | undefined, end: string) => {
      const benchmark = benchmarks.find((one) => one.name === name);
      if (name !== undefined && benchmark === undefined) throw new Error(`there is no benchmark ${name}`);
      const text =
        benchmark === undefined
          ? overviewTable(overview, results)
          : section(benchmark, results.get(benchmark.name));
      return `${begin}\n${text}\n\n${end}`;
    },
  );

function overviewTable(overview: readonly OverviewRow[], results: ReadonlyMap<string, Result>): string {
  const text = (cell: Cell): string => {
    if (typeof cell === 'string') return cell;
    const result = results.get(cell.benchmark);
    const figure = result?.figures.find(({ what }) => what === cell.what);
    if (figure !== undefined) return shown(figure);
    if (result === undefined) return 'not measured yet';
    throw new Error(`${cell.benchmark} has no figure "${cell.what}"`);
  };
  return lines([
    ['what', "a person's loop", 'orchestrator', 'source-dns', 'the floor'],
    ...overview.map(({ what, loop, orchestrator, ours, floor }) => [
      what,
      ...[loop, orchestrator, ours, floor].map(text),
    ]),
  ]);
}

function section({ about, name }: Benchmark, result: Result | undefined): string {
  const parts = [wrapped(about)];
  if (result === undefined) parts.push(`Not measured yet: \`npm run bench -- ${name} --save\`.`);
  else
    parts.push(
      wrapped(`\`${result.command}\` on ${result.machine}, ${result.date.slice(0, 10)}:`),
      table(result.figures),
    );
  return parts.join('\n\n');
}

const width = 100;

/** Breaks at spaces. */
function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join('\n');
}

/** One line for each figure; or one column for each size, where sizes share their figures. */
function table(figures: readonly Figure[]): string {
  const parts = figures.map((figure) => ({ figure, ...partsOf(figure.what) }));
  const rows = [...new Set(parts.map(({ what }) => what))];
  const groups = [...new Set(parts.map(({ group }) => group))];
  if (groups.includes(undefined) || rows.length * 2 > figures.length)
    return lines([
      ['what', 'measured', 'target'],
      ...figures.map((figure) => [figure.what, shown(figure), targetOf(figure)]),
    ]);
  const cell = (what: string, group: string | undefined): Figure | undefined =>
    parts.find((part) => part.what === what && part.group === group)?.figure;
  return lines([
    ['what', ...groups.map((group) => group ?? ''), 'target'],
    ...rows.map((what) => {
      const found = groups.map((group) => cell(what, group));
      const targets = found.flatMap((figure, index) =>
        figure?.target === undefined ? [] : [{ group: groups[index] ?? '', text: targetOf(figure) }],
      );
      const [first] = targets;
      const same = targets.length === groups.length && targets.every(({ text }) => text === first?.text);
      const target = same ? first?.text : targets.map(({ group, text }) => `${group}: ${text}`).join('; ');
      return [what, ...found.map((figure) => (figure === undefined ? '' : shown(figure))), target ?? ''];
    }),
  ]);
}

function partsOf(what: string): { readonly group: string | undefined; readonly what: string } {
  const at = what.indexOf(': ');
  return at < 0 ? { group: undefined, what } : { group: what.slice(0, at), what: what.slice(at + 2) };
}

function lines([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The value with its unit. In bold where it misses its target. */
export function shown(figure: Figure): string {
  const text = `${rounded(figure.value)} ${unitText[figure.unit] ?? figure.unit}`.trim();
  return isMet(figure) ? text : `**${text}**`;
}

const unitText: Partial<Record<Unit, string>> = { 'per second': '/s', times: 'times' };

const rounded = (value: number): string =>
  Number(value.toPrecision(value >= 1000 ? 4 : 3)).toLocaleString('en-US', { maximumFractionDigits: 6 });

export const isMet = ({ value, target }: Figure): boolean =>
  target === undefined || ('atMost' in target ? value <= target.atMost : value >= target.atLeast);

/** Empty where there is none. */
export function targetOf({ target, unit }: Figure): string {
  if (target === undefined) return '';
  const [word, bound] = 'atMost' in target ? ['at most', target.atMost] : ['at least', target.atLeast];
  return `${word} ${rounded(bound)} ${unitText[unit] ?? unit}`.trim();
}
