/** IP addresses as text and as bytes. */
import { describe, expect, test } from 'vitest';
import type { Fqdn } from '../../../../src/core/model/units.ts';
import type { Rrset } from '../../../../src/core/model/zone.ts';
import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from '../../../../src/dns/message/address-bytes.ts';
import { rdataKey } from '../../../../src/dns/message/rdata.ts';
import { seeded } from '../../../support/seeded.ts';

describe('text that is not an address', () => {
  test.each([
    '010.0.0.1',
    '1.2.3.04',
    '0x1.2.3.4',
    '1.2.3',
    '1.2.3.256',
    '16909060',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.4.',
    '１.2.3.4',
    '::1',
    '',
  ])('IPv4 %j', (text) => {
    expect(ipv4Bytes(text)).toBeUndefined();
  });
  test.each([
    'fe80::1%eth0',
    '::1%0',
    '[::1]',
    '::ffff:010.1.2.3',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '::00001',
    ':::',
    '192.0.2.1',
    '::g',
    '',
  ])('IPv6 %j', (text) => {
    expect(ipv6Bytes(text)).toBeUndefined();
  });
});

describe('one text for each IPv6 address (RFC 5952)', () => {
  test.each([
    ['2001:0DB8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // 4.2.2: one group alone is not shortened
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // 4.2.3: the longest run
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // and the first of equals
    ['1:2:3:4:5:6:7:0', '1:2:3:4:5:6:7:0'],
    ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['0::FFFF:192.0.2.1', '::ffff:192.0.2.1'], // 5: mapped
    ['::ffff:c000:201', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
    ['::1:0:0:0:0', '0:0:0:1::'],
  ])('%s', (text, canonical) => {
    expect(ipv6Text(ipv6Bytes(text)!)).toBe(canonical);
    expect(ipv6Bytes(canonical)).toEqual(ipv6Bytes(text));
  });

  test("any bytes come back, and their text equals another implementation's", () => {
    const random = seeded(5952);
    for (let round = 0; round < 5000; round++) {
      const bytes = Buffer.from(Array.from({ length: 16 }, () => (random(3) === 0 ? random(256) : 0)));
      const text = ipv6Text(bytes);
      expect(ipv6Bytes(text)).toEqual(bytes);
      // WHATWG's serializer writes no mapped addresses.
      if (!text.includes('.')) expect(`[${text}]`).toBe(new URL(`http://[${text}]`).hostname);
      const four = bytes.subarray(0, 4);
      expect(ipv4Bytes(ipv4Text(four))).toEqual(four);
    }
  });
});

test('RRsets compare by bytes, in whatever form the text is', () => {
  const name = 's.' as Fqdn;
  const aaaa = (...rdata: readonly string[]): Rrset => ({ name, type: 'AAAA', ttlSeconds: 5, rdata });
  const mapped = ['::ffff:1.2.3.4', '::FFFF:102:304', '0:0:0:0:0:ffff:1.2.3.4'].map((text) =>
    rdataKey(aaaa(text, '2001:db8::1')),
  );
  expect(new Set([...mapped, rdataKey(aaaa('2001:DB8:0::1', '::ffff:1.2.3.4'))]).size).toBe(1);
  expect(rdataKey(aaaa('::1.2.3.4'))).not.toBe(rdataKey(aaaa('::ffff:1.2.3.4')));
  expect(rdataKey(aaaa('fe80::1%a'))).not.toBe(rdataKey(aaaa('fe80::1')));
  const strings = (...rdata: readonly (readonly string[])[]) =>
    rdataKey({ name, type: 'TXT', ttlSeconds: 5, rdata });
  expect(strings(['ab'], ['c'])).toBe(strings(['c'], ['ab']));
  expect(strings(['ab'])).not.toBe(strings(['a', 'b']));
  expect(strings(['ab'])).not.toBe(strings(['AB']));
});
