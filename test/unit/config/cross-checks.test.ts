/** Checks of several fields and sections together. */

import { expect, test } from 'vitest';
import { complaints, loaded, minimal, withPassword } from './folder.ts';

/** The only complaint, without its place. */
async function complaint(text: string): Promise<string | undefined> {
  const found = await complaints(text, withPassword);
  expect(found.length).toBeLessThan(2);
  return found[0]?.replace(/^\S+:\d+:\d+: /, '');
}

const publish = (fields: string) => minimal({ publish: `{ nameserver: ns1, ${fields} }` });
const nameserver = (fields: string) => minimal({ nameserver: `{ address: 192.0.2.53, ${fields} }` });

test.each([
  ['source.shop.example.com', 'source.shop.example.com'],
  ['source.shop.example.com', 'SOURCE.shop.example.com.'],
])('the replicas need their own name: %s, %s', async (source, replicas) => {
  expect(await complaint(publish(`source: { name: ${source} }, replicas: { name: ${replicas} }`))).toMatch(
    /^clusters\.shop\.publish\.replicas\.name: \S+ is already the name of the source; give the replicas their own name$/,
  );
});

test.each([
  ['_source-dns.', 'source: { name: _source-dns.source.example.com }'],
  ['_mysql._tcp.', 'source: { name: _MySQL._tcp.source.example.com }'],
  ['_source-dns.', 'source: { name: s.example.com }, replicas: { name: _source-dns.s.example.com }'],
])('a name of a ledger or of an SRV record is no name to publish: %s, %s', async (start, fields) => {
  expect(await complaint(publish(fields))).toMatch(
    `begins with ${start}, as the ledger or the SRV record of another name does; write that name without it`,
  );
});

test.each([
  ['the zone itself', 'zone: example.com, source: { name: example.com }', undefined],
  ['within the zone', 'zone: example.com, source: { name: a.example.com }', undefined],
  [
    'outside the zone',
    'zone: example.com, source: { name: a.badexample.com }',
    'clusters.shop.publish.source.name: a.badexample.com. is not within the zone example.com.; write for example a.example.com.',
  ],
  [
    'the replicas outside the zone',
    'zone: example.com, source: { name: a.example.com }, replicas: { name: b.example.org }',
    'clusters.shop.publish.replicas.name: b.example.org. is not within the zone example.com.; write for example b.example.com.',
  ],
  [
    'a CNAME at the zone',
    'zone: example.com, source: { name: example.com, type: cname }',
    'clusters.shop.publish.source.name: the zone itself cannot be a CNAME (RFC 1034 3.6.2); write "type: address", or a name below the zone',
  ],
  [
    'SRV to an alias',
    'source: { name: a.example.com, type: cname, srv: true }',
    'clusters.shop.publish.source.srv: the target of an SRV must not be an alias (RFC 2782); write "type: address", or remove srv',
  ],
])('names and zone: %s', async (_what, fields, expected) => {
  expect(await complaint(publish(fields))).toBe(expected);
});

test('a CNAME needs host names', async () => {
  const text = minimal({
    servers: '[192.0.2.1, db2.example.com, { host: 192.0.2.3, candidate: never }]',
    publish: '{ nameserver: ns1, source: { name: a.example.com, type: cname } }',
  });
  expect(await complaint(text)).toBe(
    'clusters.shop.servers[0]: 192.0.2.1 is an IP address, but a CNAME needs a host name; write the host name of the server, or "type: address"',
  );
});

test.each([
  [
    '[db1.example.com, DB1.example.com.:3306]',
    'clusters.shop.servers[1]: db1.example.com:3306 is already listed as servers[0]; remove one',
  ],
  [
    '["2001:db8::1", "[2001:db8:0:0::1]:3306"]',
    'clusters.shop.servers[1]: [2001:db8::1]:3306 is already listed as servers[0]; remove one',
  ],
  ['[db1.example.com, db1.example.com:3307]', undefined],
  [
    '[127.0.0.1]',
    'clusters.shop.servers[0]: 127.0.0.1 is a loopback address, which clients on other machines cannot use; add "publish:"; for a lab, set "allow_loopback: true"',
  ],
  ['[{ host: localhost, publish: 203.0.113.13 }]', undefined],
  [
    '[{ host: db, publish: "::1" }]',
    'clusters.shop.servers[0].publish: "::1" is a loopback address, which clients on other machines cannot use; write another one; for a lab, set "allow_loopback: true"',
  ],
  [
    '[{ host: db, publish: [203.0.113.13, "fe80::1"] }]',
    'clusters.shop.servers[0].publish[1]: "fe80::1" is a link-local address, which clients on other machines cannot use; write another one',
  ],
  [
    '[{ host: db, publish: [0.0.0.0] }]',
    'clusters.shop.servers[0].publish[0]: "0.0.0.0" is an unspecified address, which clients on other machines cannot use; write another one',
  ],
])('servers: %s', async (servers, expected) => {
  expect(await complaint(minimal({ servers }))).toBe(expected);
});

