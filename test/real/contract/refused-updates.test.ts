/**
 * Tests what we report of an update that a real nameserver refused: which RRset, and the statement that would
 * let it in. The statement is then tried.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Failure } from '../../../src/core/model/observation.ts';
import type { Fqdn } from '../../../src/core/model/units.ts';
import type { Rrset, UpdatePlan } from '../../../src/core/model/zone.ts';
import type { DnsClient } from '../../../src/dns/client/dns-client.ts';
import { findFreePort } from '../../../src/lab/host/free-ports.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { formatTsigKey, generateTsigKey } from '../../../src/lab/servers/tsig-key.ts';
import type { ForeignNameserver } from '../../support/servers/foreign-nameserver.ts';
import { startKnot } from '../../support/servers/knot-fixture.ts';
import { type NamedFixture, startNamed } from '../../support/servers/named-fixture.ts';
import { byVersion, everyKnot, everyPowerdns } from '../../support/servers/nameservers.ts';
import { startPowerdns } from '../../support/servers/powerdns-fixture.ts';
import { until } from '../lab/probing.ts';
import { soon } from './contract-run.ts';
import { openClient } from './open-client.ts';

/** One zone for each case; `one` is our key. */
const policies = {
  'a-only.test': 'grant one name source.a-only.test A;',
  'no-srv.test': 'grant one name source.no-srv.test; grant one name _source-dns.source.no-srv.test;',
  'selfsub.test': 'grant one selfsub one ANY;',
  'self.test': 'grant one self one ANY;',
  'other-key.test': 'grant two zonesub ANY;',
  'session.test': 'grant local-ddns zonesub ANY;',
  'deny-first.test': 'deny one name source.deny-first.test A; grant one zonesub ANY;',
  'deny-all-first.test': 'deny * zonesub ANY; grant one zonesub ANY;',
  'wildcard.test': 'grant one wildcard *.source.wildcard.test ANY;',
  'parent.test': 'grant one name parent.test ANY; grant one name _source-dns.parent.test TXT;',
  'tcp-self.test': 'grant * tcp-self . PTR;',
  'krb5.test': 'grant EXAMPLE.COM krb5-self . A;',
  'capitals.test':
    'grant ONE. name SOURCE.CAPITALS.TEST. A; grant one. name _source-dns.source.capitals.test. TXT;',
} as const;

type ZoneName = keyof typeof policies;

const zoneText = (zone: string, statements: string): string =>
  `zone "${zone}" { type primary; file "@folder@/${zone}.db"; ${statements} };`;
const statementsOf = (first: Readonly<Record<string, string>> = {}): string =>
  Object.entries(policies)
    .map(([zone, policy]) => zoneText(zone, `update-policy { ${first[zone] ?? ''} ${policy} };`))
    .join('\n');

const others = {
  'static.test': '',
  'acl.test': 'allow-update { key two; };',
  'frozen.test': 'update-policy { grant one zonesub ANY; };',
  'queries.test': 'allow-query { key two; }; update-policy { grant one zonesub ANY; };',
  'names.test': 'update-policy { grant one zonesub ANY; };',
  'names-unchecked.test': 'check-names ignore; update-policy { grant one zonesub ANY; };',
  'hidden.test': '',
} as const;

const name = (zone: string, label = 'source') => `${label}.${zone}.` as Fqdn;

