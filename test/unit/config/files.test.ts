/** The files that the configuration names, and warnings. */

import { execFileSync } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatConfigError } from '../../../src/config/config-error.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { around, folderWith, keyText, minimal, withPassword } from './folder.ts';

const withFile = minimal({ mysql: '{ user: a, password_file: secret }' });

async function outcome(
  text: string,
  files: Readonly<Record<string, string>>,
  change: (folder: string) => unknown = () => undefined,
) {
  const folder = await folderWith({ 'source-dns.yaml': text, 'ddns.key': keyText, ...files });
  await change(folder);
  const result = await loadConfig(undefined, around(folder, withPassword));
  if (result.kind === 'invalid')
    return result.errors.map((error) => formatConfigError(error).replaceAll(folder, 'FOLDER'));
  return {
    password: result.config.clusters[0]?.mysql.password.reveal(),
    warnings: result.config.warnings.map((text) => text.replaceAll(folder, 'FOLDER')),
  };
}

test.each([
  ['tiger\n', 'tiger'],
  ['tiger\r\n', 'tiger'],
  [' tiger ', ' tiger '],
  ['x'.repeat(4096), 'x'.repeat(4096)],
])('the password is the file without its last line end', async (content, password) => {
  expect(await outcome(withFile, { secret: content })).toEqual({ password, warnings: [] });
});

const place =
  'FOLDER/source-dns.yaml:4:38: clusters.shop.mysql.password_file: the file "secret" (relative to FOLDER)';

test.each([
  ['', 'is empty'],
  ['\n', 'is empty'],
  ['tiger\nlion\n', 'has more than one line; it must contain only the password'],
  ['x'.repeat(4097), 'is too large: at most 4096 bytes'],
])('a bad password file is an error', async (content, problem) => {
  expect(await outcome(withFile, { secret: content })).toEqual([`${place} ${problem}`]);
});

test.each([
  ['an empty file', '', 'is empty'],
  ['a whole configuration', '#'.repeat(65_537), 'is too large: at most 65536 bytes'],
  ['a folder', undefined, 'is a directory'],
])('the error of a key file that is %s says what to use', async (_, content, problem) => {
  const text = minimal({ nameserver: '{ address: 192.0.2.53, key_file: other.key }' });
  const make = (folder: string) => (content === undefined ? mkdir(join(folder, 'other.key')) : undefined);
  expect(await outcome(text, content === undefined ? {} : { 'other.key': content }, make)).toEqual([
    expect.stringMatching(
      `key_file: the file "other.key" .* ${problem}; use a file that contains only the key, as tsig-keygen prints it$`,
    ),
  ]);
});

test.each(['c2VjcmV0IHRoYXQgbm9ib2R5IG1heSBzZWU=', 'hmac-sha256:k:QUJDREVG'])(
  'a secret in the place of its path is not shown',
  async (secret) => {
    expect(
      await outcome(minimal({ nameserver: `{ address: 192.0.2.53, key_file: "${secret}" }` }), {}),
    ).toEqual([
      expect.stringMatching(
        /key_file: looks like the secret itself, not like the path of a file; write the secret into a file, and its path here$/,
      ),
    ]);
  },
);

test('a FIFO is refused without waiting for its writer', async () => {
  expect(await outcome(withFile, {}, (folder) => execFileSync('mkfifo', [join(folder, 'secret')]))).toEqual([
    `${place} is not a regular file`,
  ]);
});

test('every missing file is reported, whatever else is wrong', async () => {
  const text = minimal({
    mysql: '{ user: a, password_file: /nonexistent/p, tls: verify, ca_file: ca.pem, usr: b }',
    nameserver: '{ address: 192.0.2.53, key_file: none.key }',
  });
  expect(await outcome(text, { 'ca.pem': 'no certificate' })).toEqual([
    'FOLDER/source-dns.yaml:4:38: clusters.shop.mysql.password_file: the file "/nonexistent/p" does not exist',
    'FOLDER/source-dns.yaml:4:76: clusters.shop.mysql.ca_file: the file "ca.pem" (relative to FOLDER) contains no PEM certificate (-----BEGIN CERTIFICATE-----)',
    'FOLDER/source-dns.yaml:4:84: clusters.shop.mysql.usr: is not known; did you mean "user"?',
    'FOLDER/source-dns.yaml:8:41: nameservers.ns1.key_file: the file "none.key" (relative to FOLDER) does not exist',
  ]);
});