test('allow_loopback allows only loopback addresses', async () => {
  const cluster = 'allow_loopback: true';
  expect(
    await complaint(minimal({ cluster, servers: '["127.0.0.1:3306", "[::1]:3307", localhost:3308]' })),
  ).toBeUndefined();
  expect(await complaint(minimal({ cluster, servers: '[169.254.1.1]' }))).toContain(
    'is a link-local address',
  );
});

test.each([
  ['ns2', 'clusters.shop.publish.nameserver: "ns2" is not in the section nameservers; did you mean "ns1"?'],
  [
    '[ns1, primary]',
    'clusters.shop.publish.nameserver[1]: "primary" is not in the section nameservers; add it there',
  ],
  ['[ns1, ns1]', 'clusters.shop.publish.nameserver[1]: "ns1" is listed twice; remove one'],
  [
    '[ns1, same]',
    'clusters.shop.publish.nameserver[1]: "same" is the same nameserver as "ns1", with the same key; remove one',
  ],
  // The key may select another view of BIND.
  ['[ns1, view]', undefined],
])('nameserver: %s', async (name, expected) => {
  const more =
    '  same: { address: 192.0.2.53, key_file: ddns.key }\n  view: { address: 192.0.2.53, key_file: ddns.key, key_name: b }';
  const text = minimal({
    publish: `{ nameserver: ${name}, source: { name: source.shop.example.com } }`,
    more,
  });
  expect(await complaint(text)).toBe(expected);
});

const twoClusters = (second: string) => `\
clusters:
  shop:
    servers: [db1.example.com]
    mysql: &mysql { user: source_dns, password: tiger }
    publish: { nameserver: ns1, source: { name: a.example.com }, replicas: { name: b.example.com } }
  blog:
    servers: [db2.example.com]
    mysql: *mysql
    publish: ${second}
nameservers:
  ns1: &ns { address: 192.0.2.53, key_file: ddns.key }
  same: *ns
  other: { address: 192.0.2.54, key_file: ddns.key }
`;

test.each([
  ['{ nameserver: ns1, source: { name: c.example.com } }', undefined],
  ['{ nameserver: other, source: { name: a.example.com } }', undefined],
  [
    '{ nameserver: ns1, source: { name: A.example.com. } }',
    'clusters.blog.publish.source.name: cluster "shop" already publishes a.example.com. at nameserver "ns1"; give each cluster its own name',
  ],
  [
    '{ nameserver: [other, same], source: { name: b.example.com } }',
    'clusters.blog.publish.source.name: cluster "shop" already publishes b.example.com. at nameserver "same"; give each cluster its own name',
  ],
])('two clusters do not publish the same name at the same nameserver: %s', async (second, expected) => {
  expect(await complaint(twoClusters(second))).toBe(expected);
});

test.each([
  [
    '{ interval: 1s, suspect_interval: 2s }',
    'clusters.shop.watch.suspect_interval: 2s must not be longer than interval (1s): while something is suspicious, servers are asked more often',
  ],
  ['{ interval: 1s, suspect_interval: 1s }', undefined],
  [
    '{ interval: 5s }',
    'clusters.shop.watch.fresh_for: 3s must be longer than interval (5s), or every observation is stale before the next one',
  ],
  [
    '{ gone_after: 3s }',
    'clusters.shop.watch.gone_after: 3s must be longer than fresh_for (3s): a server must be stale before it is gone',
  ],
  ['{ interval: 9ms }', 'clusters.shop.watch.interval: "9ms" is too short; at least 10ms'],
  ['{ interval: 10ms, suspect_interval: 10ms }', undefined],
  ['{ gone_after: 169h }', 'clusters.shop.watch.gone_after: "169h" is too long; at most 168h'],
  ['{ gone_after: 168h }', undefined],
  ['{ max_moves: 0 }', 'clusters.shop.watch.max_moves: must be at least 1'],
  ['{ max_moves: 101 }', 'clusters.shop.watch.max_moves: must be at most 100'],
  ['{ max_moves: 1.5 }', 'clusters.shop.watch.max_moves: must be a whole number'],
  [
    '{ settle: 0.0001s }',
    'clusters.shop.watch.settle: "0.0001s" is not a duration; write it like 50ms, 1s, 2m or 1h',
  ],
  [
    '{ settle: 20.5ms }',
    'clusters.shop.watch.settle: "20.5ms" is not a whole number of milliseconds; round it',
  ],
  ['', 'clusters.shop.watch: is empty; give it a value, or remove it'],
])('watch: %s', async (watch, expected) => {
  expect(await complaint(minimal({ cluster: `watch: ${watch}` }))).toBe(expected);
});

