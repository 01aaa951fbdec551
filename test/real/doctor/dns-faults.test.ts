/** Tests the doctor on broken nameservers and zones: it finds the fault, and its lines mend it. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Findings } from '../../../src/doctor/check.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { formatTsigKey, generateTsigKey } from '../../../src/lab/servers/tsig-key.ts';
import { type DnsLab, linesAt, mendsOf, startDnsLab, wrongOnes } from './dns-lab.ts';

let lab: DnsLab;
beforeAll(async () => {
  lab = await startDnsLab();
});
afterEach(() => lab.restore());
afterAll(async () => {
  await lab.stop();
  expect(livingProcesses()).toEqual([]);
});

interface Fault {
  /** What exactly is found: the code, and the subject without the lab's ports. */
  readonly found: readonly string[];
  breaks(): Promise<void> | void;
  /** Applies the lines that were printed. */
  mends(found: Findings): Promise<void> | void;
}

const source = 'source.shop.lab.test.';
const replicas = 'replicas.shop.lab.test.';
const ledger = `_source-dns.${source}`;

/** The subject as the table has it: `ns1`, `primary`, `secondary`, `resolver`, or a name. */
function short({ subject }: Pick<Finding, 'subject'>): string {
  if (subject.startsWith('ns1 (')) return 'ns1';
  const ports = {
    primary: lab.bind.primary.port,
    secondary: lab.bind.secondary.port,
    resolver: lab.resolver.port,
  };
  const role = Object.entries(ports).find(([, port]) => subject === `127.0.0.1:${port}`)?.[0];
  return role ?? subject;
}

const seen = ({ findings }: Findings): readonly string[] =>
  findings
    .filter(({ verdict }) => verdict !== 'ok')
    .map((finding) => `${finding.code} ${short(finding)}`)
    .toSorted();

const conf = (find: string | RegExp, replacement: string) =>
  lab.edit('primary', (text) => text.replace(find, () => replacement));
/** Replaces a line of the configuration of source-dns, or puts the line below the field. */
const inConfig = (find: string | RegExp, replacement: string) => {
  const before = lab.config;
  lab.config = before.replace(find, () => replacement);
  expect(lab.config).not.toBe(before);
};
const linesOf = (found: Findings, code: string, where: RegExp) =>
  linesAt(mendsOf(found, code), where).join('\n');
const zone = (...lines: readonly string[]) =>
  lab.nsupdate(`server 127.0.0.1 ${lab.bind.primary.port}`, 'zone lab.test.', ...lines, 'send');
const keyInclude = /include "[^"]*source-dns\.key";/;
const policy = /update-policy \{[^}]*\};/;
const grantsOf = (found: Findings) => linesOf(found, 'right-missing', /update-policy/);

