/** Domain names as text and as bytes. */
import { describe, expect, test } from 'vitest';
import type { Fqdn } from '../../../../src/core/model/units.ts';
import { isWithin, nameToWire, parentOf, parseAnyName, readName } from '../../../../src/dns/message/name.ts';
import { seeded } from '../../../support/seeded.ts';

const label63 = 'a'.repeat(63);

describe('parseAnyName', () => {
  test.each([
    ['Mixed.Case', 'mixed.case.'],
    ['a.b.', 'a.b.'],
    ['.', '.'],
    ['@', '.'],
    ['a@', 'a\\064.'],
    ['a\\.b', 'a\\046b.'],
    ['a\\065', 'aa.'],
    ['a\\.', 'a\\046.'],
    ['ä', '\\195\\164.'],
  ])('%s', (text, name) => {
    expect(parseAnyName(text)).toBe(name);
  });

  test.each([
    '',
    '..',
    '.a',
    'a..b',
    'a..',
    'a\\',
    'a\\1',
    'a\\12',
    'a\\256',
    `${'a'.repeat(64)}`,
    `${`${label63}.`.repeat(3)}${'b'.repeat(62)}`,
  ])('%j is none', (text) => {
    expect(parseAnyName(text)).toBeUndefined();
  });

  test('any accepted name is canonical, and comes back from the wire', () => {
    const random = seeded(1035);
    for (let round = 0; round < 2000; round++) {
      const bytes = Array.from({ length: 1 + random(60) }, () => random(256));
      const name = parseAnyName(bytes.map((byte) => `\\${String(byte).padStart(3, '0')}`).join(''));
      const wire = nameToWire(name!)!;
      expect(readName(wire, 0)).toEqual({ name, end: wire.length });
      expect(parseAnyName(name!)).toBe(name);
    }
  });
});

test('isWithin compares labels, not letters', () => {
  const zone = 'example.com.' as Fqdn;
  expect(isWithin('example.com.' as Fqdn, zone)).toBe(true);
  expect(isWithin('a.example.com.' as Fqdn, zone)).toBe(true);
  expect(isWithin('badexample.com.' as Fqdn, zone)).toBe(false);
  expect(isWithin('com.' as Fqdn, zone)).toBe(false);
  expect(isWithin('com.' as Fqdn, '.' as Fqdn)).toBe(true);
});

test('parentOf ends at the root', () => {
  expect(parentOf('a.b.' as Fqdn)).toBe('b.');
  expect(parentOf('b.' as Fqdn)).toBe('.');
  expect(parentOf('.' as Fqdn)).toBe('.');
});

describe('wire form', () => {
  test('labels with their lengths, then the root', () => {
    expect(nameToWire('_a.example.' as Fqdn)?.toString('latin1')).toBe('\x02_a\x07example\0');
    expect(nameToWire('.' as Fqdn)).toEqual(Buffer.of(0));
  });

  test.each(['no-final-dot', 'UPPER.', 'a..b.', `${label63}a.`, 'a b.', 'a\\999.', 'a"b.', 'é.'])(
    'no wire form of %j',
    (text) => {
      expect(nameToWire(text as Fqdn)).toBeUndefined();
    },
  );

  test('any bytes come back unchanged, except for the case of letters', () => {
    const random = seeded(1);
    for (let round = 0; round < 2000; round++) {
      const labels = Array.from({ length: 1 + random(5) }, () =>
        Buffer.from(Array.from({ length: 1 + random(40) }, () => random(256))),
      );
      const wire = Buffer.concat([
        ...labels.flatMap((label) => [Buffer.of(label.length), label]),
        Buffer.of(0),
      ]);
      const read = readName(wire, 0);
      expect(read?.end).toBe(wire.length);
      expect(read?.name).toMatch(/^[a-z0-9_*/\\.-]+$/);
      // A length byte is at most 40 here, so only labels have letters.
      expect(nameToWire(read!.name)?.toString('latin1')).toBe(
        wire.toString('latin1').replace(/[A-Z]/g, (char) => char.toLowerCase()),
      );
    }
  });

  test('a dot inside a label is not a label', () => {
    const read = readName(Buffer.from('\x03a.b\x01c\0', 'latin1'), 0);
    expect(read?.name).toBe('a\\046b.c.');
  });
});

describe('compression', () => {
  test('the reader follows pointers, and the name ends behind the first pointer', () => {
    const bytes = Buffer.from('\x03com\0\x07example\xc0\x00\x03www\xc0\x05..', 'latin1');
    expect(readName(bytes, 15)).toEqual({ name: 'www.example.com.', end: 21 });
  });

  test.each([
    ['to itself', '\xc0\x00', 0],
    ['forwards', '\xc0\x02\0', 0],
    ['a loop', '\x01a\xc0\x00', 2],
    ['cut off', '\x01a\xc0', 0],
    ['a label cut off', '\x05abc', 0],
    ['no end', '\x01a', 0],
    ['an unknown label type', '\x41abc\0', 0],
  ])('%s is refused', (_, text, start) => {
    const bytes = Buffer.from(text, 'latin1');
    const read = readName(bytes, start);
    // The loop: from 2 back to 0, "a", and the same pointer again, which still goes backwards. The name's
    // length ends the loop.
    expect(read).toBeUndefined();
  });

  test('a name of 255 bytes is the longest, also by pointers', () => {
    const suffix = Buffer.concat([...Array.from({ length: 126 }, () => Buffer.from('\x01a')), Buffer.of(0)]);
    expect(readName(suffix, 0)?.name).toHaveLength(252);
    expect(readName(Buffer.concat([suffix, Buffer.from('\x01b\xc0\x00', 'latin1')]), 253)?.name).toHaveLength(
      254,
    );
    expect(readName(Buffer.concat([suffix, Buffer.from('\x02bb\xc0\x00', 'latin1')]), 253)).toBeUndefined();
  });
});
