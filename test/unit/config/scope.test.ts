/** Where servers may be discovered: `discover_within`. */

import { expect, test } from 'vitest';
import { isWithin } from '../../../src/core/model/discovery-scope.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { complaints, loaded, minimal, withPassword } from './folder.ts';

const within = (entries: string, mysql = '{ user: source_dns, password: secret, tls: verify }') =>
  minimal({ mysql, cluster: `discover_within: ${entries}` });

async function complaint(entry: string): Promise<string | undefined> {
  const [found] = await complaints(within(`["${entry}"]`), withPassword);
  return found?.replace(/^\S+:\d+:\d+: clusters\.shop\.discover_within\[0\]: /, '');
}

test('without discover_within nothing is discovered', async () => {
  for (const text of [minimal(), within('[]')]) {
    const { clusters } = await loaded(text, withPassword);
    expect(clusters[0]?.settings.discoverWithin).toBeUndefined();
  }
});

test('a scope is a host name suffix, a network or an address', async () => {
  const { clusters, warnings } = await loaded(
    within('[".DB.example.com.", 10.1.0.0/16, "2001:db8::/32", 192.0.2.1, "::1"]'),
    withPassword,
  );
  expect(warnings.filter((warning) => warning.includes('discover_within'))).toEqual([]);
  const scopes = clusters[0]!.settings.discoverWithin!;
  const inside = ['a.db.example.com', '10.1.255.255', '[2001:db8:ffff::1]', '192.0.2.1', '[::1]'];
  const outside = ['db.example.com', 'adb.example.com', '10.2.0.0', '[2001:db9::]', '192.0.2.2', '[::2]'];
  const isInside = (host: string) => isWithin(scopes, `${host}:3306` as ServerAddress);
  expect(inside.filter((host) => !isInside(host))).toEqual([]);
  expect(outside.filter(isInside)).toEqual([]);
});

const example = 'write ".db.example.com", 10.1.0.0/16, 2001:db8::/32 or 192.0.2.1';

test.each([
  ['db.example.com', '"db.example.com" does not begin with a dot; did you mean ".db.example.com"?'],
  ['*.db.example.com', '"*.db.example.com" does not begin with a dot; did you mean ".db.example.com"?'],
  [
    '10.1.2.3/16',
    '"10.1.2.3/16" is an address inside a network, not the network itself; did you mean 10.1.0.0/16?',
  ],
  [
    '2001:db8::1/32',
    '"2001:db8::1/32" is an address inside a network, not the network itself; did you mean 2001:db8::/32?',
  ],
  ['10.1.0.0/33', '"10.1.0.0/33" has an invalid prefix length (0 to 32); did you mean 10.1.0.0/32?'],
  [
    '2001:db8::/129',
    '"2001:db8::/129" has an invalid prefix length (0 to 128); did you mean 2001:db8::/128?',
  ],
  ['10.1.0.0/', '"10.1.0.0/" has an invalid prefix length (0 to 32); did you mean 10.1.0.0/32?'],
  ['10.1/16', `"10.1/16" is not a network; ${example}`],
  ['::ffff:10.1.0.0/112', `"::ffff:10.1.0.0/112" is not a network; ${example}`],
  ['.', `"." is neither a host name suffix nor a network; ${example}`],
  ['.0x1', `".0x1" is neither a host name suffix nor a network; ${example}`],
  ['.db example', `".db example" is neither a host name suffix nor a network; ${example}`],
  ['10.0.0.0/8/8', `"10.0.0.0/8/8" is neither a host name suffix nor a network; ${example}`],
])('%s is no scope', async (entry, expected) => {
  expect(await complaint(entry)).toBe(expected);
});

test.each(['disabled', 'preferred', 'required'])(
  'who may get the password is said with tls: %s',
  async (tls) => {
    const { warnings } = await loaded(
      within('[.db.example.com]', `{ user: source_dns, password: secret, tls: ${tls} }`),
      withPassword,
    );
    const [warning, ...others] = warnings.filter((text) => text.includes('discover_within'));
    expect(warning).toContain(
      `with "tls: ${tls}" an attacker who can add a host there gets the password of source_dns; set "tls: verify"`,
    );
    expect(others).toEqual([]);
  },
);
