/** Shows which addresses `discover_within` contains. */

import { isIP } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type DiscoveryScope, isWithin } from '../../../../src/core/model/discovery-scope.ts';
import { networkOf, parseIp, sharesPrefix } from '../../../../src/core/model/ip-address.ts';
import type { ServerAddress } from '../../../../src/core/model/units.ts';
import { random } from '../../../support/given.ts';

const suffix = (text: string): DiscoveryScope => ({ kind: 'suffix', suffix: text });
function network(text: string): DiscoveryScope {
  const [host = '', bits = ''] = text.split('/');
  return { kind: 'network', address: parseIp(host)!, bits: Number(bits) };
}
const isInside = (address: string, ...scopes: readonly DiscoveryScope[]) =>
  isWithin(scopes, address as ServerAddress);

describe('an address is inside or outside', () => {
  test.each([
    ['db4.lan:3306', true],
    ['a.b.lan:3306', true],
    ['lan:3306', false],
    ['.lan:3306', false],
    ['db4.lan.evil:3306', false],
    ['db4-lan:3306', false],
    ['DB4.lan:3306', false],
    ['a b.lan:3306', false],
    ["x'.lan:3306", false],
    ['x%00.lan:3306', false],
    [`${'a'.repeat(64)}.lan:3306`, false],
    [`${'a.'.repeat(100)}lan:3306`, false],
    ['10.1.0.1:3306', false],
    ['db4.lan:0', false],
    ['db4.lan:65536', false],
    ['db4.lan:', false],
  ])('a host name by its end alone: %s', (address, expected) => {
    expect(isInside(address, suffix('.lan'), network('10.2.0.0/16'))).toBe(expected);
  });

  test.each([
    ['10.1.0.0/16', '10.1.255.9:3306', true],
    ['10.1.0.0/16', '10.2.0.0:3306', false],
    ['10.1.0.0/17', '10.1.128.0:3306', false],
    ['10.1.0.0/16', '[::ffff:10.1.2.3]:3306', true],
    ['10.1.0.0/16', '10.1.1:3306', false],
    ['10.1.0.0/16', '010.1.1.1:3306', false],
    ['0.0.0.0/0', '198.51.100.1:3306', true],
    ['0.0.0.0/0', '[2001:db8::1]:3306', false],
    ['::/0', '198.51.100.1:3306', false],
    ['2001:db8::/33', '[2001:db8:7fff::1]:3306', true],
    ['2001:db8::/33', '[2001:db8:8000::1]:3306', false],
    ['fe80::/10', '[fe80::1%eth0]:3306', false],
  ])('an IP address by its network alone: %s, %s', (scope, address, expected) => {
    expect(isInside(address, network(scope))).toBe(expected);
  });

  test.each([
    ['127.0.0.1:3306', '127.0.0.0/8'],
    ['[::1]:3306', '::1/128'],
    ['169.254.169.254:3306', '169.254.169.254/32'],
    ['[fe80::1]:3306', 'fe80::/10'],
  ])('a private address only by a scope of its own range: %s', (address, own) => {
    expect(isInside(address, network('0.0.0.0/0'), network('::/0'))).toBe(false);
    expect(isInside(address, network(own))).toBe(true);
  });

  test.each([
    '0.0.0.0:3306',
    '[::]:3306',
    '224.0.0.1:3306',
    '255.255.255.255:3306',
    '[ff02::1]:3306',
    '[::ffff:0.0.0.0]:3306',
  ])('never, because no server has this address: %s', (address) => {
    const { host } = { host: address.replace(/:3306$/, '').replace(/[[\]]/g, '') };
    const exact: DiscoveryScope = {
      kind: 'network',
      address: parseIp(host)!,
      bits: 8 * parseIp(host)!.bytes.length,
    };
    expect(isInside(address, network('0.0.0.0/0'), network('::/0'), exact)).toBe(false);
  });
});

describe('an IP address', () => {
  test('is one exactly where Node accepts one, apart from zone indexes', () => {
    const pick = random(7);
    const parts = [
      '0',
      '1',
      '255',
      '256',
      '01',
      'ff',
      'FFFF',
      '10000',
      ':',
      '::',
      '.',
      '1.2.3.4',
      '%eth0',
      'g',
    ];
    const known = [
      '::',
      '::1',
      '1::',
      '1:2:3:4:5:6:7:8',
      '1:2:3:4:5:6:7::',
      '::2:3:4:5:6:7:8',
      '1::8',
      '1:2:3:4:5:6:1.2.3.4',
      '::1.2.3.4',
      '1.2.3.4::',
    ];
    const texts = [
      ...known,
      ...Array.from({ length: 20_000 }, () =>
        Array.from({ length: 1 + pick(15) }, () => parts[pick(parts.length)]).join(pick(2) ? '' : ':'),
      ),
    ];
    const differing = texts.filter(
      (text) => !text.includes('%') && (parseIp(text) !== undefined) !== isIP(text) > 0,
    );
    expect(differing).toEqual([]);
    expect(texts.filter((text) => parseIp(text)).length).toBeGreaterThan(20);
  });

  test('shares a prefix with its own network, and with no other network', () => {
    const pick = random(11);
    for (let round = 0; round < 500; round += 1) {
      const bytes = Array.from({ length: pick(2) ? 4 : 16 }, () => pick(256));
      const ip = { family: bytes.length === 4 ? 4 : 6, bytes } as const;
      const bits = pick(8 * bytes.length);
      expect(sharesPrefix(ip, networkOf(ip, bits), bits)).toBe(true);
      const other = {
        ...ip,
        bytes: bytes.map((byte, index) => (index === bits >> 3 ? byte ^ (128 >> (bits & 7)) : byte)),
      };
      expect(sharesPrefix(ip, other, bits)).toBe(true);
      expect(sharesPrefix(ip, other, bits + 1)).toBe(false);
    }
  });
});