test.each([
  [
    '{ user: a }',
    'clusters.shop.mysql: has no password; write "password_file: /etc/source-dns/mysql.password" or "password: ${' +
      'DB_PASSWORD}"',
  ],
  [
    '{ user: a, password: b, password_file: mysql.password }',
    'clusters.shop.mysql.password_file: cannot be used together with password; remove one of the two',
  ],
  ['{ user: a, password: "" }', 'clusters.shop.mysql.password: must not be empty'],
  [
    '{ user: a, password: 1234 }',
    'clusters.shop.mysql.password: must be text, not a number; put it in quotes',
  ],
  ['{ password: b }', 'clusters.shop.mysql.user: is missing; write for example "user: source_dns"'],
  ['source_dns', 'clusters.shop.mysql: must be a section (key: value), not text'],
])('mysql: %s', async (mysql, expected) => {
  expect(await complaint(minimal({ mysql }))).toBe(expected);
});

test.each([
  [
    'port: 53',
    'nameservers.ns1: has no key; write "key_file: /etc/source-dns/ddns.key": updates are always signed',
  ],
  [
    'via: nsupdate',
    'nameservers.ns1: has no key; write "key_file: ...", or "nsupdate_args: [-g]" for GSS-TSIG: updates are always signed',
  ],
  ['via: nsupdate, nsupdate_args: ["-g"]', undefined],
  [
    'key_file: ddns.key, nsupdate_args: ["-g"]',
    'nameservers.ns1.nsupdate_args: is only used with "via: nsupdate"; remove it',
  ],
  [
    'via: nsupdate, nsupdate_args: ["-v", "-y", "k:c2VjcmV0"]',
    'nameservers.ns1.nsupdate_args[1]: shows the secret to every user who lists the processes; use key_file instead of -y',
  ],
  [
    'via: nsupdate, nsupdate_args: ["-g"], key_name: k',
    'nameservers.ns1.key_name: names a key, but there is no key_file; add key_file, or remove it',
  ],
  [
    'key_file: ddns.key, fudge: 1500ms',
    'nameservers.ns1.fudge: "1500ms" is not a whole number of seconds, as TSIG needs (RFC 8945 4.2); round it',
  ],
  ['key_file: ddns.key, port: 0', 'nameservers.ns1.port: must be at least 1'],
  ['key_file: ddns.key, port: 65536', 'nameservers.ns1.port: must be at most 65535'],
  ['key_file: ddns.key, port: "53"', 'nameservers.ns1.port: must be a number, not text'],
  [
    'key_file: ddns.key, verify: [192.0.2.54:0]',
    'nameservers.ns1.verify[0]: "192.0.2.54:0" has an invalid port; use 1 to 65535',
  ],
  [
    'key_file: ddns.key, verify: [224.0.0.251]',
    'nameservers.ns1.verify[0]: "224.0.0.251" is a multicast address, which no server has',
  ],
  [
    'key_file: ddns.key, verify: ["[::192.0.2.1]:53"]',
    'nameservers.ns1.verify[0]: "[::192.0.2.1]:53" is an IPv4-compatible address, which no server has',
  ],
  ['key_file: ddns.key, verify: []', 'nameservers.ns1.verify: must have at least 1 entry'],
  ['key_file: ddns.key, resolvers: []', 'nameservers.ns1.resolvers: must have at least 1 entry'],
])('a nameserver: %s', async (fields, expected) => {
  expect(await complaint(nameserver(fields))).toBe(expected);
});

test.each([
  ['{}', 'clusters: has no cluster; add one'],
  [
    '{ "a b": {} }',
    'clusters["a b"]: this name is not allowed; use 1 to 63 letters, digits, ".", "_" and "-", and begin with a letter or digit',
  ],
])('clusters: %s', async (clusters, expected) => {
  expect(
    await complaint(
      `clusters: ${clusters}\nnameservers: { ns1: { address: 192.0.2.53, key_file: ddns.key } }`,
    ),
  ).toBe(expected);
});

const mysql = (fields: string) => minimal({ mysql: `{ user: source_dns, password: secret, ${fields} }` });

test.each(['required', 'verify'])('a public key is never asked for with tls: %s', async (tls) => {
  expect(await complaint(mysql(`tls: ${tls}, allow_public_key_retrieval: true`))).toBe(
    `clusters.shop.mysql.allow_public_key_retrieval: is not used with "tls: ${tls}", which always encrypts; remove it`,
  );
});

test.each(['disabled', 'preferred'])(
  'who can get the password by a public key of his own is said with tls: %s',
  async (tls) => {
    const warningsOf = async (fields: string) =>
      (await loaded(mysql(fields), withPassword)).warnings.filter((text) => text.includes('public_key'));
    expect(await warningsOf(`tls: ${tls}`)).toEqual([]);
    expect(await warningsOf(`tls: ${tls}, allow_public_key_retrieval: true`)).toEqual([
      expect.stringContaining(
        `with "tls: ${tls}" an attacker between us and a server without TLS can get the password of source_dns`,
      ),
    ]);
  },
);