/** The first publication of a name with an SRV RRset. */
function planFor(zone: string, label?: string): UpdatePlan {
  const source = name(zone, label);
  const rrsets: readonly Rrset[] = [
    { name: source, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.1'] },
    {
      name: `_mysql._tcp.${source}` as Fqdn,
      type: 'SRV',
      ttlSeconds: 5,
      rdata: [{ priority: 0, weight: 0, port: 3306, target: source }],
    },
    { name: `_source-dns.${source}` as Fqdn, type: 'TXT', ttlSeconds: 5, rdata: [['v=1']] },
  ];
  return {
    zone: `${zone}.` as Fqdn,
    prerequisites: [],
    changes: rrsets.map((rrset) => ({ kind: 'add-rrset', rrset })),
  };
}

const send = (client: DnsClient, plan: UpdatePlan) =>
  client.update({ plan, notAfter: soon(), deadline: soon() });

/** The refusal, and what is found out then. */
async function refusal(client: DnsClient, plan: UpdatePlan): Promise<Failure> {
  const outcome = await send(client, plan);
  if (outcome.kind !== 'refused') throw new Error(JSON.stringify(outcome));
  expect(outcome.failure.code).toBe('update-refused');
  return client.inspectRefusal({ plan, failure: outcome.failure, deadline: soon() });
}

const grantsOf = ({ hint = '' }: Failure): string => (hint.match(/grant [^;]+;/g) ?? []).join(' ');

describe('BIND', () => {
  let named: NamedFixture;
  let controlPort: number;
  const clients: DnsClient[] = [];
  const control = () =>
    `controls { inet 127.0.0.1 port ${controlPort} allow { 127.0.0.1; } keys { one; }; };`;
  const otherZones = Object.entries(others).map(([zone, statements]) => zoneText(zone, statements));
  const lab = zoneText('lab.test', '');
  const all = (first?: Readonly<Record<string, string>>) =>
    [control(), lab, statementsOf(first), ...otherZones].join('\n');

  beforeAll(async () => {
    controlPort = await findFreePort(['127.0.0.1'], {});
    named = await startNamed(all(), { zones: [...Object.keys(policies), ...Object.keys(others)] });
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await named.stop();
    expect(livingProcesses()).toEqual([]);
  });

  const open = async (
    via: 'rfc2136' | 'nsupdate' = 'rfc2136',
    nsupdateCommand = [named.programs.nsupdate],
  ): Promise<DnsClient> => {
    const client = await openClient(named.named, {
      via,
      keyText: named.keyText(named.keys.one),
      timeoutMs: 2000,
      nsupdateCommand,
    });
    clients.push(client);
    return client;
  };
  const rndc = (...args: readonly string[]) =>
    execa(
      named.programs.rndc,
      ['-s', '127.0.0.1', '-p', `${controlPort}`, '-k', `${named.named.folder}/one.key`, ...args],
      {
        timeout: 20_000,
      },
    );

  const srv = (zone: string) => `_mysql._tcp.source.${zone}. SRV`;
  const txt = (zone: string) => `_source-dns.source.${zone}. TXT`;
  const a = (zone: string) => `source.${zone}. A`;
  const every = (zone: string) => [a(zone), srv(zone), txt(zone)];
  const denied: Readonly<Record<ZoneName, readonly string[]>> = {
    'a-only.test': [srv('a-only.test'), txt('a-only.test')],
    'no-srv.test': [srv('no-srv.test')],
    'selfsub.test': every('selfsub.test'),
    'self.test': every('self.test'),
    'other-key.test': every('other-key.test'),
    'session.test': every('session.test'),
    'deny-first.test': [a('deny-first.test')],
    'deny-all-first.test': every('deny-all-first.test'),
    'wildcard.test': [a('wildcard.test')],
    'parent.test': every('parent.test'),
    'tcp-self.test': every('tcp-self.test'),
    'krb5.test': every('krb5.test'),
    'capitals.test': [srv('capitals.test')],
  };

  test.each(['rfc2136', 'nsupdate'] as const)(
    'by %s: the report names the RRsets that a policy denies, and the proposed lines let the update in',
    async (via) => {
      await named.restart(all());
      const client = await open(via);
      const proposed: Record<string, string> = {};
      for (const [zone, rrsets] of Object.entries(denied)) {
        const found = await refusal(client, planFor(zone));
        expect(found.message, zone).toContain(`refuses to let the key one change ${rrsets.join(', ')}. `);
        proposed[zone] = grantsOf(found);
      }
      expect(proposed['a-only.test']).toBe(
        'grant one name _mysql._tcp.source.a-only.test SRV; grant one name _source-dns.source.a-only.test TXT;',
      );
      if (via === 'nsupdate') return;
      await named.restart(all(proposed));
      for (const zone of Object.keys(policies))
        expect([zone, await send(client, planFor(zone))]).toEqual([zone, { kind: 'applied' }]);
    },
  );

  test('a zone that takes no update is reported as static, as an ACL without the key, or as frozen; the proposed statement lets the update in', async () => {
    const client = await open();
    expect(await send(client, planFor('frozen.test'))).toEqual({ kind: 'applied' });
    await rndc('freeze', 'frozen.test');
    const found: Record<string, Failure> = {};
    for (const zone of ['static.test', 'acl.test', 'frozen.test']) {
      found[zone] = await refusal(client, planFor(zone));
      expect(found[zone]!.message).toMatch(
        new RegExp(`takes no update of ${zone}. from the key one, not even one that changes nothing.$`),
      );
      expect(found[zone]!.hint).toContain(`rndc thaw ${zone}`);
    }
    await rndc('thaw', 'frozen.test');
    // named answers `thaw` before it has loaded the zone.
    await until(
      () => send(client, planFor('frozen.test')),
      ({ kind }) => kind === 'applied',
    );
    const policy = /update-policy \{ .* \};/.exec(found['static.test']!.hint!)![0];
    await named.restart([control(), lab, zoneText('static.test', policy)].join('\n'));
    expect(await send(client, planFor('static.test'))).toEqual({ kind: 'applied' });
    await named.restart(all());
  });

  test('allow-query without the key is told from the policy', async () => {
    const found = await refusal(await open(), planFor('queries.test'));
    expect(found).toMatchObject({
      code: 'update-refused',
      message: expect.stringContaining('may not query it'),
      hint: expect.stringContaining('allow-query'),
    });
  });

  test('the check of names refuses a name that no host may have, and the proposed statement lets it in', async () => {
    const client = await open();
    for (const found of [
      await refusal(client, planFor('names.test', 'sou_rce')),
      await refusal(client, {
        ...planFor('names.test', 'sou_rce'),
        changes: planFor('names.test', 'sou_rce').changes.slice(1),
      }),
    ]) {
      expect(found.message).toMatch(/is not a host name .*, and the nameserver checks names\.$/);
      expect(found.hint).toContain('check-names ignore;');
    }
    expect(await send(client, planFor('names-unchecked.test', 'sou_rce'))).toEqual({ kind: 'applied' });
  });

  test('nsupdate leaves the check of names to the nameserver; an older nsupdate has no check, and does not know the command', async () => {
    expect(await send(await open('nsupdate'), planFor('names-unchecked.test', 'by_nsupdate'))).toEqual({
      kind: 'applied',
    });
    const older = join(named.named.folder, 'older-nsupdate');
    // The old nsupdate stops at the unknown line; otherwise this is the real nsupdate, without its check.
    const lines = [
      '#!/bin/sh',
      'input=$(cat)',
      'case "$input" in *check-names*) echo "incorrect section name: check-names" >&2; echo "syntax error" >&2; exit 1;; esac',
      `{ echo "check-names off"; echo "$input"; } | ${named.programs.nsupdate} "$@"`,
    ];
    await writeFile(older, lines.join('\n'), { mode: 0o700 });
    expect(await send(await open('nsupdate', [older]), planFor('names-unchecked.test', 'by_older'))).toEqual({
      kind: 'applied',
    });
  });

  test('a right that depends on the time of the question is reported as such', async () => {
    const client = await open();
    await rndc('freeze', 'frozen.test');
    const outcome = await send(client, planFor('frozen.test'));
    await rndc('thaw', 'frozen.test');
    if (outcome.kind !== 'refused') throw new Error(outcome.kind);
    const found = await client.inspectRefusal({
      plan: planFor('frozen.test'),
      failure: outcome.failure,
      deadline: soon(),
    });
    expect(found.message).toMatch(
      /When source-dns asked again right after, the nameserver refused none of them\.$/,
    );
  });

  test('an inspection leaves no trace, and an inspection without an answer changes no word', async () => {
    const client = await open();
    const before = await client.inspection.soa('a-only.test.' as Fqdn, soon());
    await refusal(client, planFor('a-only.test'));
    const after = await client.inspection.soa('a-only.test.' as Fqdn, soon());
    expect(after).toMatchObject({ soa: (before as { soa: object }).soa });
    const failure: Failure = { code: 'update-refused', message: 'It said no.' };
    await named.named.suspend();
    expect(
      await client.inspectRefusal({ plan: planFor('a-only.test'), failure, deadline: soon(300) }),
    ).toEqual(failure);
    named.named.resume();
  });
});

test('a secondary server instead of the primary is reported with the name of the primary', async () => {
  const primary = await startNamed(
    'zone "lab.test" { type primary; file "@folder@/lab.test.db"; update-policy { grant one zonesub ANY; }; allow-transfer { any; }; };',
  );
  const openOf = ({ named, keys, keyText }: NamedFixture): Promise<DnsClient> =>
    openClient(named, { keyText: keyText(keys.one), timeoutMs: 2000 });
  const there = await openOf(primary);
  const ns1 = { name: 'ns1.lab.test.' as Fqdn, type: 'A', ttlSeconds: 60, rdata: ['192.0.2.7'] } as const;
  const changes = [
    { kind: 'delete-rrset', name: ns1.name, type: 'A' } as const,
    { kind: 'add-rrset', rrset: ns1 } as const,
  ];
  expect(await send(there, { zone: 'lab.test.' as Fqdn, prerequisites: [], changes })).toEqual({
    kind: 'applied',
  });
  const secondary = await startNamed(
    `zone "lab.test" { type secondary; file "@folder@/copy.db"; primaries { 127.0.0.1 port ${primary.named.port}; }; };`,
  );
  const here = await openOf(secondary);
  const found = await refusal(here, { ...planFor('shop.lab.test'), zone: 'lab.test.' as Fqdn });
  expect(found.message).toMatch(
    / takes no update of lab\.test\. .*\. The zone's SOA names another primary server: ns1\.lab\.test\. \(192\.0\.2\.7\)\.$/,
  );
  expect(found.hint).toMatch(
    /^If this nameserver is a secondary server, set the nameserver's address to the primary server\./,
  );
  await Promise.all([there.close(), here.close()]);
  await Promise.all([primary.stop(), secondary.stop()]);
});

const [knots, powerdnses] = await Promise.all([everyKnot(), everyPowerdns()]);

/** These nameservers do not sign a refusal: nothing is proven, but the words fit a server that answers so. */
describe('other nameservers', () => {
  const openForeign = async (nameserver: ForeignNameserver): Promise<DnsClient> => {
    const keyText = formatTsigKey(nameserver.key);
    const client = await openClient(nameserver, { keyText, timeoutMs: 1000 });
    // As the service does: the answer to a question tells what the refusal means.
    await client.read({
      questions: [{ name: 'source.shop.lab.test.' as Fqdn, type: 'A' }],
      deadline: soon(),
    });
    return client;
  };
  /** The ledger of another cluster beside an address of ours. */
  const plan: UpdatePlan = {
    zone: 'lab.test.' as Fqdn,
    prerequisites: [],
    changes: [
      {
        kind: 'add-rrset',
        rrset: { name: 'source.shop.lab.test.' as Fqdn, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.1'] },
      },
      {
        kind: 'add-rrset',
        rrset: {
          name: '_source-dns.source.blog.lab.test.' as Fqdn,
          type: 'TXT',
          ttlSeconds: 5,
          rdata: [['v=1']],
        },
      },
    ],
  };

  test.each(byVersion(knots))(
    'Knot %s: the report names the RRset, and the proposed acl lets the update in',
    async (_version, programs) => {
      const knot = await startKnot(programs, ['shop']);
      const client = await openForeign(knot);
      const outcome = await send(client, plan);
      if (outcome.kind !== 'unknown') throw new Error(outcome.kind);
      const found = await client.inspectRefusal({ plan, failure: outcome.failure, deadline: soon() });
      await client.close();
      await knot.stop();
      expect(found.message).toContain(
        'change _source-dns.source.blog.lab.test. TXT. The rest of the update is granted.',
      );
      const acl = /key: .*/.exec(found.hint ?? '')?.[0].split('; ');
      const granted = await startKnot(programs, ['shop'], acl === undefined ? {} : { acl });
      const again = await openForeign(granted);
      expect(await send(again, plan)).toEqual({ kind: 'applied' });
      await again.close();
      await granted.stop();
    },
  );

  test.each(byVersion(powerdnses))(
    'PowerDNS %s: the report says how to allow the key',
    async (_version, programs) => {
      const powerdns = await startPowerdns(programs, ['shop'], { closed: true });
      const client = await openForeign(powerdns);
      const outcome = await send(client, plan);
      if (outcome.kind === 'applied') throw new Error(outcome.kind);
      const found = await client.inspectRefusal({ plan, failure: outcome.failure, deadline: soon() });
      await client.close();
      await powerdns.stop();
      expect(found.hint).toContain('pdnsutil set-meta lab.test TSIG-ALLOW-DNSUPDATE source-dns-key');
    },
  );

  test.each(byVersion(powerdnses))(
    'PowerDNS %s: the report of a key with another secret names the secret, not the rights',
    async (_version, programs) => {
      const powerdns = await startPowerdns(programs, ['shop']);
      const client = await openForeign({ ...powerdns, key: generateTsigKey('source-dns-key') });
      const outcome = await send(client, plan);
      await client.close();
      await powerdns.stop();
      expect(outcome).toMatchObject({
        kind: 'unknown',
        failure: { code: 'tsig-badkey', message: expect.stringContaining('another secret') },
      });
    },
  );
});
