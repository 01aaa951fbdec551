/**
 * MariaDB's GTIDs, `domain-server-sequence`, as sets: the key is `domain-server`, the interval ends with its
 * newest number. The numbers of a domain ascend over all servers, so an interval means "up to", not "all of".
 */

import { domainOf, type GtidSet, type Interval } from './gtid-set.ts';

const gtidPattern = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/;

/** Reads `@@gtid_binlog_state`, `@@gtid_slave_pos` and the like. Undefined: neither, or above 2^53. */
export function parseMariadbGtids(text: string): GtidSet | undefined {
  const newest = new Map<string, number>();
  for (const part of text.split(',')) {
    const trimmed = part.trim();
    if (trimmed === '') continue;
    const match = gtidPattern.exec(trimmed);
    const sequence = Number(match?.[3]);
    if (!match || !Number.isSafeInteger(sequence)) return undefined;
    const key = `${Number(match[1])}-${Number(match[2])}`;
    if (sequence > 0) newest.set(key, Math.max(sequence, newest.get(key) ?? 0));
  }
  return new Map([...newest].map(([key, sequence]) => [key, [[1, sequence]]]));
}

/**
 * What `a` has executed and `b` has not. In each domain, everything up to the newest transaction that both
 * have is common. Servers that number a domain without order (`gtid_strict_mode` off, two writers) cannot be
 * compared.
 */
export function subtractMariadb(a: GtidSet, b: GtidSet): GtidSet {
  const common = new Map<string, number>();
  for (const [key, intervals] of a) {
    const both = Math.min(newest(intervals), newest(b.get(key) ?? []));
    common.set(domainOf(key), Math.max(both, common.get(domainOf(key)) ?? 0));
  }
  const result = new Map<string, readonly Interval[]>();
  for (const [key, intervals] of a) {
    const from = Math.max(common.get(domainOf(key)) ?? 0, newest(b.get(key) ?? []));
    const left = intervals.flatMap(([first, last]): Interval[] =>
      last > from ? [[Math.max(first, from + 1), last]] : [],
    );
    if (left.length > 0) result.set(key, left);
  }
  return result;
}

/** Each number of a domain exists once, so the numbers of all its servers are counted together. */
export function intervalsByDomain(set: GtidSet): ReadonlyMap<string, readonly Interval[]> {
  const domains = new Map<string, Interval[]>();
  for (const [key, intervals] of set) {
    const domain = domainOf(key);
    const known = domains.get(domain) ?? [];
    // A domain may have many servers: copying what is known would cost the square of their number.
    for (const interval of intervals) known.push(interval);
    domains.set(domain, known);
  }
  return domains;
}

/** As MariaDB writes it. A part that does not begin at 1 (a difference) is `domain-server-first..last`. */
export function formatMariadbGtids(set: GtidSet): string {
  const parts = [...set].flatMap(([key, intervals]) =>
    intervals.map(([first, last]) => ({ key, domain: Number(domainOf(key)), first, last })),
  );
  return parts
    .toSorted((a, b) => a.domain - b.domain || a.last - b.last)
    .map(({ key, first, last }) => (first === 1 ? `${key}-${last}` : `${key}-${first}..${last}`))
    .join(',');
}

const newest = (intervals: readonly Interval[]): number => intervals.at(-1)?.[1] ?? 0;
