/** Computes with GTID sets (manual 19.1.3.1) of MySQL and MariaDB. Tagged GTIDs have a key `uuid:tag`. */

import { type GtidSet, type Interval, isMariadbKey, uuidOf } from './gtid-set.ts';
import { formatMariadbGtids, intervalsByDomain, subtractMariadb } from './mariadb-gtid.ts';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const tagPattern = /^[a-z_][a-z0-9_]{0,31}$/;
const intervalPattern = /^(\d{1,19})(?:\s*-\s*(\d{1,19}))?$/;

/** Reads `@@gtid_executed` and the like. Undefined: no GTID set, or a number above 2^53. */
export function parseGtidSet(text: string): GtidSet | undefined {
  const collected = new Map<string, Interval[]>();
  for (const part of text.split(',')) {
    const trimmed = part.trim();
    if (trimmed !== '' && !collectPart(trimmed, collected)) return undefined;
  }
  return new Map([...collected].map(([key, intervals]) => [key, normalise(intervals)]));
}

/** Adds one `uuid[:tag]:interval[:interval]...[:tag:interval...]`, if it is one. A set may have 100,000. */
function collectPart(part: string, collected: Map<string, Interval[]>): boolean {
  const uuidEnd = part.indexOf(':');
  const uuid = part
    .slice(0, uuidEnd < 0 ? part.length : uuidEnd)
    .trim()
    .toLowerCase();
  if (!uuidPattern.test(uuid) || uuidEnd < 0) return false;
  let key = uuid;
  let complete = false;
  for (let start = uuidEnd + 1; start <= part.length; ) {
    const colon = part.indexOf(':', start);
    const end = colon < 0 ? part.length : colon;
    const interval = readInterval(part, start, end) ?? parseInterval(part.slice(start, end).trim());
    complete = interval !== undefined;
    if (interval === undefined) {
      const tag = part.slice(start, end).trim().toLowerCase();
      start = end + 1;
      if (!tagPattern.test(tag)) return false;
      key = `${uuid}:${tag}`;
      continue;
    }
    start = end + 1;
    const list = collected.get(key);
    if (list) list.push(interval);
    else collected.set(key, [interval]);
  }
  // The server never writes a UUID or tag without intervals: such text was cut off.
  return complete;
}

/** More digits may be above 2^53. */
const quickDigits = 15;

/** Reads an interval as the server writes it, without a copy of the text. Undefined: look at it closely. */
function readInterval(text: string, start: number, end: number): Interval | undefined {
  const dash = digitsEnd(text, start, end);
  const first = numberIn(text, start, dash);
  if (first === undefined) return undefined;
  if (dash === end) return first >= 1 ? [first, first] : undefined;
  if (text[dash] !== '-' || digitsEnd(text, dash + 1, end) !== end) return undefined;
  const last = numberIn(text, dash + 1, end);
  return last !== undefined && first >= 1 && last >= first ? [first, last] : undefined;
}

function digitsEnd(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57) at += 1;
  return at;
}

function numberIn(text: string, start: number, end: number): number | undefined {
  if (end === start || end - start > quickDigits) return undefined;
  let number = 0;
  for (let at = start; at < end; at += 1) number = number * 10 + text.charCodeAt(at) - 48;
  return number;
}

function parseInterval(text: string): Interval | undefined {
  const match = intervalPattern.exec(text);
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  return first >= 1 && last >= first && Number.isSafeInteger(last) ? [first, last] : undefined;
}

/** Nearly all sets arrive in this form: nothing to copy. */
const isNormal = (intervals: readonly Interval[]): boolean =>
  intervals.every(([first], index) => index === 0 || first > (intervals[index - 1] as Interval)[1] + 1);

function normalise(intervals: readonly Interval[]): readonly Interval[] {
  if (isNormal(intervals)) return intervals;
  const result: Interval[] = [];
  for (const [first, last] of intervals.toSorted((a, b) => a[0] - b[0])) {
    const previous = result.at(-1);
    if (previous && first <= previous[1] + 1)
      result[result.length - 1] = [previous[0], Math.max(previous[1], last)];
    else result.push([first, last]);
  }
  return result;
}

