/** Where a newcomer could go wrong with `source-dns init`: a lonely server, a zone elsewhere, a refusal. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Fqdn } from '../../../src/core/model/units.ts';
import { nextSteps } from '../../../src/setup/next-steps.ts';
import { factsOf, seen } from '../../support/given.ts';
import { given } from '../setup/given-setup.ts';
import {
  flags,
  folder,
  foundZone,
  host,
  nothingWritten,
  password,
  play,
  replica,
  source,
  useFolder,
  written,
} from './init-play.ts';

useFolder();

const short = ['--server', 'db1.example.com', '--nameserver', '192.0.2.53', '--yes'];
const tools = { env: password };
const refused = { code: 'query-refused', message: 'The nameserver refuses the question.' };
const noZone = { kind: 'no-zone', failure: refused } as const;
const noAnswer = { code: 'connection-refused', message: 'ECONNREFUSED' };
const greet = (local: string) => async () =>
  ({ kind: 'greeted', product: 'mysql', version: '9.7.4', local }) as const;

describe('one server that may have replicas', () => {
  // Without REPLICATION SLAVE a source tells nothing, and nobody sees that replicas are missing.
  const lonely = { [host('db1')]: seen(factsOf('db1')), [host('db2')]: replica('db2') };

  test('a script must say that it is all there is', async () => {
    const { exit, err } = await play([...flags, '--yes'], { probes: lonely, tools });
    expect(err).toContain('add --server for each of them');
    expect(exit).toBe(2);
    await nothingWritten();
    expect((await play([...flags, '--yes', '--take', 'all'], { probes: lonely, tools })).exit).toBe(0);
  });

  test('a source that names only servers that do not answer is alone, too', async () => {
    const { exit } = await play([...flags, '--yes'], { probes: { [host('db1')]: source }, tools });
    expect(exit).toBe(2);
    await nothingWritten();
  });

  test('a person is asked for the others, and Enter is no answer', async () => {
    const typed = ['', 'db2.example.com', '', '', '', '', '', ''].join('\n');
    const { exit, err } = await play([...flags, '--yes'], { probes: lonely, tools, typed });
    expect(err).toContain('The other servers of this cluster');
    expect(err).toContain('There is no default');
    expect(exit).toBe(0);
    expect(await written('source-dns.yaml')).toContain('- db2.example.com:3306 ');
  });
});

describe('the zone', () => {
  test('the default name is in a small zone of its own', async () => {
    expect((await play(short, { tools })).exit).toBe(0);
    expect(await written('source-dns.yaml')).toContain('name: source.shop.db.example.com.\n');
  });

  test('a zone that the nameserver does not have is made only if it is named', async () => {
    for (const name of [[], ['--name', 'source.shop.example.com']]) {
      const { exit, err } = await play([...short, ...name], { zone: noZone, tools });
      expect(exit).toBe(2);
      expect(err).toMatch(/add --zone (db|shop)\.example\.com\. Never name a zone that exists/);
    }
    await nothingWritten();
    const made = await play([...short, '--zone', 'db.example.com'], { zone: noZone, tools });
    expect(made.exit).toBe(0);
    expect(await written('named.conf.source-dns-key')).toContain('zone "db.example.com" {');
  });

  test('a person must type its name: Enter makes no zone', async () => {
    const typed = ['none', '', 'db.example.com', '192.0.2.54', ''].join('\n');
    const world = { zone: noZone, tools, typed };
    const { exit, err } = await play([...short, '--yes', '--discover', 'yes'], world);
    expect(err).not.toContain('The zone to make: ');
    expect(err).toContain('There is no default');
    expect([exit, err.includes('none is not within')]).toEqual([0, false]);
  });

  test('secondary servers that the NS RRset does not tell are verified, too', async () => {
    await play([...flags, '--yes', '--secondary', '192.0.2.54:5353'], { tools });
    expect(await written('source-dns.yaml')).toContain('verify: ["192.0.2.53", "192.0.2.54:5353"]');
    const typed = ['shop', 'db1.example.com', '', '', '', 'y', '', '', '', '', '', '192.0.2.53', 'bad:x'];
    const asked = await play([], { tools, typed: [...typed, '192.0.2.54', ''].join('\n') });
    expect(asked.err).toContain('The secondary nameservers of the zone');
  });
});

describe('a nameserver that does not answer', () => {
  const zone = { kind: 'failed', failure: noAnswer, wrong: false } as const;

  test('it says what could be, and ends after five tries, or when a person leaves', async () => {
    const five = await play([...flags, '--yes'], { zone, tools, typed: '\n'.repeat(9) });
    expect([five.exit, five.err.split('(connection-refused)').length - 1]).toEqual([4, 5]);
    expect(five.err).toContain('must run, listen on this address');
    const left = await play([...flags, '--yes'], { zone, tools, typed: 'leave\n' });
    expect([left.exit, left.err.split('(connection-refused)').length - 1]).toEqual([4, 1]);
    await nothingWritten();
  });

  test('going on without a look makes no zone', async () => {
    const typed = ['skip', 'db.example.com', ''].join('\n');
    const { exit } = await play([...flags, '--yes'], { zone, tools, typed });
    expect(exit).toBe(0);
    expect(await written('named.conf.source-dns-key')).not.toContain('type primary');
    expect(await written('named.conf.source-dns-key-zone')).toContain('grant source-dns-key name');
  });
});

describe('the account', () => {
  test('the default host part is our own address, and not every address', async () => {
    const all = ['--new-account', ...flags, '--yes'];
    const own = await play(all, { tools: { greet: greet('::ffff:10.0.0.7') } });
    expect([own.exit, own.err.includes("'source_dns'@'10.0.0.7'")]).toEqual([4, true]);
    expect(await written('grants.sql')).not.toContain("@'%'");
  });

  test('by loopback the address is not known: it must be given', async () => {
    const { exit, err } = await play(['--new-account', ...flags, '--yes'], {
      tools: { greet: greet('127.0.0.1') },
    });
    expect(err).toContain('add --account-host');
    expect(exit).toBe(2);
    await nothingWritten();
  });

  test('a refusal names grants.sql and no statement, and the end says what was written', async () => {
    const typed = ['', '', ''].join('\n');
    const world = { passwords: [], tools: { greet: greet('10.0.0.7') } };
    const first = await play(['--new-account', ...flags, '--yes'], { ...world, typed });
    expect(first.err).toContain(`Run ${join(folder, 'source-dns', 'grants.sql')} on the source`);
    expect(first.err).toContain('Only mysql.password and grants.sql were written.');
    expect(first.err).not.toMatch(/Nothing was written|for every product/);
    const again = await play([...flags, '--yes'], world);
    expect(again.exit).toBe(4);
    expect(again.err).toContain('mysql.password and grants.sql are from an earlier run.');
    expect(await readFile(join(folder, 'source-dns', 'grants.sql'), 'utf8')).toContain('10.0.0.7');
  });
});

test('a refused account that exists gets no statement for another product', async () => {
  const { err, exit } = await play([...flags, '--yes'], { passwords: [], tools });
  expect(exit).toBe(4);
  expect(err).toContain('run init with --new-account');
  expect(err).not.toContain('for every product');
});

test('a mistyped server is tried at once, and asked again', async () => {
  const world = {
    typed: ['shop', 'bd1.example.com', 'db1.example.com', ''].join('\n'),
    tools: {
      greet: async (name: string) =>
        name.startsWith('bd1') ? ({ kind: 'failed', why: 'ENOTFOUND' } as const) : greet('10.0.0.7')(),
    },
  };
  const { err } = await play([], world);
  expect(err).toMatch(
    /bd1\.example\.com:3306 cannot be reached: ENOTFOUND\.[\s\S]*db1\.example\.com:3306 is MySQL/,
  );
  expect(err.indexOf('ENOTFOUND')).toBeLessThan(err.indexOf('The MySQL account'));
});

test('it says that the unit starts another program than this one', async () => {
  const { err } = await play([...flags, '--yes'], { tools: { ...tools, started: '/tmp/x/source-dns' } });
  expect(err).toContain('The unit starts /usr/bin/source-dns, and not "/tmp/x/source-dns"');
});

test('each step says on which machine its commands run', async () => {
  const steps = nextSteps(given({ zone: { ...given().zone, exists: false } }), '/x');
  for (const { where, commands } of steps)
    expect(where === 'the nameserver').toBe(
      commands.some((command) => /^(rndc|named-checkconf)/.test(command)),
    );
  const { out } = await play([...flags, '--yes'], {
    tools,
    zone: { ...foundZone, zone: 'example.com.' as Fqdn },
  });
  expect(out).toContain('   On the nameserver:\n     grep ');
  expect(out).toContain('   On this host:\n     ssh ');
});
