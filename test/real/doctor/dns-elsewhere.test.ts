/** Tests the doctor on views, on other nameservers, and on nameservers that cannot be used. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { parseKeyFile } from '../../../src/dns/key/keyfile.ts';
import type { Findings } from '../../../src/doctor/check.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { formatTsigKey, generateTsigKey, type TsigKey } from '../../../src/lab/servers/tsig-key.ts';
import {
  answerTo,
  questionOf,
  rr,
  signAnswer,
  soaRdata,
  startFakeNameserver,
  wire,
} from '../../support/fake-nameserver.ts';
import { startKnot } from '../../support/servers/knot-fixture.ts';
import { type NamedFixture, startNamed } from '../../support/servers/named-fixture.ts';
import { everyKnot, everyPowerdns } from '../../support/servers/nameservers.ts';
import { startPowerdns } from '../../support/servers/powerdns-fixture.ts';
import { examine } from './dns-examine.ts';
import { linesAt, linesOf, mendsOf } from './dns-hands.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-dns-doctor-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
afterAll(() => expect(livingProcesses()).toEqual([]));

interface At {
  readonly port: number;
  readonly key: TsigKey;
  readonly cluster?: string;
  readonly address?: string;
}

async function examineAt({ port, key, cluster = 'shop', address = '127.0.0.1' }: At): Promise<Findings> {
  const keyFile = join(folder, `${key.name}.key`);
  await writeFile(keyFile, formatTsigKey(key), { mode: 0o600 });
  const text = `
state_dir: ${folder}/state
clusters:
  ${cluster}:
    servers: [db1.example.com]
    mysql: { user: source_dns, password: unused }
    publish: { nameserver: ns1, source: { name: source.${cluster}.lab.test., ttl: 5 } }
nameservers:
  ns1: { address: ${address}, port: ${port}, key_file: ${keyFile}, timeout: 1s }
`;
  return examine({ folder, text });
}

const codes = ({ findings }: Findings): readonly string[] =>
  findings.filter(({ verdict }) => verdict !== 'ok').map(({ code }) => code);

test('the key selects another view: the doctor finds it, and its lines mend it', async () => {
  const zone = (file: string) =>
    `zone "lab.test" { type primary; file "@folder@/${file}"; update-policy { grant one zonesub ANY; }; };`;
  const views = (inside: string, outside: string) =>
    `view "inside" { match-clients { ${inside} }; ${zone('lab.test.two.db')} };
     view "outside" { match-clients { ${outside} }; ${zone('lab.test.db')} };`;
  const fixture = await startNamed(views('key one;', 'any;'));
  const { named, keys, restart, stop } = fixture;
  try {
    await changeZone(fixture, 'update add beside.lab.test. 60 A 192.0.2.1');
    const found = await examineAt({ port: named.port, key: keys.one });
    expect(codes(found)).toEqual(['differs-by-key']);
    const mends = mendsOf(found, 'differs-by-key');
    const [seen, other] = [linesAt(mends, /applications see/), linesAt(mends, /every other view/)];
    await restart(views(`${other} key one;`, `${seen} any;`));
    expect(codes(await examineAt({ port: named.port, key: keys.one }))).toEqual([]);
  } finally {
    await stop();
  }
});

async function changeZone({ named, programs }: NamedFixture, ...lines: readonly string[]): Promise<void> {
  const input = [`server 127.0.0.1 ${named.port}`, 'zone lab.test.', ...lines, 'send', ''].join('\n');
  await execa(programs.nsupdate, ['-k', join(named.folder, 'one.key')], { input, timeout: 20_000 });
}

test('Knot: the doctor finds the missing right, and its acl mends it', async () => {
  const [programs] = (await everyKnot()).slice(-1);
  const knot = await startKnot(programs!, ['shop']);
  const found = await examineAt({ port: knot.port, key: knot.key, cluster: 'blog' });
  await knot.stop();
  expect(codes(found)).toContain('right-missing');
  const acl = linesOf(found, 'right-missing', /knot.conf/).split('\n');
  const granted = await startKnot(programs!, ['shop'], { acl });
  const after = await examineAt({ port: granted.port, key: granted.key, cluster: 'blog' });
  await granted.stop();
  expect(codes(after)).not.toContain('right-missing');
});

test('PowerDNS: the doctor finds a zone that takes no update, and says how to open it', async () => {
  const [programs] = (await everyPowerdns()).slice(-1);
  const closed = await startPowerdns(programs!, ['shop'], { closed: true });
  const found = await examineAt({ port: closed.port, key: closed.key });
  await closed.stop();
  expect(codes(found)).toContain('zone-closed');
  expect(linesOf(found, 'zone-closed', /PowerDNS/)).toBe(
    'pdnsutil set-meta lab.test TSIG-ALLOW-DNSUPDATE source-dns-key',
  );
  const open = await startPowerdns(programs!, ['shop']);
  const after = await examineAt({ port: open.port, key: open.key });
  await open.stop();
  expect(codes(after)).not.toContain('zone-closed');
  expect(after.findings).toContainEqual(expect.objectContaining({ code: 'rights', verdict: 'ok' }));
});

test('a firewall that lets only UDP through is found', async () => {
  const { named, keys, stop } = await startNamed(
    'zone "lab.test" { type primary; file "@folder@/lab.test.db"; update-policy { grant one zonesub ANY; }; };',
  );
  const relay = createSocket('udp4');
  try {
    relay.bind(0, '127.0.0.1');
    await once(relay, 'listening');
    const behind = createSocket('udp4');
    let asker: { readonly address: string; readonly port: number } | undefined;
    relay.on('message', (message, from) => {
      asker = from;
      behind.send(message, named.port, '127.0.0.1');
    });
    behind.on('message', (message) => asker && relay.send(message, asker.port, asker.address));
    const { port } = relay.address() as AddressInfo;
    const found = await examineAt({ port, key: keys.one });
    behind.close();
    expect(codes(found)).toEqual(['tcp-closed']);
    expect(mendsOf(found, 'tcp-closed')).toEqual([
      {
        where: expect.stringContaining('nftables'),
        lines: [`nft insert rule inet filter input tcp dport ${port} accept`],
      },
    ]);
  } finally {
    relay.close();
    await stop();
  }
});

test('a resolver in the place of a nameserver is found, with the primary server that it knows', async () => {
  const policy = 'update-policy { grant one zonesub ANY; };';
  const real = await startNamed(`zone "lab.test" { type primary; file "@folder@/lab.test.db"; ${policy} };`);
  // It must serve a zone to count as started.
  const resolver = await startNamed(
    `view "all" { recursion yes; zone "other.test" { type primary; file "@folder@/other.test.db"; };
     zone "lab.test" { type forward; forward only; forwarders { 127.0.0.1 port ${real.named.port}; }; }; };`,
    { zones: ['other.test'], answersFor: 'other.test' },
  );
  try {
    const found = await examineAt({ port: resolver.named.port, key: real.keys.two });
    expect(codes(found)).toEqual(['is-resolver']);
    expect(linesOf(found, 'is-resolver', /nameservers: ns1/)).toBe('address: 127.0.0.1');
    expect(codes(await examineAt({ port: real.named.port, key: real.keys.one }))).toEqual([]);
  } finally {
    await resolver.stop();
    await real.stop();
  }
});

test('the key selects a view that does not have the zone: the doctor finds it, and its lines mend it', async () => {
  const zone =
    'zone "lab.test" { type primary; file "@folder@/lab.test.db"; update-policy { grant one zonesub ANY; }; };';
  const other = 'zone "other.test" { type primary; file "@folder@/other.test.db"; };';
  const views = (inside: string, outside: string) =>
    `view "inside" { match-clients { ${inside} }; ${other} };
     view "outside" { match-clients { ${outside} }; ${zone} };`;
  const { named, keys, restart, stop } = await startNamed(views('key one;', 'any;'), {
    zones: ['other.test'],
  });
  try {
    const found = await examineAt({ port: named.port, key: keys.one });
    expect(codes(found)).toEqual(['differs-by-key', 'query-refused']);
    const mends = mendsOf(found, 'differs-by-key');
    const [seen, rest] = [linesAt(mends, /applications see/), linesAt(mends, /every other view/)];
    await restart(views(`${rest} key one;`, `${seen} any;`));
    expect(codes(await examineAt({ port: named.port, key: keys.one }))).toEqual([]);
  } finally {
    await stop();
  }
});

test('a zone that BIND could not load is found, below a zone that is loaded', async () => {
  const policy = 'update-policy { grant one zonesub ANY; };';
  const { named, keys, stop } = await startNamed(
    `zone "lab.test" { type primary; file "@folder@/lab.test.db"; ${policy} };
     zone "shop.lab.test" { type primary; file "@folder@/none.db"; ${policy} };`,
  );
  try {
    const found = await examineAt({ port: named.port, key: keys.one });
    expect(codes(found)).toEqual(['servfail']);
    expect(linesOf(found, 'servfail', /shell/)).toBe('named-checkconf -zj');
  } finally {
    await stop();
  }
});

test('a nameserver that ignores prerequisites is found', async () => {
  const fields = generateTsigKey('one');
  const parsed = parseKeyFile(formatTsigKey(fields), 'one.key');
  if (parsed.kind === 'invalid') throw new Error(parsed.failure.message);
  const soa = rr('lab.test.', 6, soaRdata(1));
  const nameserver = await startFakeNameserver((message, reply) => {
    const isUpdate = (message.readUInt16BE(2) & 0x7800) === 0x2800;
    const question = questionOf(message);
    const isApex = question.subarray(0, 10).equals(wire('lab.test.'));
    const isSoa = question.readUInt16BE(question.length - 4) === 6;
    const parts = isUpdate ? {} : isApex && isSoa ? { answers: [soa] } : { authorities: [soa] };
    const answer = answerTo(message, parts);
    const isSigned = message.readUInt16BE(10) > 0;
    const timeSeconds = Math.floor(Date.now() / 1000);
    reply(isSigned ? signAnswer(answer, message, { key: parsed.key, timeSeconds }) : answer);
  });
  const found = await examineAt({ port: nameserver.port, key: fields });
  await nameserver.close();
  expect(codes(found)).toContain('prerequisites-ignored');
});

test('an address without a route says nothing of the zone, and nothing is proposed for the nameserver', async () => {
  const found = await examineAt({ port: 53, key: generateTsigKey('one'), address: '"2001:db8::53"' });
  expect(found.findings).toMatchObject([
    { code: 'nameserver-unreachable', subject: 'ns1 ([2001:db8::53]:53)', verdict: 'unreachable' },
  ]);
});
