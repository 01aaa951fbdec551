/** Shows that one table judges special addresses: a literal, a resolved and an IPv4-mapped address alike. */
import { describe, expect, test } from 'vitest';
import { unsafeKind as configuredKind, parseHost } from '../../../../src/config/server-address.ts';
import { formOf } from '../../../../src/core/decide/form.ts';
import { isWithin } from '../../../../src/core/model/discovery-scope.ts';
import { parseIp, plainIp } from '../../../../src/core/model/ip-address.ts';
import { ipRanges, nobodysKind, specialRange, unsafeKind } from '../../../../src/core/model/ip-ranges.ts';
import type { ServerAddress } from '../../../../src/core/model/units.ts';
import { topologyOf } from '../../../../src/core/observe/topology.ts';
import { at, factsOf, publicationSettings, seen, stateOf } from '../../../support/given.ts';

const { source } = publicationSettings();

/** What happens to a server whose host name resolves to this address. */
function resolved(address: string, allowLoopback = false): string | undefined {
  const state = stateOf({ servers: { db1: seen(factsOf('db1')) } });
  const form = formOf(
    { ...topologyOf(state, at(1)).servers[0]!, addresses: [address] },
    source,
    allowLoopback,
  );
  return 'unsafe' in form ? form.unsafe.replace(`resolves to ${address}, which is `, '') : undefined;
}
/** What happens to a server that is configured by this address. */
function literal(address: string, allowLoopback = false): string | undefined {
  const host = parseHost(address);
  return host.kind === 'parsed' ? configuredKind(host.value, allowLoopback) : host.kind;
}

const refused: readonly (readonly [string, string])[] = [
  ['0.0.0.0', 'an unspecified address'],
  ['0.1.2.3', 'an unspecified address'],
  ['::', 'an unspecified address'],
  ['127.0.0.1', 'a loopback address'],
  ['127.255.255.254', 'a loopback address'],
  ['::1', 'a loopback address'],
  ['169.254.169.254', 'a link-local address'],
  ['fe80::1', 'a link-local address'],
  ['FEBF::1', 'a link-local address'],
  ['224.0.0.1', 'a multicast address'],
  ['239.255.255.255', 'a multicast address'],
  ['ff02::1', 'a multicast address'],
  ['240.0.0.1', 'a reserved address'],
  ['255.255.255.255', 'a reserved address'],
  ['100::7', 'a discard address'],
  ['64:ff9b::192.0.2.1', 'a NAT64 address'],
  ['::192.0.2.1', 'an IPv4-compatible address'],
];
const fine = [
  '192.0.2.1',
  '198.51.100.9',
  '203.0.113.1',
  '198.18.0.1',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
];
const fineToo = [
  '128.0.0.1',
  '169.253.1.1',
  '223.255.255.255',
  '1.127.0.1',
  'fd00::1',
  'fec0::1',
  '2001:db8::1',
  '3fff::1',
  '64:ff9b:1::1',
  '100:0:0:1::',
];

describe('addresses that clients must not get', () => {
  test.each(refused)('%s is %s, configured and resolved', (address, kind) => {
    expect([unsafeKind(address, false), resolved(address), literal(address)]).toEqual([kind, kind, kind]);
  });

  test.each([...fine, ...fineToo])('%s is fine, configured and resolved', (address) => {
    expect([unsafeKind(address, false), resolved(address), literal(address)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('an IPv4-mapped address is judged as its IPv4 address, in any spelling', () => {
    for (const [address, kind] of refused.filter(([text]) => !text.includes(':'))) {
      const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
      const hex = `::ffff:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
      for (const mapped of [`::ffff:${address}`, `::FFFF:${address}`, hex, `0:0:0:0:0:ffff:${address}`]) {
        expect([mapped, unsafeKind(mapped, false), resolved(mapped)]).toEqual([mapped, kind, kind]);
        expect(plainIp(mapped)).toBe(address);
        // A configuration writes IPv4 addresses as such.
        expect(literal(mapped)).toBe('wrong');
      }
    }
  });

  test('allow_loopback allows loopback and nothing else', () => {
    const allowed = refused
      .filter(([address]) => unsafeKind(address, true) === undefined)
      .map(([, kind]) => kind);
    expect(new Set(allowed)).toEqual(new Set(['a loopback address']));
    expect([resolved('127.0.0.1', true), literal('::1', true)]).toEqual([undefined, undefined]);
  });
});

test('an address that is never published is discovered only by a scope inside its range', () => {
  const everywhere = ['0.0.0.0/0', '::/0'].map((text) => {
    const [address = '', bits] = text.split('/');
    return { kind: 'network' as const, address: parseIp(address)!, bits: Number(bits) };
  });
  for (const [address] of refused) {
    const server = (address.includes(':') ? `[${address}]:3306` : `${address}:3306`) as ServerAddress;
    const ip = parseIp(address)!;
    const exactly = { kind: 'network' as const, address: ip, bits: 8 * ip.bytes.length };
    expect([address, isWithin(everywhere, server)]).toEqual([address, false]);
    expect([address, isWithin([exactly], server)]).toEqual([
      address,
      specialRange(ip)?.range.scope === 'within',
    ]);
  }
});

test('an address that no server has cannot be configured; an address for a laboratory can', () => {
  const kinds = new Set(refused.flatMap(([address]) => nobodysKind(address) ?? []));
  expect([...kinds]).toEqual([
    'a multicast address',
    'a reserved address',
    'a discard address',
    'an IPv4-compatible address',
  ]);
  for (const address of ['127.0.0.1', '::1', '0.0.0.0', 'db1.example.com', ...fine])
    expect(nobodysKind(address)).toBeUndefined();
});

test('every network of the table begins at its own address, and the table finds it again', () => {
  for (const range of ipRanges)
    for (const { address, bits } of range.networks) {
      expect(address.bytes.length * 8).toBeGreaterThanOrEqual(bits);
      const first = specialRange(address)!.range.kind;
      // ::/128 and ::1/128 lie within ::/96, and come before it.
      expect(first === range.kind || range.kind === 'an IPv4-compatible').toBe(true);
    }
});
