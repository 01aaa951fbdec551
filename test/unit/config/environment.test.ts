/** Variables of the environment in the configuration. */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration, not of JavaScript
import { expect, test } from 'vitest';
import { expand } from '../../../src/config/environment.ts';
import { complaints, loaded, minimal } from './folder.ts';

const env = {
  DB_PASSWORD: 'tiger',
  NS: '192.0.2.77',
  PORT: '5353',
  YES: 'true',
  LIST: '[a, b]',
  NESTED: '${PORT}',
  NUMBER: '0123',
  EMPTY: '',
};

test.each([
  ['${PORT}', '5353'],
  ['a${PORT}b${NS}', 'a5353b192.0.2.77'],
  ['$${PORT}', '${PORT}'],
  ['$PORT ${NESTED}', '$PORT ${PORT}'],
  ['${PORT:-1}', '5353'],
  ['${NONE:-/etc/source-dns}/mysql.password', '/etc/source-dns/mysql.password'],
  ['${EMPTY:-a:-b}${EMPTY}${NONE:-}', 'a:-b'],
])('%s becomes %s', (text, expected) => {
  expect(expand(text, env)).toMatchObject({ text: expected, problems: [] });
});

test.each(['${', '${PORT', '${}', '${1}', '${A-B}', '${:-1}', '${NONE:-${PORT}}'])(
  '%s is no variable',
  (text) => {
    expect(expand(text, env).problems).toEqual([
      '"${" begins a variable: write ${NAME} or ${NAME:-default}, or $${ for a literal ${',
    ]);
  },
);

test('an inherited property is no variable', () => {
  expect(expand('${toString}', {}).problems).toEqual([
    'the environment variable toString is not set; set it, or write the value here',
  ]);
});

test('a variable becomes a number or a boolean where the schema wants one, and text elsewhere', async () => {
  const config = await loaded(
    minimal({
      servers: '[{ host: db1.example.com, port: "${PORT}" }, db2.example.com]',
      mysql: '{ user: source_dns, password: "${NUMBER}" }',
      cluster: 'allow_loopback: ${YES}',
      nameserver: '{ address: "${NS}", port: "${PORT}", key_file: ddns.key }',
    }),
    env,
  );
  const [cluster] = config.clusters;
  expect(cluster?.settings).toMatchObject({
    allowLoopback: true,
    servers: [{ address: 'db1.example.com:5353' }, { address: 'db2.example.com:3306' }],
  });
  expect(cluster?.mysql.password.reveal()).toBe('0123');
  expect(config.nameservers.get('ns1')).toMatchObject({ address: '192.0.2.77', port: 5353 });
});

test('a value cannot change the structure, and keys keep their text', async () => {
  expect(await complaints(minimal({ servers: '${LIST}' }), env)).toEqual([
    'source-dns.yaml:3:14: clusters.shop.servers: must be a list, not text',
  ]);
  expect(await complaints(minimal({ more: '${NS}: 1' }), env)).toEqual([
    expect.stringMatching(
      /^source-dns.yaml:9:1: \["\$\{NS\}"\]: is not known here; the known keys are instance, .*log$/,
    ),
  ]);
});

test('an unset variable is one error, at its place', async () => {
  expect(
    await complaints(
      minimal({
        nameserver: '{ address: 192.0.2.53, port: "${NONE}", timeout: "${NONE}", key_file: ddns.key }',
      }),
      env,
    ),
  ).toEqual([
    'source-dns.yaml:8:37: the environment variable NONE is not set; set it, or write the value here',
    'source-dns.yaml:8:57: the environment variable NONE is not set; set it, or write the value here',
  ]);
});

test('an error does not show the value of a variable', async () => {
  expect(
    await complaints(
      minimal({ nameserver: '{ address: 192.0.2.53, timeout: "${DB_PASSWORD}", key_file: ddns.key }' }),
      env,
    ),
  ).toEqual([
    'source-dns.yaml:8:40: nameservers.ns1.timeout: "${DB_PASSWORD}" is not a duration; write it like 50ms, 1s, 2m or 1h',
  ]);
});