const faults: Readonly<Record<string, Fault>> = {
  'the nameserver does not run': {
    found: ['nameserver-unreachable ns1'],
    breaks: () => lab.bind.primary.stop(),
    mends: async (found) => {
      expect(linesOf(found, 'nameserver-unreachable', /shell/)).toBe('systemctl start named');
      await lab.bind.primary.start();
    },
  },
  'the nameserver has no such key': {
    found: ['tsig-badkey ns1'],
    breaks: () =>
      conf(keyInclude, formatTsigKey(generateTsigKey('source-dns-key-old'))).catch(async () => {
        throw new Error('named did not take it');
      }),
    mends: (found) =>
      conf(/key "source-dns-key-old" \{[^}]*\};/, linesOf(found, 'tsig-badkey', /named.conf/)),
  },
  'the nameserver has the key with another secret': {
    found: ['tsig-badsig ns1'],
    breaks: () => conf(keyInclude, formatTsigKey(generateTsigKey('source-dns-key'))),
    mends: (found) => conf(/key "source-dns-key" \{[^}]*\};/, linesOf(found, 'tsig-badsig', /named.conf/)),
  },
  'the nameserver has the key with another algorithm': {
    found: ['tsig-badkey ns1'],
    breaks: async () => {
      const text = await readFile(lab.bind.keyFile, 'utf8');
      await conf(keyInclude, text.replace('hmac-sha256', 'hmac-sha512'));
    },
    mends: (found) => conf(/key "source-dns-key" \{[^}]*\};/, linesOf(found, 'tsig-badkey', /named.conf/)),
  },
  'our clock is beyond the fudge': {
    found: ['tsig-badtime ns1'],
    breaks: () => {
      lab.clockOff = -1000;
    },
    mends: (found) => {
      expect(linesOf(found, 'tsig-badtime', /shell/)).toBe('timedatectl set-ntp true');
      lab.clockOff = 0;
    },
  },
  'our clock is a third of the fudge off': {
    found: ['clock-apart ns1'],
    breaks: () => {
      lab.clockOff = 12;
    },
    mends: (found) => {
      expect(linesOf(found, 'clock-apart', /shell/)).toBe('timedatectl set-ntp true');
      lab.clockOff = 0;
    },
  },
  'the policy forgets the ledger and one name': {
    found: [`right-missing ${source}`],
    breaks: () =>
      conf(
        policy,
        'update-policy { grant admin zonesub ANY; grant source-dns-key name source.shop.lab.test A AAAA; };',
      ),
    mends: (found) => conf('grant admin zonesub ANY;', `grant admin zonesub ANY; ${grantsOf(found)}`),
  },
  'a deny stands above the grant': {
    found: [`right-missing ${source}`],
    breaks: () =>
      conf(
        'grant admin zonesub ANY;',
        'grant admin zonesub ANY; deny source-dns-key name source.shop.lab.test AAAA;',
      ),
    mends: (found) => conf('deny source-dns-key', `${grantsOf(found)} deny source-dns-key`),
  },
  'the policy is `local`, for nsupdate -l': {
    found: [`zone-closed ${source}`],
    breaks: () => conf(policy, ''),
    mends: (found) =>
      conf(
        'max-journal-size',
        `${linesOf(found, 'zone-closed', /named.conf/).replace('{', '{ grant admin zonesub ANY;')}\nmax-journal-size`,
      ),
  },
  'the zone is frozen': {
    found: [`zone-closed ${source}`],
    breaks: () => lab.rndc('primary', 'freeze', 'lab.test'),
    mends: (found) =>
      lab.rndc(
        'primary',
        ...linesOf(found, 'zone-closed', /frozen/)
          .split(' ')
          .slice(1),
      ),
  },
  'the name is no host name, and the nameserver checks names': {
    found: ['names-checked sou_rce.shop.lab.test.'],
    breaks: async () => {
      await conf('grant admin zonesub ANY;', 'grant admin zonesub ANY; grant source-dns-key zonesub ANY;');
      inConfig(`name: ${source}`, 'name: sou_rce.shop.lab.test.');
    },
    mends: (found) => conf('max-journal-size', `${linesOf(found, 'names-checked', /zone/)} max-journal-size`),
  },
  'somebody else keeps the name': {
    found: [`foreign-rrset ${source}`],
    breaks: () => zone(`update delete ${ledger} TXT`),
    mends: (found) =>
      inConfig('nameserver: ns1\n', `nameserver: ns1\n      ${linesOf(found, 'foreign-rrset', /publish/)}\n`),
  },
  'the cluster was renamed': {
    found: [`foreign-ledger ${source}`],
    breaks: () => inConfig('  shop:', '  store:'),
    mends: (found) => inConfig('store:', linesOf(found, 'foreign-ledger', /store:/)),
  },
  'an alias is at the name of the replicas': {
    found: [`alias-in-the-way ${replicas}`],
    breaks: () => zone(`update add ${replicas} 60 CNAME elsewhere.example.com.`),
    mends: (found) => lab.nsupdate(...linesAt(mendsOf(found, 'alias-in-the-way'), /nsupdate/)),
  },
  'a wildcard answers for the replicas': {
    found: [`wildcard ${replicas}`],
    breaks: () =>
      zone(
        'update add *.lab.test. 60 A 192.0.2.99',
        'update add x.y.lab.test. 60 A 192.0.2.98',
        'update add *.shop.lab.test. 60 A 192.0.2.97',
      ),
    mends: async (found) => {
      await lab.nsupdate(...linesAt(mendsOf(found, 'wildcard'), /nsupdate/));
      await zone('update delete *.lab.test. A', 'update delete x.y.lab.test. A');
    },
  },
  'somebody added a TXT record to the ledger': {
    found: [`ledger-unreadable ${ledger}`],
    breaks: () => zone(`update add ${ledger} 5 TXT "v=spf1 -all" "a \\"b\\\\"`),
    mends: (found) => lab.nsupdate(...linesAt(mendsOf(found, 'ledger-unreadable'), /nsupdate/)),
  },
  'the zone was restored from an old file': {
    found: [`ledger-behind ${ledger}`],
    breaks: async () => {
      const entry = {
        at: '2026-11-22T11:30:00.123Z',
        cluster: 'shop',
        nameserver: 'ns1',
        kind: 'moved-elsewhere',
        epoch: 8,
      };
      const more = { source: 'db2.example.com:3306', uuid: 'b', by: 'watcher-2', why: 'failover' };
      await mkdir(join(lab.bind.folder, 'state'), { recursive: true, mode: 0o750 });
      await writeFile(
        join(lab.bind.folder, 'state', 'history.jsonl'),
        `${JSON.stringify({ ...entry, ...more })}\n`,
      );
    },
    mends: async (found) => {
      expect(linesOf(found, 'ledger-behind', /shell/)).toBe('source-dns follow shop db2.example.com:3306');
      await rm(join(lab.bind.folder, 'state'), { recursive: true });
    },
  },
  'the nameserver cuts the TTL': {
    found: [`ttl-altered ${source}`],
    breaks: async () => {
      await conf('max-journal-size', 'max-zone-ttl 60; max-journal-size');
      await zone(`update delete ${source} A`, `update add ${source} 3 A 192.0.2.1`);
    },
    mends: (found) =>
      inConfig(`name: ${source}, ttl: 5`, `name: ${source}, ${linesOf(found, 'ttl-altered', /source/)}`),
  },
  'the SOA has the timers of a zone that never changes': {
    found: ['negative-ttl-long lab.test.', 'refresh-long lab.test.'],
    breaks: () =>
      zone('update add lab.test. 60 SOA ns1.lab.test. hostmaster.lab.test. 2000000000 3600 900 604800 3600'),
    mends: async (found) => {
      await lab.rndc('primary', 'freeze', 'lab.test');
      const file = join(lab.bind.primary.folder, 'lab.test.db');
      const text = await readFile(file, 'utf8');
      const line = linesOf(found, 'refresh-long', /zone file/);
      expect(linesOf(found, 'negative-ttl-long', /zone file/)).toBe(line);
      await writeFile(file, text.replace(/^.*\sIN SOA\s[^)]*\)/m, line));
      await lab.rndc('primary', 'thaw', 'lab.test');
    },
  },
  'a secondary does not run': {
    found: ['secondary-unreachable secondary'],
    breaks: () => lab.bind.secondary.stop(),
    mends: async (found) => {
      expect(linesOf(found, 'secondary-unreachable', /shell/)).toBe('systemctl start named');
      await lab.bind.secondary.start();
    },
  },
  'a secondary does not serve the zone': {
    found: ['secondary-lame secondary'],
    breaks: () =>
      lab.edit('secondary', (text) => text.replace(/zone "lab\.test" \{[\s\S]*?\n\};/, '// no zone')),
    mends: async (found) => {
      const mends = mendsOf(found, 'secondary-lame');
      await conf(
        'allow-transfer { key transfer-key; };',
        `allow-transfer { key transfer-key; ${linesAt(mends, /allow-transfer/)} };`,
      );
      await lab.edit('secondary', (text) =>
        text.replace('// no zone', linesAt(mends, /it shall serve/).join('\n')),
      );
      await lab.bind.secondary.awaitSerial(1, 10_000);
    },
  },
  'a secondary gets no NOTIFY': {
    found: ['secondary-behind secondary'],
    breaks: async () => {
      await conf(/notify explicit;\s*also-notify \{[^}]*\};/, 'notify no;');
      await zone('update add later.lab.test. 60 A 192.0.2.50');
    },
    mends: async (found) => {
      const mends = mendsOf(found, 'secondary-behind');
      await conf('notify no;', `notify explicit; ${linesAt(mends, /primary server/)[0]}`);
      await lab.rndc('secondary', ...linesAt(mends, /shell/)[0]!.split(' ').slice(1));
      const serial = await lab.bind.primary.awaitSerial(1, 5000);
      await lab.bind.secondary.awaitSerial(serial, 10_000);
    },
  },
  'a nameserver of the NS RRset has no address': {
    found: ['nameserver-not-found ns3.lab.test.'],
    breaks: async () => {
      inConfig(/ {4}verify: .*\n/, '');
      await zone('update add lab.test. 60 NS ns3.lab.test.');
    },
    mends: async (found) => {
      inConfig(
        '    timeout: 1s',
        `    timeout: 1s\n    ${linesOf(found, 'nameserver-not-found', /nameservers, ns1/)}`,
      );
    },
  },
  'a nameserver of the NS RRset is not in the verify list': {
    found: ['ns-not-verified ns1'],
    breaks: async () => {
      await zone('update add ns4.lab.test. 60 A 127.0.0.2', 'update add lab.test. 60 NS ns4.lab.test.');
    },
    mends: async (found) => {
      const line = linesOf(found, 'ns-not-verified', /nameservers, ns1/);
      expect(line).toContain('"127.0.0.2:53"]');
      inConfig(/verify: .*/, line);
      // Nobody listens there: that is the next fault. Take it out of the NS RRset.
      const next = await lab.check();
      expect(wrongOnes(next)).toEqual(['secondary-unreachable 127.0.0.2:53']);
      inConfig(', "127.0.0.2:53"', '');
      await zone('update delete ns4.lab.test.', 'update delete lab.test. NS ns4.lab.test.');
    },
  },
  'everybody may copy the zone': {
    found: ['transfer-open ns1'],
    breaks: () => conf('allow-transfer { key transfer-key; };', 'allow-transfer { any; };'),
    mends: (found) => conf('allow-transfer { any; };', linesOf(found, 'transfer-open', /named.conf/)),
  },
  'only the key may query the zone': {
    found: ['differs-by-key ns1', 'secondary-lame primary'],
    breaks: () =>
      conf('max-journal-size', 'allow-query { key source-dns-key; key admin; }; max-journal-size'),
    mends: (found) =>
      conf(
        'allow-query { key source-dns-key; key admin; };',
        linesOf(found, 'differs-by-key', /allow-query/),
      ),
  },
  'publish.zone names another zone': {
    found: [`zone-not-served ${source}`],
    breaks: () => inConfig('      source:', '      zone: shop.lab.test.\n      source:'),
    mends: (found) => inConfig('zone: shop.lab.test.', linesOf(found, 'zone-not-served', /publish/)),
  },
  'the SOA names another primary server': {
    found: ['not-the-primary ns1'],
    breaks: () =>
      zone(
        'update add ns9.lab.test. 60 A 192.0.2.9',
        'update add lab.test. 60 SOA ns9.lab.test. hostmaster.lab.test. 2100000000 10 2 604800 1',
      ),
    mends: async (found) => {
      expect(linesOf(found, 'not-the-primary', /nameservers, ns1/)).toBe('address: 192.0.2.9');
      await zone(
        'update add lab.test. 60 SOA ns1.lab.test. hostmaster.lab.test. 2100000009 10 2 604800 1',
        'update delete ns9.lab.test.',
      );
    },
  },
  'the names are in a zone that is delegated': {
    found: [`delegated ${source}`],
    breaks: () =>
      zone(
        'update add shop.lab.test. 60 NS ns.shop.lab.test.',
        'update add ns.shop.lab.test. 60 A 192.0.2.53',
      ),
    mends: async (found) => {
      expect(linesOf(found, 'delegated', /nameservers, ns1/)).toBe('address: 192.0.2.53');
      await zone('update delete shop.lab.test. NS', 'update delete ns.shop.lab.test. A');
    },
  },
  'the TTL is long': {
    found: [`ttl-long ${source}`],
    breaks: () => inConfig(`name: ${source}, ttl: 5`, `name: ${source}, ttl: 300`),
    mends: (found) => inConfig('ttl: 300', linesOf(found, 'ttl-long', /publish, source/)),
  },
  'a resolver keeps answers longer than their TTL': {
    found: ['resolver-ttl resolver'],
    breaks: () =>
      lab.edit('resolver', (text) => text.replace('recursion yes;', 'recursion yes; min-cache-ttl 30;')),
    mends: async (found) => {
      await lab.edit('resolver', (text) =>
        text.replace('min-cache-ttl 30;', linesOf(found, 'resolver-ttl', /BIND/)),
      );
      await lab.rndc('resolver', 'flush');
    },
  },
  'a resolver does not run': {
    found: ['resolver-unreachable resolver'],
    breaks: () => lab.resolver.stop(),
    mends: () => lab.resolver.start(),
  },
};

test('a healthy zone has no fault, and the resolver of this host counts as well', async () => {
  lab.hostResolvers = [`127.0.0.1:${lab.resolver.port}`];
  expect(seen(await lab.check())).toEqual([]);
});

test.each(Object.entries(faults))('%s: the doctor finds it, and its lines mend it', async (_title, fault) => {
  await fault.breaks();
  const found = await lab.check();
  expect(seen(found)).toEqual(fault.found.toSorted());
  await fault.mends(found);
  expect(seen(await lab.check())).toEqual([]);
});
