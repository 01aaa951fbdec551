/** Mistakes of YAML. */

import { expect, test } from 'vitest';
import { complaints, loaded, minimal, withPassword } from './folder.ts';

test.each([
  ['a: 1\n\tb: 2\n', 'source-dns.yaml:2:1: a tab is not allowed in the indentation; use spaces'],
  [
    'a: "b\n',
    'source-dns.yaml:2:1: something is missing here: a closing quote, bracket or brace, a comma or a ":"',
  ],
  ['a: b: c\n', 'source-dns.yaml:1:4: this line has a second ":"; put a value that contains ": " in quotes'],
  ['a: *b\n', 'source-dns.yaml:1:4: this anchor does not exist; put a value that begins with "*" in quotes'],
  ['a: 1\n---\nb: 2\n', 'source-dns.yaml:2:1: a second YAML document begins here; keep only one'],
])('syntax: %j', async (text, expected) => {
  expect(await complaints(text)).toContain(expected);
});

test('a repeated key is reported together with the other mistakes', async () => {
  expect(
    await complaints(minimal({ more: 'instance: a\ninstance: b\nlog: { level: loud }' }), withPassword),
  ).toEqual([
    'source-dns.yaml:10:1: this key is listed twice; remove one',
    'source-dns.yaml:11:15: log.level: "loud" is not one of trace, debug, info, warn, error, fatal, silent',
  ]);
});

const none =
  'source-dns.yaml:1:1: this is not a configuration; write the sections "clusters:" and "nameservers:"';

test.each([
  ['', [none]],
  ['text', [none]],
  ['- a', [none]],
  [
    '{}',
    [
      'source-dns.yaml:1:1: clusters: is missing; write for example "clusters: { shop: { servers: [ db1.example.com, db2.example.com ], mysql: { user: source_dns, password_file: /etc/source-dns/mysql.password }, publish: { nameserver: ns1, source: { name: source.shop.db.example.com. } } } }"',
      'source-dns.yaml:1:1: nameservers: is missing; write for example "nameservers: { ns1: { address: 192.0.2.53, key_file: /etc/source-dns/ddns.key } }"',
    ],
  ],
])('%j is no configuration', async (text, expected) => {
  expect(await complaints(text)).toEqual(expected);
});

test('a mistake behind an alias is reported at the alias', async () => {
  const text = `x: &w { interval: 5 }\n${minimal({ cluster: 'watch: *w' })}`;
  const found = await complaints(text, withPassword);
  expect(found).toContain(
    'source-dns.yaml:1:19: clusters.shop.watch.interval: needs a unit; write it like 50ms, 1s, 2m or 1h',
  );
  expect(found).toHaveLength(2);
});

test('aliases that expand too much are refused', async () => {
  const levels = Array.from(
    { length: 9 },
    (_, n) => `l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join(', ')}]`,
  );
  expect(await complaints(`l0: &l0 [x]\n${levels.join('\n')}\n`)).toEqual([
    'source-dns.yaml:1:1: has too many aliases; write the values out',
  ]);
});

test('a file cannot pollute an object', async () => {
  const found = await complaints(minimal({ more: '__proto__: { instance: evil }' }), withPassword);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain('__proto__: is not known here');
  expect(({} as Record<string, unknown>)['instance']).toBeUndefined();
});

test('an anchor may be used', async () => {
  const config = await loaded(
    `${minimal({ nameserver: '&ns { address: 192.0.2.53, key_file: ddns.key }' })}\n  ns2: *ns\n`,
    withPassword,
  );
  expect(config.nameservers.get('ns2')).toMatchObject({ name: 'ns2', address: '192.0.2.53' });
});
