/** Faults of nameservers, keys, clocks and resolvers, and the lines that mend them. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { formatTsigKey, generateTsigKey } from '../../../src/lab/servers/tsig-key.ts';
import { type Fault, type Hands, linesAt, linesOf, mendsOf, seen } from './dns-hands.ts';

const keyInclude = /include "[^"]*source-dns\.key";/;

export const serverFaults: Readonly<Record<string, Fault>> = {
  'the nameserver does not run': {
    found: ['nameserver-unreachable ns1'],
    breaks: (on) => on.lab.bind.primary.stop(),
    mends: async (on, found) => {
      expect(linesOf(found, 'nameserver-unreachable', /shell/)).toBe('systemctl start named');
      await on.lab.bind.primary.start();
    },
  },
  'the nameserver has no such key': {
    found: ['tsig-badkey ns1'],
    breaks: (on) => on.conf(keyInclude, formatTsigKey(generateTsigKey('source-dns-key-old'))),
    mends: (on, found) =>
      on.conf(/key "source-dns-key-old" \{[^}]*\};/, linesOf(found, 'tsig-badkey', /named.conf/)),
  },
  'the nameserver has the key with another secret': {
    found: ['tsig-badsig ns1'],
    breaks: (on) => on.conf(keyInclude, formatTsigKey(generateTsigKey('source-dns-key'))),
    mends: (on, found) =>
      on.conf(/key "source-dns-key" \{[^}]*\};/, linesOf(found, 'tsig-badsig', /named.conf/)),
  },
  'the nameserver has the key with another algorithm': {
    found: ['tsig-badkey ns1'],
    breaks: async (on) => {
      const text = await readFile(on.lab.bind.keyFile, 'utf8');
      await on.conf(keyInclude, text.replace('hmac-sha256', 'hmac-sha512'));
    },
    mends: (on, found) =>
      on.conf(/key "source-dns-key" \{[^}]*\};/, linesOf(found, 'tsig-badkey', /named.conf/)),
  },
  'the key file has no key of that name': {
    found: ['key-not-found ns1'],
    breaks: (on) => on.inConfig('    timeout: 1s', '    timeout: 1s\n    key_name: other'),
    mends: (on, found) => {
      expect(mendsOf(found, 'key-not-found')).toEqual([]);
      on.inConfig('    key_name: other\n', '');
    },
  },
  'our clock is beyond the fudge': {
    found: ['tsig-badtime ns1'],
    breaks: (on) => {
      on.lab.clockOff = -1000;
    },
    mends: (on, found) => {
      expect(linesOf(found, 'tsig-badtime', /shell/)).toBe('timedatectl set-ntp true');
      on.lab.clockOff = 0;
    },
  },
  'our clock is a third of the fudge off': {
    found: ['clock-apart ns1'],
    breaks: (on) => {
      on.lab.clockOff = 12;
    },
    mends: (on, found) => {
      expect(linesOf(found, 'clock-apart', /shell/)).toBe('timedatectl set-ntp true');
      on.lab.clockOff = 0;
    },
  },
  'a secondary does not run': {
    found: ['secondary-unreachable secondary'],
    breaks: (on) => on.lab.bind.secondary.stop(),
    mends: async (on, found) => {
      expect(linesOf(found, 'secondary-unreachable', /shell/)).toBe('systemctl start named');
      await on.lab.bind.secondary.start();
    },
  },
  'a secondary does not serve the zone': {
    found: ['secondary-lame secondary'],
    // The secondary has the address of this host, so this host may copy the zone, too.
    left: ['transfer-open ns1'],
    breaks: (on) =>
      on.lab.edit('secondary', (text) => text.replace(/zone "lab\.test" \{[\s\S]*?\n\};/, '// no zone')),
    mends: async (on, found) => {
      const mends = mendsOf(found, 'secondary-lame');
      await on.conf(
        'allow-transfer { key transfer-key; };',
        `allow-transfer { key transfer-key; ${linesAt(mends, /allow-transfer/)} };`,
      );
      await on.lab.edit('secondary', (text) =>
        text.replace('// no zone', linesAt(mends, /another zone/).join('\n')),
      );
      await on.lab.bind.secondary.awaitSerial(1, 10_000);
    },
  },
  'a secondary gets no NOTIFY': {
    found: ['secondary-behind secondary'],
    breaks: async (on) => {
      await on.conf(/notify explicit;\s*also-notify \{[^}]*\};/, 'notify no;');
      await on.zone('update add later.lab.test. 60 A 192.0.2.50');
    },
    mends: async (on, found) => {
      const mends = mendsOf(found, 'secondary-behind');
      await on.conf('notify no;', `notify explicit; ${linesAt(mends, /primary server/)[0]}`);
      await on.lab.rndc('secondary', ...linesAt(mends, /shell/)[0]!.split(' ').slice(1));
      const serial = await on.lab.bind.primary.awaitSerial(1, 5000);
      await on.lab.bind.secondary.awaitSerial(serial, 10_000);
    },
  },
  'a nameserver of the NS RRset has no address': {
    found: ['nameserver-not-found 192.0.2.7.'],
    breaks: async (on) => {
      on.inConfig(/ {4}verify: .*\n/, '');
      await on.zone('update add lab.test. 60 NS 192.0.2.7.');
    },
    mends: async (on, found) => {
      on.inConfig(
        '    timeout: 1s',
        `    timeout: 1s\n    ${linesOf(found, 'nameserver-not-found', /nameservers: ns1/)}`,
      );
    },
  },
  'a nameserver of the NS RRset is not in the verify list': {
    found: ['ns-not-verified ns1'],
    breaks: async (on) => {
      await on.zone('update add ns4.lab.test. 60 A 127.0.0.2', 'update add lab.test. 60 NS ns4.lab.test.');
    },
    mends: async (on, found) => {
      const line = linesOf(found, 'ns-not-verified', /nameservers: ns1/);
      expect(line).toContain('"127.0.0.2:53"]');
      on.inConfig(/verify: .*/, line);
      // Nobody listens there: that is the next fault. Take it out of the NS RRset.
      const next = await on.lab.check();
      expect(seen(on.lab, next)).toEqual(['secondary-unreachable 127.0.0.2:53']);
      on.inConfig(', "127.0.0.2:53"', '');
      await on.zone('update delete ns4.lab.test.', 'update delete lab.test. NS ns4.lab.test.');
    },
  },
  'everybody may copy the zone': {
    found: ['transfer-open ns1'],
    breaks: (on) => on.conf('allow-transfer { key transfer-key; };', 'allow-transfer { any; };'),
    mends: (on, found) => on.conf('allow-transfer { any; };', linesOf(found, 'transfer-open', /named.conf/)),
  },
  'only the key may query the zone': {
    found: ['differs-by-key ns1'],
    breaks: (on) =>
      on.conf('max-journal-size', 'allow-query { key source-dns-key; key admin; }; max-journal-size'),
    mends: (on, found) =>
      on.conf(
        'allow-query { key source-dns-key; key admin; };',
        linesOf(found, 'differs-by-key', /allow-query/),
      ),
  },
  'the SOA names another primary server': {
    found: ['not-the-primary ns1'],
    breaks: async (on) => {
      await on.zone('update add ns9.lab.test. 60 A 192.0.2.9');
      await on.soa('10 2 604800 1', 'ns9.lab.test.');
    },
    mends: async (on, found) => {
      expect(linesOf(found, 'not-the-primary', /nameservers: ns1/)).toBe('address: 192.0.2.9');
      await on.soa('10 2 604800 1');
      await on.zone('update delete ns9.lab.test.');
    },
  },
  'a resolver keeps answers longer than their TTL': {
    found: ['resolver-ttl resolver'],
    breaks: (on) =>
      on.lab.edit('resolver', (text) => text.replace('recursion yes;', 'recursion yes; min-cache-ttl 30;')),
    mends: async (on, found) => {
      await on.lab.edit('resolver', (text) =>
        text.replace('min-cache-ttl 30;', linesOf(found, 'resolver-ttl', /BIND/)),
      );
      await on.lab.rndc('resolver', 'flush');
    },
  },
  'a resolver does not run': {
    found: ['resolver-unreachable resolver'],
    breaks: (on) => on.lab.resolver.stop(),
    mends: async (on, found) => {
      expect(linesOf(found, 'resolver-unreachable', /shell/)).toBe('systemctl start named');
      await on.lab.resolver.start();
    },
  },
  'the key in the file is for hmac-md5': {
    found: ['tsig-weak-algorithm ns1'],
    breaks: async (on) => {
      const { secret } = generateTsigKey('old-key');
      const text = `key "old-key" { algorithm hmac-md5; secret "${secret}"; };`;
      const file = join(on.lab.bind.folder, 'old.key');
      await writeFile(file, text, { mode: 0o600 });
      await on.conf(keyInclude, text);
      await on.conf(/grant source-dns-key/g, 'grant old-key');
      on.inConfig(/key_file: .*/, `key_file: ${file}`);
    },
    mends: async (on, found) => {
      const line = linesOf(found, 'tsig-weak-algorithm', /shell/);
      const { tsigKeygen } = on.lab;
      await execa('sh', ['-c', line.replace('tsig-keygen', tsigKeygen)]);
      const file = join(on.lab.bind.folder, 'old.key');
      await on.conf(/key "old-key" \{[^}]*\};/, `include "${file}";`);
    },
  },
  'nsupdate is not installed': {
    found: ['nsupdate-not-run ns1'],
    breaks: (on) => {
      on.inConfig('    timeout: 1s', '    timeout: 1s\n    via: nsupdate');
      on.lab.env = { PATH: on.lab.bind.folder };
    },
    mends: (on, found) => {
      expect(linesOf(found, 'nsupdate-not-run', /shell/)).toBe('apt-get install bind9-dnsutils');
      on.lab.env = on.lab.usualEnv;
    },
  },
  'the primary server went back, and a secondary is ahead': {
    found: ['secondary-ahead secondary'],
    breaks: async (on) => {
      const { primary, secondary } = on.lab.bind;
      const serial = await on.soa('10 2 604800 1');
      await secondary.awaitSerial(serial, 10_000);
      const file = join(primary.folder, 'lab.test.db');
      const text = await on.frozen(file);
      await primary.stop();
      await writeFile(file, text.replace(`${serial}`, `${serial - 500}`));
      await rm(`${file}.jnl`);
      await primary.start();
    },
    mends: async (on, found) => {
      await on.lab.rndc('secondary', ...linesOf(found, 'secondary-ahead', /shell/).split(' ').slice(1));
      await on.lab.awaitStep();
    },
  },
  'a resolver remembers that the name did not exist': {
    found: ['resolver-negative resolver'],
    breaks: async (on) => {
      await on.soa('10 2 604800 60');
      await on.zone('update delete source.shop.lab.test. A');
      await on.lab.askResolver('source.shop.lab.test');
      await on.zone('update add source.shop.lab.test. 5 A 192.0.2.1');
      await on.soa('10 2 604800 1');
    },
    mends: (on, found) =>
      on.lab.rndc('resolver', ...linesOf(found, 'resolver-negative', /BIND/).split(' ').slice(1)),
  },
  'a resolver keeps an old answer': {
    found: ['resolver-differs resolver'],
    breaks: async (on) => {
      await on.zone(
        'update delete source.shop.lab.test. A',
        'update add source.shop.lab.test. 600 A 192.0.2.77',
      );
      await on.lab.askResolver('source.shop.lab.test');
      await on.zone(
        'update delete source.shop.lab.test. A',
        'update add source.shop.lab.test. 5 A 192.0.2.1',
      );
    },
    mends: (on, found) =>
      on.lab.rndc('resolver', ...linesOf(found, 'resolver-differs', /BIND/).split(' ').slice(1)),
  },
  'the verify list has a nameserver that is not in the NS RRset': {
    found: ['not-in-ns ns1', 'secondary-unreachable 127.0.0.3:53'],
    breaks: (on) => on.inConfig(/verify: \[/, 'verify: ["127.0.0.3:53", '),
    mends: (on, found) => on.inConfig(/verify: .*/, linesOf(found, 'not-in-ns', /hidden/)),
  },
  'a secondary has another zone of that name': {
    found: ['secondary-differs secondary'],
    left: ['transfer-open ns1'],
    breaks: async (on) => {
      const { primary, secondary } = on.lab.bind;
      const serial = await primary.awaitSerial(1, 5000);
      const file = join(secondary.folder, 'other.db');
      const text = `$TTL 60\n@ SOA ns1 hostmaster ${serial} 10 2 604800 1\n@ NS ns1\n@ NS ns2\nns1 A 127.0.0.1\nns2 A 127.0.0.1\n`;
      await writeFile(file, text);
      await on.lab.edit('secondary', (conf) =>
        conf.replace(
          /zone "lab\.test" \{[\s\S]*?\n\};/,
          `zone "lab.test" { type primary; file "${file}"; };`,
        ),
      );
    },
    mends: async (on, found) => {
      const mends = mendsOf(found, 'secondary-differs');
      await on.conf(
        'allow-transfer { key transfer-key; };',
        `allow-transfer { key transfer-key; ${linesAt(mends, /allow-transfer/)} };`,
      );
      await on.lab.edit('secondary', (conf) =>
        conf.replace(/zone "lab\.test" \{.*\};/, linesAt(mends, /another zone/).join('\n')),
      );
      await on.lab.awaitStep();
    },
  },
  'the second of two moves waited for notify-delay': {
    found: ['propagation-slow secondary'],
    breaks: (on) => on.history(...moveAt(on, 7, '2026-11-22T11:30:04.700Z')),
    mends: async (on, found) => {
      const line = linesOf(found, 'propagation-slow', /named.conf/);
      await on.conf('max-journal-size', `${line} max-journal-size`);
      const later = [8, 9, 10].flatMap((epoch) => moveAt(on, epoch, '2026-11-22T11:30:00.010Z'));
      await on.history(...moveAt(on, 7, '2026-11-22T11:30:04.700Z'), ...later);
      expect(seen(on.lab, await on.lab.check())).toEqual(['ledger-behind _source-dns.source.shop.lab.test.']);
      await on.history();
    },
  },
};

/** What the history has of a move that the secondary had at that time. */
function moveAt(on: Hands, epoch: number, at: string): readonly object[] {
  const start = '2026-11-22T11:30:00.000Z';
  const common = { at: start, cluster: 'shop', nameserver: 'ns1', epoch };
  const times = { seenAt: start, decidedAt: start, sentAt: start, appliedAt: start };
  const to = { server: 'db1.example.com:3306', uuid: 'a' };
  const nameservers = [{ nameserver: `127.0.0.1:${on.lab.bind.secondary.port}`, at }];
  return [
    {
      ...common,
      ...times,
      kind: 'move',
      to,
      reason: 'failover',
      sentence: 'It moved.',
      name: 'source.shop.lab.test.',
    },
    { ...common, kind: 'propagated', nameservers, complete: true },
  ];
}