/** As MySQL writes it, without line breaks: sorted by UUID, untagged intervals before tagged ones. */
export function formatGtidSet(set: GtidSet): string {
  if (isMariadbSet(set)) return formatMariadbGtids(set);
  let previous = '';
  let text = '';
  for (const [key, intervals] of [...set].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (intervals.length === 0) continue;
    const uuid = uuidOf(key);
    if (uuid !== previous) text += `${text === '' ? '' : ','}${key}`;
    else text += key.slice(uuid.length);
    for (const [first, last] of intervals) text += first === last ? `:${first}` : `:${first}-${last}`;
    previous = uuid;
  }
  return text;
}

export function union(a: GtidSet, b: GtidSet): GtidSet {
  const result = new Map(a);
  for (const [key, intervals] of b) result.set(key, normalise([...(result.get(key) ?? []), ...intervals]));
  return result;
}

/** What `a` has and `b` lacks: GTID_SUBTRACT(a, b). */
export function subtract(a: GtidSet, b: GtidSet): GtidSet {
  if (isMariadbSet(a)) return subtractMariadb(a, b);
  const result = new Map<string, readonly Interval[]>();
  for (const [key, intervals] of a) {
    const left = subtractIntervals(intervals, b.get(key) ?? []);
    if (left.length > 0) result.set(key, left);
  }
  return result;
}

/** Both lists ascend, so one pass is enough: a set may have many gaps. */
function subtractIntervals(from: readonly Interval[], minus: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  let next = 0;
  for (const [first, last] of from) {
    let start = first;
    while (next < minus.length && (minus[next] as Interval)[1] < start) next += 1;
    for (let i = next; i < minus.length && start <= last; i += 1) {
      const [cutFirst, cutLast] = minus[i] as Interval;
      if (cutFirst > last) break;
      if (cutFirst > start) result.push([start, cutFirst - 1]);
      start = Math.max(start, cutLast + 1);
      next = i;
    }
    if (start <= last) result.push([start, last]);
  }
  return result;
}

/** Whether `b` is a subset of `a`: GTID_SUBSET(b, a). */
export function contains(a: GtidSet, b: GtidSet): boolean {
  if (isMariadbSet(b)) return subtractMariadb(b, a).size === 0;
  for (const [key, intervals] of b) if (!covers(a.get(key) ?? [], intervals)) return false;
  return true;
}

/** Whether nothing of `some` is left without `all`: asked far more often than what is left. */
function covers(all: readonly Interval[], some: readonly Interval[]): boolean {
  let next = 0;
  for (const [first, last] of some) {
    let start = first;
    while (next < all.length && (all[next] as Interval)[1] < start) next += 1;
    for (; start <= last; next += 1) {
      const [from, to] = all[next] ?? [Number.POSITIVE_INFINITY, 0];
      if (from > start) return false;
      start = to + 1;
      // The next interval of `some` may be in the same one.
      if (start > last) break;
    }
  }
  return true;
}

export function countGtids(set: GtidSet): number {
  const disjoint = isMariadbSet(set) ? [...intervalsByDomain(set).values()].map(normalise) : set.values();
  let count = 0;
  for (const intervals of disjoint) for (const [first, last] of intervals) count += last - first + 1;
  return count;
}

/** One cluster is one product: a set never has keys of both. */
function isMariadbSet(set: GtidSet): boolean {
  for (const key of set.keys()) return isMariadbKey(key);
  return false;
}

/** Only the transactions of servers for which `keep` says yes. */
export const restrict = (set: GtidSet, keep: (uuid: string) => boolean): GtidSet =>
  new Map([...set].filter(([key]) => keep(uuidOf(key))));

/** The highest untagged transaction number of that server in the set. */
export const newestOf = (set: GtidSet, uuid: string): number | undefined => set.get(uuid)?.at(-1)?.[1];
