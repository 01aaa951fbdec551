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

describe('isoTime writes', () => {
  test.each([
    ['the first millisecond of 1970', 0, '1970-01-01T00:00:00.000Z'],
    ['a leap day', Date.UTC(2028, 1, 29, 12), '2028-02-29T12:00:00.000Z'],
    ['the last millisecond of a year', Date.UTC(2027, 0, 1) - 1, '2026-12-31T23:59:59.999Z'],
  ])('%s', (_, wall, text) => expect(isoTime(wall as WallMs)).toBe(text));
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
