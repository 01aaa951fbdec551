/** The fields of the schema, one by one. */

import { expect, test } from 'vitest';
import { parseFqdn } from '../../../src/config/domain-name.ts';
import { durationMs, durationText } from '../../../src/config/fields.ts';
import { configJsonSchema } from '../../../src/config/json-schema.ts';
import { canonicalIp, parseHostPort, serverAddress, unsafeKind } from '../../../src/config/server-address.ts';
import { closest, editDistance } from '../../../src/suggest.ts';

test.each([
  ['50ms', 50],
  ['1s', 1000],
  ['1.5s', 1500],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['0s', 0],
  ['1', undefined],
  ['1 s', undefined],
  ['-1s', undefined],
  ['1S', undefined],
  ['1m30s', undefined],
  ['1e3ms', undefined],
])('the duration %s is %s ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

test.each([
  [3000, '3s'],
  [1500, '1500ms'],
  [600_000, '10m'],
  [3_600_000, '1h'],
  [0, '0ms'],
])('%s ms is written %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test.each([
  ['db1', 'db1:3306'],
  ['DB1.Example.com.', 'db1.example.com:3306'],
  ['mysql_1:3307', 'mysql_1:3307'],
  ['192.0.2.1', '192.0.2.1:3306'],
  ['192.0.2.1:1', '192.0.2.1:1'],
  ['2001:DB8:0:0::1', '[2001:db8::1]:3306'],
  ['[2001:db8::1]', '[2001:db8::1]:3306'],
  ['[2001:db8::1]:65535', '[2001:db8::1]:65535'],
  [`${'a'.repeat(63)}.b`, `${'a'.repeat(63)}.b:3306`],
])('the server %s is %s', (text, address) => {
  const found = parseHostPort(text, 3306);
  expect(found.kind === 'parsed' && serverAddress(found.value.host, found.value.port)).toBe(address);
});

test.each([
  '',
  'db1:',
  'db1:0',
  'db1:65536',
  'db1:x',
  ':3306',
  'a b',
  '-a',
  'a-',
  'a..b',
  '192.0.2',
  '192.0.2.256',
  '1.2.3.4.5',
  '[192.0.2.1',
  '[db1]:3306',
  'fe80::1%eth0',
  '::ffff:192.0.2.1',
  'a'.repeat(64),
  `${'a.'.repeat(100)}bc`,
])('%j is no server', (text) => {
  expect(parseHostPort(text, 3306).kind).toBe('wrong');
});

const longName = (length: number) =>
  `${'a'.repeat(length % 2 === 0 ? 2 : 1)}${'.a'.repeat(Math.floor((length - 1) / 2))}`;

test.each([
  ['Source.Shop.Example.com', 'source.shop.example.com.'],
  ['com.', 'com.'],
  ['_x.example.com', '_x.example.com.'],
  [`${'a'.repeat(63)}.com`, `${'a'.repeat(63)}.com.`],
  [longName(253), `${longName(253)}.`],
])('the name %s is %s', (text, name) => {
  expect(parseFqdn(text, 0)).toEqual({ kind: 'parsed', value: name });
});

test.each([
  '',
  '.',
  'com',
  'a..com',
  '.a.com',
  '*.a.com',
  'a b.com',
  'käse.de',
  '-a.com',
  'a-.com',
  'a\\.b.com',
  `${'a'.repeat(64)}.com`,
  longName(254),
])('%j is no complete name', (text) => {
  expect(parseFqdn(text, 0).kind).toBe('wrong');
});

test('a name leaves room for its prefix', () => {
  expect(parseFqdn(longName(241), 12).kind).toBe('parsed');
  expect(parseFqdn(longName(242), 12)).toEqual({
    kind: 'wrong',
    problem: 'is too long: at most 242 characters, so that "_source-dns." fits in front',
  });
});

test.each([
  ['127.1.2.3', 'a loopback address'],
  ['::1', 'a loopback address'],
  ['localhost', 'a loopback address'],
  ['0.0.0.0', 'an unspecified address'],
  ['::', 'an unspecified address'],
  ['169.254.169.254', 'a link-local address'],
  ['fe80::1', 'a link-local address'],
  ['224.0.0.1', 'a multicast address'],
  ['ff02::1', 'a multicast address'],
  ['10.0.0.1', undefined],
  ['fd00::1', undefined],
  ['db1.example.com', undefined],
])('%s is %s', (address, kind) => {
  expect(unsafeKind(address, false)).toBe(kind);
});

test('an address has one canonical text', () => {
  expect(canonicalIp('2001:0DB8:0000:0000:0000:0000:0000:0001')).toBe('2001:db8::1');
  expect(canonicalIp('::ffff:192.0.2.1')).toBeUndefined();
  expect(canonicalIp('010.0.0.1')).toBeUndefined();
});

test('a misspelled word gets a suggestion', () => {
  expect(editDistance('kitten', 'sitting')).toBe(3);
  expect(editDistance('adress', 'address')).toBe(1);
  expect(editDistance('tsl', 'tls')).toBe(1);
  expect(closest('publsih', ['publish', 'mysql'])).toBe('publish');
  expect(closest('dry_run', ['dry-run'])).toBe('dry-run');
  expect(closest('verify', ['timeout', 'fudge'])).toBeUndefined();
});

test('the JSON Schema describes the input, with descriptions and defaults', () => {
  const schema = configJsonSchema() as {
    properties: { clusters: { additionalProperties: { properties: Record<string, unknown> } } };
  };
  expect(schema).toMatchObject({
    title: 'source-dns',
    type: 'object',
    required: ['clusters', 'nameservers'],
    additionalProperties: false,
  });
  expect(schema.properties.clusters.additionalProperties.properties).toMatchObject({
    mode: { enum: ['active', 'observe'], default: 'active' },
    watch: {
      properties: {
        interval: {
          type: 'string',
          default: '1s',
          description: 'How often to ask each server while nothing is suspicious (10ms to 1h)',
        },
      },
    },
    publish: {
      properties: {
        nameserver: { anyOf: [{ type: 'string' }, { type: 'array' }] },
        source: { properties: { ttl: { type: 'integer', default: 5 } } },
      },
    },
  });
  const undescribed: string[] = [];
  const walk = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key !== 'properties') walk(value, path);
      else
        for (const [name, property] of Object.entries(value as Record<string, { description?: string }>)) {
          if (property.description === undefined) undescribed.push(`${path}.${name}`);
          walk(property, `${path}.${name}`);
        }
    }
  };
  walk(schema, '');
  expect(undescribed).toEqual([]);
});