test('a secret that every user can read gives a warning', async () => {
  const open = async (folder: string) => {
    await chmod(join(folder, 'secret'), 0o644);
    await chmod(join(folder, 'ddns.key'), 0o666);
    await chmod(join(folder, 'source-dns.yaml'), 0o644);
  };
  expect(await outcome(withFile, { secret: 'tiger' }, open)).toEqual({
    password: 'tiger',
    warnings: [
      'clusters.shop.mysql.password_file: FOLDER/secret can be read by every user of this host; run chmod 0640 on it',
      'nameservers.ns1.key_file: FOLDER/ddns.key can be changed by every user of this host; run chmod 0640 on it',
    ],
  });
});

test('a password in the configuration gives a warning, a password from the environment does not', async () => {
  const open = (folder: string) => chmod(join(folder, 'source-dns.yaml'), 0o644);
  expect(await outcome(minimal({ mysql: '{ user: a, password: tiger }' }), {}, open)).toMatchObject({
    warnings: [
      'FOLDER/source-dns.yaml contains a password and can be read by every user of this host; run chmod 0640 on it',
    ],
  });
  expect(await outcome(minimal(), {}, open)).toMatchObject({ warnings: [] });
  expect(
    await outcome(minimal(), {}, (folder) => chmod(join(folder, 'source-dns.yaml'), 0o666)),
  ).toMatchObject({
    warnings: ['FOLDER/source-dns.yaml can be changed by every user of this host; run chmod 0640 on it'],
  });
});

test('settings that are probably not meant give a warning', async () => {
  const text = minimal({
    servers: '[{ host: db1.example.com, candidate: never, publish: 203.0.113.1 }]',
    cluster: 'watch: { fresh_for: 1500ms }',
    publish:
      '{ nameserver: ns1, source: { name: my_db.example.com, ttl: 0, type: cname }, replicas: { name: r.example.com, ttl: 3600 } }',
    more: '  ns2: { address: 192.0.2.54, key_file: ddns.key }',
  });
  expect(await outcome(text, {})).toMatchObject({
    warnings: [
      'clusters.shop.servers: every server has "candidate: never", so no server is ever published as the source',
      'clusters.shop.watch.fresh_for: 1500ms is shorter than interval, connect_timeout and query_timeout together (3s): a slow answer is already stale when it arrives',
      'clusters.shop.publish.source.type: with cname the name is an alias of the host, so "publish" of a server is not used for it',
      'clusters.shop.publish.source.ttl: with 0 no resolver caches the name, so each lookup asks the nameserver',
      'clusters.shop.publish.replicas.ttl: clients may keep the old address for 1h after a move',
      'clusters.shop.publish.source.name: my_db.example.com. is not a host name (RFC 1123: letters, digits and inner hyphens): some clients refuse it',
      'nameservers.ns2: no cluster uses this nameserver',
    ],
  });
});

const warningsOf = async (given: Parameters<typeof minimal>[0]): Promise<readonly string[]> => {
  const result = await outcome(minimal(given), {});
  if (!('warnings' in result)) throw new Error(result.join('\n'));
  return result.warnings;
};

test.each([
  ['source: { name: my_db.example.com }', ['source.name: an address']],
  [
    'source: { name: my_db.example.com, srv: true }',
    ['source.name: an address and the SRV RRset that leads to it'],
  ],
  ['source: { name: my_db.example.com, type: cname }', []],
  ['source: { name: db.example.com }, replicas: { name: ro_db.example.com }', ['replicas.name: an address']],
  ['source: { name: my-db.example.com, srv: true }, replicas: { name: 0.example.com }', []],
])('a name that is not a host name gives a warning: %s', async (names, refused) => {
  const warnings = await warningsOf({
    servers: '[db1.example.com]',
    publish: `{ nameserver: ns1, ${names} }`,
  });
  const found = warnings.flatMap(
    (text) =>
      /publish\.(\S+ ).* so BIND refuses (.*) unless the zone has "check-names ignore;"$/
        .exec(text)
        ?.slice(1, 3)
        .join('') ?? [],
  );
  expect(found).toEqual(refused);
});

test('a CNAME target that is not a host name gives a warning', async () => {
  const publish = '{ nameserver: ns1, source: { name: db.example.com, type: cname } }';
  const warnings = await warningsOf({ servers: '[db_1.example.com]', publish });
  expect(warnings).toContainEqual(
    expect.stringMatching(
      /^clusters\.shop\.servers: db_1\.example\.com\. is not a host name .*: some clients refuse it$/,
    ),
  );
});
