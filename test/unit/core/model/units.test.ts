/** Shows that times and addresses are written and computed right. */

import { describe, expect, test } from 'vitest';
import { splitAddress } from '../../../../src/core/model/observation.ts';
import {
  isoTime,
  type MonoMs,
  plusMs,
  type ServerAddress,
  type WallMs,
} from '../../../../src/core/model/units.ts';
import { random } from '../../../support/given.ts';

const iso = (wall: number): string => isoTime(wall as WallMs);

describe('isoTime agrees with Date', () => {
  test.each([
    ['the first millisecond of 1970', 0],
    ['the last millisecond of a year', Date.UTC(2026, 11, 31, 23, 59, 59, 999)],
    ['a leap day', Date.UTC(2028, 1, 29, 12)],
    ['the day after', Date.UTC(2028, 2, 1)],
    ['the leap day of 2000', Date.UTC(2000, 1, 29)],
    ['1 March 2100, which follows 28 February', Date.UTC(2100, 1, 28, 23, 59, 59, 999) + 1],
    ['a day before 1970', -1],
    ['the last year of four digits', Date.UTC(9999, 11, 31, 23, 59, 59, 999)],
  ])('on %s', (_, wall) => expect(iso(wall)).toBe(new Date(wall).toISOString()));

  test('on every day of 450 years', () => {
    const days = Array.from({ length: 164_000 }, (_, day) => Date.UTC(1900, 0, 1) + day * 86_400_000);
    expect(days.filter((wall) => iso(wall) !== new Date(wall).toISOString())).toEqual([]);
  });

  test('on 20,000 random moments', () => {
    const pick = random(1970);
    const moments = Array.from({ length: 20_000 }, () => pick(253_402_300_799_999));
    expect(moments.filter((wall) => iso(wall) !== new Date(wall).toISOString())).toEqual([]);
  });
});

describe('addresses and times', () => {
  test.each([
    ['db1:3306', 'db1', 3306],
    ['[2001:db8::1]:3307', '2001:db8::1', 3307],
    ['192.0.2.1:1', '192.0.2.1', 1],
  ])('splitAddress splits %s', (text, host, port) =>
    expect(splitAddress(text as ServerAddress)).toEqual({ host, port }),
  );

  test('plusMs goes both ways', () =>
    expect([plusMs(5 as MonoMs, 3), plusMs(5 as MonoMs, -3)]).toEqual([8, 2]));
});
