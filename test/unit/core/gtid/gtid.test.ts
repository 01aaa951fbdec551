/** Shows that GTID sets compute as sets of single transactions do. */

import { describe, expect, test } from 'vitest';
import {
  contains,
  countGtids,
  formatGtidSet,
  newestOf,
  parseGtidSet,
  restrict,
  subtract,
  union,
} from '../../../../src/core/gtid/gtid.ts';
import { emptyGtidSet, type GtidSet, uuidOf } from '../../../../src/core/gtid/gtid-set.ts';
import { random } from '../../../support/given.ts';

const a = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const b = '4e11fa47-71ca-11e1-9e33-c80aa9429562';

/** The twin: every transaction as one string, `uuid[:tag]#number`. */
type Twin = ReadonlySet<string>;

function randomSet(pick: (below: number) => number): { text: string; twin: Twin } {
  const twin = new Set<string>();
  const parts = Array.from({ length: pick(5) }, () => randomPart(pick, twin));
  return { text: parts.join(pick(2) === 0 ? ',' : ',\n'), twin };
}

function randomPart(pick: (below: number) => number, twin: Set<string>): string {
  const uuid = pick(2) === 0 ? a : b;
  const fields = [pick(3) === 0 ? uuid.toUpperCase() : uuid];
  let key = uuid;
  for (let field = 1 + pick(5); field > 0; field -= 1) {
    if (pick(4) === 0) {
      const tag = ['tag', '_x9', 'TAG'][pick(3)]!;
      key = `${uuid}:${tag.toLowerCase()}`;
      fields.push(tag);
    }
    const first = 1 + pick(20);
    const last = first + pick(4);
    fields.push(first === last && pick(2) === 0 ? `${first}` : `${first}-${last}`);
    for (let n = first; n <= last; n += 1) twin.add(`${key}#${n}`);
  }
  return fields.join(pick(5) === 0 ? ' : ' : ':');
}

function twinOf(set: GtidSet): Twin {
  const twin = new Set<string>();
  for (const [key, intervals] of set)
    for (const [first, last] of intervals) for (let n = first; n <= last; n += 1) twin.add(`${key}#${n}`);
  return twin;
}

function expectNormal(set: GtidSet): void {
  for (const intervals of set.values()) {
    expect(intervals.length).toBeGreaterThan(0);
    for (const [i, [first, last]] of intervals.entries()) {
      expect(last).toBeGreaterThanOrEqual(first);
      if (i > 0) expect(first).toBeGreaterThan(intervals[i - 1]![1] + 1);
    }
  }
}

const parsed = (text: string): GtidSet => {
  const set = parseGtidSet(text);
  if (!set) throw new Error(`no GTID set: ${text}`);
  return set;
};

describe('GTID sets, compared with sets of single transactions', () => {
  const seed = 20_241_122;
  test(`agree for 3,000 random pairs (seed ${seed})`, () => {
    const pick = random(seed);
    for (let round = 0; round < 3000; round += 1) {
      const left = randomSet(pick);
      const right = randomSet(pick);
      const [l, r] = [parsed(left.text), parsed(right.text)];
      const minus = new Set([...left.twin].filter((one) => !right.twin.has(one)));
      const both = new Set([...left.twin, ...right.twin]);
      expect(twinOf(l), left.text).toEqual(left.twin);
      expect(twinOf(subtract(l, r)), `${left.text} minus ${right.text}`).toEqual(minus);
      expect(twinOf(union(l, r)), `${left.text} and ${right.text}`).toEqual(both);
      expect(contains(l, r)).toBe([...right.twin].every((one) => left.twin.has(one)));
      expect(countGtids(l)).toBe(left.twin.size);
      expect(twinOf(restrict(l, (uuid) => uuid === b))).toEqual(
        new Set([...left.twin].filter((one) => one.startsWith(b))),
      );
      for (const set of [l, subtract(l, r), union(l, r)]) expectNormal(set);
      expect(parsed(formatGtidSet(l))).toEqual(l);
      const numbers = [...left.twin]
        .filter((one) => one.startsWith(`${a}#`))
        .map((one) => Number(one.split('#')[1]));
      expect(newestOf(l, a)).toBe(numbers.length === 0 ? undefined : Math.max(...numbers));
    }
  });

  test('cost no more than the number of gaps', () => {
    const odd = parsed(`${a}:${Array.from({ length: 50_000 }, (_, i) => 2 * i + 1).join(':')}`);
    const even = parsed(`${a}:${Array.from({ length: 50_000 }, (_, i) => 2 * i + 2).join(':')}`);
    const begun = performance.now();
    expect(countGtids(subtract(odd, even))).toBe(50_000);
    expect(subtract(odd, odd).size).toBe(0);
    expect(formatGtidSet(union(odd, even))).toBe(`${a}:1-100000`);
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});

describe('the text of a GTID set', () => {
  test.each([
    ['', ''],
    [' \n', ''],
    [`,${a}:1,`, `${a}:1`],
    [`${a}:5:1-3:4`, `${a}:1-5`],
    [`${a}:1 - 3`, `${a}:1-3`],
    [`${b}:1,\n${a.toUpperCase()}:2`, `${a}:2,${b}:1`],
    // All recorded from the result of GTID_SUBTRACT(text, '') of MySQL 9.7.
    [`${a}:1-5:tag:1-3:7`, `${a}:1-5:tag:1-3:7`],
    [`${a}:tag:1-3,${a}:1-5`, `${a}:1-5:tag:1-3`],
    [`${a}:tag:2-4,${a}:9:a:1`, `${a}:9:a:1:tag:2-4`],
    [`${a}:Tag_1:4`, `${a}:tag_1:4`],
    [`${a}:1,,${a}:2`, `${a}:1-2`],
    [`${a}:1:tag:2:3`, `${a}:1:tag:2-3`],
  ])('%j is written %j', (text, written) => {
    expect(formatGtidSet(parsed(text))).toBe(written);
  });

  test.each([
    'x',
    a,
    `${a}:`,
    `${a}:tag`,
    `${a}:1:tag`,
    `${a}:0`,
    `${a}:0-3`,
    `${a}:5-3`,
    `${a}:1--3`,
    `${a}:1-3:`,
    `${a}:-1`,
    `${a}:1.5`,
    `${a}:1e3`,
    `${a}:9223372036854775807`,
    `${a}:9007199254740992`,
    `${a}:${'1'.repeat(40)}`,
    `${a.slice(1)}:1`,
    `g${a.slice(1)}:1`,
    `${a}:${'t'.repeat(33)}:1`,
    `${a}:1;${b}:1`,
    'NULL',
  ])('%j is refused', (text) => {
    expect(parseGtidSet(text)).toBeUndefined();
  });

  test('keeps the largest number that is exact', () => {
    expect(countGtids(parsed(`${a}:1-9007199254740991`))).toBe(Number.MAX_SAFE_INTEGER);
  });

  test('leaves out keys without transactions', () => {
    expect(formatGtidSet(new Map([[a, []]]))).toBe('');
    expect(formatGtidSet(emptyGtidSet)).toBe('');
    expect(uuidOf(`${a}:tag`)).toBe(a);
  });
});
