/** Tests the doctor on views, on other nameservers, and on nameservers that cannot be used. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import type { Findings } from '../../../src/doctor/check.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { formatTsigKey, type TsigKey } from '../../../src/lab/servers/tsig-key.ts';
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
  /** Further settings of the nameserver. */
  readonly more?: string;
}

async function examineAt({ port, key, cluster = 'shop', more = '' }: At): Promise<Findings> {
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
  ns1: { address: 127.0.0.1, port: ${port}, key_file: ${keyFile}, timeout: 1s${more} }
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
