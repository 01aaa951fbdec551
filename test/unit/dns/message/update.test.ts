/** The bytes of an UPDATE message, and plans that cannot be written. */
import { describe, expect, test } from 'vitest';
import type { Fqdn } from '../../../../src/core/model/units.ts';
import type { Rrset } from '../../../../src/core/model/zone.ts';
import { type AnyChange, buildUpdate, type UpdateMessage } from '../../../../src/dns/message/update.ts';
import { encodeMessage } from '../../../../src/dns/message/wire.ts';

const zone = 'z.' as Fqdn;
const name = 's.z.' as Fqdn;
const text = (rdata: readonly (readonly string[])[], ttlSeconds = 5): Rrset => ({
  name,
  type: 'TXT',
  ttlSeconds,
  rdata,
});
const planOf = (parts: Partial<UpdateMessage>): UpdateMessage => ({
  zone,
  prerequisites: [],
  changes: [],
  ...parts,
});

test('a move has these bytes (RFC 2136 2.4.2, 2.4.3, 2.5.1, 2.5.2)', () => {
  const built = buildUpdate(
    planOf({
      prerequisites: [
        { kind: 'rrset-is', rrset: text([['a'], ['b', '']], 300) },
        { kind: 'rrset-absent', name, type: 'CNAME' },
      ],
      changes: [
        { kind: 'delete-rrset', name, type: 'A' },
        { kind: 'add-rrset', rrset: { name, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.1'] } },
        {
          kind: 'add-rrset',
          rrset: {
            name,
            type: 'SRV',
            ttlSeconds: 2_147_483_647,
            rdata: [{ priority: 1, weight: 2, port: 3, target: zone }],
          },
        },
      ],
    }),
  );
  if (built.kind === 'invalid') throw new Error(built.failure.message);
  const owner = '0173017a00';
  expect(encodeMessage({ id: 0x1234, ...built.message }).toString('hex')).toBe(
    [
      '1234 2800 0001 0003 0003 0000', // UPDATE; one zone, three prerequisites, three changes
      '017a00 0006 0001', // z. SOA IN
      owner, // TXT, class IN, TTL 0 whatever the RRset's TTL: one RR for each RDATA
      '0010 0001 00000000 0002 0161',
      owner,
      '0010 0001 00000000 0003 016200',
      owner, // CNAME, class NONE, TTL 0, no RDATA
      '0005 00fe 00000000 0000',
      owner, // A, class ANY, TTL 0, no RDATA
      '0001 00ff 00000000 0000',
      owner,
      '0001 0001 00000005 0004 c0000201',
      owner,
      '0021 0001 7fffffff 0009 0001 0002 0003 017a00',
    ]
      .join('')
      .replaceAll(' ', ''),
  );
});

test('every other prerequisite and change has these bytes (RFC 2136 2.4.1, 2.4.4, 2.4.5, 2.5.3, 2.5.4)', () => {
  const built = buildUpdate(
    planOf({
      prerequisites: [
        { kind: 'rrset-exists', name, type: 'AAAA' },
        { kind: 'name-in-use', name },
        { kind: 'name-not-in-use', name },
      ],
      changes: [
        { kind: 'delete-name', name },
        {
          kind: 'delete-rrs',
          rrset: { name, type: 'A', ttlSeconds: 300, rdata: ['192.0.2.1', '192.0.2.2'] },
        },
      ],
    }),
  );
  if (built.kind === 'invalid') throw new Error(built.failure.message);
  const owner = '0173017a00';
  expect(encodeMessage({ id: 0xffff, ...built.message }).toString('hex')).toBe(
    [
      'ffff 2800 0001 0003 0003 0000',
      '017a00 0006 0001',
      owner, // AAAA, class ANY, TTL 0, no RDATA
      '001c 00ff 00000000 0000',
      owner, // type ANY, class ANY
      '00ff 00ff 00000000 0000',
      owner, // type ANY, class NONE
      '00ff 00fe 00000000 0000',
      owner, // type ANY, class ANY: as a change it deletes
      '00ff 00ff 00000000 0000',
      owner, // A, class NONE, TTL 0 whatever the RRset's TTL, with RDATA
      '0001 00fe 00000000 0004 c0000201',
      owner,
      '0001 00fe 00000000 0004 c0000202',
    ]
      .join('')
      .replaceAll(' ', ''),
  );
});

describe('a plan that cannot be written makes no message', () => {
  const add = (rrset: Rrset): readonly AnyChange[] => [{ kind: 'add-rrset', rrset }];
  test.each<[string, Partial<UpdateMessage>, string]>([
    [
      'a name outside',
      { changes: [{ kind: 'delete-rrset', name: 's.other.' as Fqdn, type: 'A' }] },
      'not-in-zone',
    ],
    [
      'a prerequisite outside',
      { prerequisites: [{ kind: 'rrset-absent', name: 'sz.' as Fqdn, type: 'A' }] },
      'not-in-zone',
    ],
    [
      'an invalid name',
      { changes: [{ kind: 'delete-rrset', name: 'a b.z.' as Fqdn, type: 'A' }] },
      'invalid-plan',
    ],
    ['a deleted name outside', { changes: [{ kind: 'delete-name', name: 'z.z2.' as Fqdn }] }, 'not-in-zone'],
    ['a used name outside', { prerequisites: [{ kind: 'name-in-use', name: '.' as Fqdn }] }, 'not-in-zone'],
    ['no RR to delete', { changes: [{ kind: 'delete-rrs', rrset: text([]) }] }, 'invalid-plan'],
    [
      'an invalid RR to delete',
      {
        changes: [
          { kind: 'delete-rrs', rrset: { name, type: 'AAAA', ttlSeconds: 5, rdata: ['fe80::1%eth0'] } },
        ],
      },
      'invalid-plan',
    ],
    ['an invalid zone', { zone: 'Z' as Fqdn }, 'invalid-plan'],
    ['a TTL below 0', { changes: add(text([['a']], -1)) }, 'invalid-plan'],
    ['a TTL above 2^31-1', { changes: add(text([['a']], 2 ** 31)) }, 'invalid-plan'],
    ['a part of a second', { changes: add(text([['a']], 1.5)) }, 'invalid-plan'],
    ['no TTL', { changes: add(text([['a']], Number.NaN)) }, 'invalid-plan'],
    ['an empty RRset', { prerequisites: [{ kind: 'rrset-is', rrset: text([]) }] }, 'invalid-plan'],
    [
      'an invalid address',
      { changes: add({ name, type: 'A', ttlSeconds: 5, rdata: ['1.2.3.400'] }) },
      'invalid-plan',
    ],
    ['a string of 256 bytes', { changes: add(text([['x'.repeat(256)]])) }, 'invalid-plan'],
    [
      'too long for TCP',
      { changes: add(text(Array.from({ length: 260 }, (_, n) => [`${n}`, 'x'.repeat(250)]))) },
      'invalid-plan',
    ],
  ])('%s', (_, parts, code) => {
    expect(buildUpdate(planOf(parts))).toMatchObject({ kind: 'invalid', failure: { code } });
  });
});
