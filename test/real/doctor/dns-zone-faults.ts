/** Faults of zones and names, and the lines that mend them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Findings } from '../../../src/doctor/check.ts';
import { type Fault, linesAt, linesOf, mendsOf } from './dns-hands.ts';

const source = 'source.shop.lab.test.';
const replicas = 'replicas.shop.lab.test.';
const ledger = `_source-dns.${source}`;
const policy = /update-policy \{[^}]*\};/;
const grantsOf = (found: Findings) => linesOf(found, 'right-missing', /update-policy/);

export const zoneFaults: Readonly<Record<string, Fault>> = {
  'the policy forgets the ledger, the SRV and one name': {
    found: [`right-missing ${source}`],
    breaks: (on) => {
      on.inConfig(`name: ${source}, ttl: 5`, `name: ${source}, ttl: 5, srv: true`);
      return on.conf(
        policy,
        'update-policy { grant admin zonesub ANY; grant source-dns-key name source.shop.lab.test A AAAA; };',
      );
    },
    mends: (on, found) => on.conf('grant admin zonesub ANY;', `grant admin zonesub ANY; ${grantsOf(found)}`),
  },
  'the policy does not know the CNAME that the configuration asks for': {
    found: [`right-missing ${source}`],
    breaks: async (on) => {
      await on.conf(/ A AAAA CNAME;/, ' A AAAA;');
      on.inConfig(`name: ${source}, ttl: 5`, `name: ${source}, ttl: 5, type: cname`);
    },
    mends: (on, found) => {
      expect(grantsOf(found)).toBe('grant source-dns-key name source.shop.lab.test CNAME;');
      return on.conf('grant admin zonesub ANY;', `grant admin zonesub ANY; ${grantsOf(found)}`);
    },
  },
  'a deny stands above the grant': {
    found: [`right-missing ${source}`],
    breaks: (on) =>
      on.conf(
        'grant admin zonesub ANY;',
        'grant admin zonesub ANY; deny source-dns-key name source.shop.lab.test AAAA;',
      ),
    mends: (on, found) => on.conf('deny source-dns-key', `${grantsOf(found)} deny source-dns-key`),
  },
  'the policy is `local`, for nsupdate -l': {
    found: [`zone-closed ${source}`],
    breaks: (on) => on.conf(policy, ''),
    mends: (on, found) =>
      on.conf(
        'max-journal-size',
        `${linesOf(found, 'zone-closed', /named.conf/).replace('{', '{ grant admin zonesub ANY;')}\nmax-journal-size`,
      ),
  },
  'the zone is frozen': {
    found: [`zone-closed ${source}`],
    breaks: (on) => on.lab.rndc('primary', 'freeze', 'lab.test'),
    mends: async (on, found) => {
      await on.lab.rndc(
        'primary',
        ...linesOf(found, 'zone-closed', /frozen/)
          .split(' ')
          .slice(1),
      );
      // rndc does not wait until the zone is loaded.
      const takesUpdates = () =>
        on.zone('update delete nobody.lab.test. TXT').then(
          () => true,
          () => false,
        );
      await expect.poll(takesUpdates, { interval: 20, timeout: 10_000 }).toBe(true);
    },
  },
  'the name is no host name, and the nameserver checks names': {
    found: ['names-checked sou_rce.shop.lab.test.'],
    breaks: async (on) => {
      await on.conf('grant admin zonesub ANY;', 'grant admin zonesub ANY; grant source-dns-key zonesub ANY;');
      on.inConfig(`name: ${source}`, 'name: sou_rce.shop.lab.test.');
    },
    mends: (on, found) =>
      on.conf('max-journal-size', `${linesOf(found, 'names-checked', /zone/)} max-journal-size`),
  },
  'somebody else keeps the name': {
    found: [`foreign-rrset ${source}`],
    breaks: (on) => on.zone(`update delete ${ledger} TXT`),
    mends: (on, found) =>
      on.inConfig(
        'nameserver: ns1\n',
        `nameserver: ns1\n      ${linesOf(found, 'foreign-rrset', /publish/)}\n`,
      ),
  },
  'the cluster was renamed': {
    found: [`foreign-ledger ${source}`],
    breaks: (on) => on.inConfig('  shop:', '  store:'),
    mends: (on, found) => on.inConfig('store:', linesOf(found, 'foreign-ledger', /store:/)),
  },
  'an alias is at the name of the replicas': {
    found: [`alias-in-the-way ${replicas}`],
    breaks: (on) => on.zone(`update add ${replicas} 60 CNAME elsewhere.example.com.`),
    mends: (on, found) => on.lab.nsupdate(...linesAt(mendsOf(found, 'alias-in-the-way'), /nsupdate/)),
  },
  'a wildcard answers for the replicas': {
    found: [`wildcard ${replicas}`],
    breaks: (on) =>
      on.zone(
        'update add *.lab.test. 60 A 192.0.2.99',
        'update add x.y.lab.test. 60 A 192.0.2.98',
        'update add *.shop.lab.test. 60 A 192.0.2.97',
      ),
    mends: async (on, found) => {
      await on.lab.nsupdate(...linesAt(mendsOf(found, 'wildcard'), /nsupdate/));
      await on.zone('update delete *.lab.test. A', 'update delete x.y.lab.test. A');
    },
  },
  'somebody added a TXT record to the ledger': {
    found: [`ledger-unreadable ${ledger}`],
    breaks: (on) => on.zone(`update add ${ledger} 5 TXT "v=spf1; -all $x" "a \\"b\\\\"`),
    mends: (on, found) => on.lab.nsupdate(...linesAt(mendsOf(found, 'ledger-unreadable'), /nsupdate/)),
  },
  'somebody froze the name': {
    found: ['name-frozen shop'],
    breaks: async (on) => {
      const frozen = { by: 'carol@watcher-1', reason: 'a move to another rack' };
      await on.zone(`update delete ${ledger} TXT`, on.lab.ledgerLine({ frozen }));
    },
    mends: async (on, found) => {
      expect(linesOf(found, 'name-frozen', /shell/)).toBe('source-dns thaw shop');
      await on.zone(`update delete ${ledger} TXT`, on.lab.ledgerLine());
    },
  },
  'the zone was restored from an old file': {
    found: [`ledger-behind ${ledger}`],
    breaks: async (on) => {
      const entry = {
        at: '2026-11-22T11:30:00.123Z',
        cluster: 'shop',
        nameserver: 'ns1',
        kind: 'moved-elsewhere',
        epoch: 8,
      };
      const more = { source: 'db2.example.com:3306', uuid: 'b', by: 'watcher-2', why: 'failover' };
      await on.history({ ...entry, ...more });
    },
    mends: async (on, found) => {
      expect(linesOf(found, 'ledger-behind', /shell/)).toBe("source-dns follow shop 'db2.example.com:3306'");
      await on.history();
    },
  },
  'the nameserver cuts the TTL': {
    found: [`ttl-altered ${source}`],
    breaks: async (on) => {
      await on.conf('max-journal-size', 'max-zone-ttl 60; max-journal-size');
      await on.zone(`update delete ${source} A`, `update add ${source} 3 A 192.0.2.1`);
    },
    mends: (on, found) =>
      on.inConfig(`name: ${source}, ttl: 5`, `name: ${source}, ${linesOf(found, 'ttl-altered', /source/)}`),
  },
  'the SOA has the timers of a zone that never changes': {
    found: ['negative-ttl-long lab.test.', 'refresh-long lab.test.'],
    breaks: async (on) => {
      await on.soa('3600 900 604800 3600');
    },
    mends: async (on, found) => {
      const file = join(on.lab.bind.primary.folder, 'lab.test.db');
      const text = await on.frozen(file);
      const line = linesOf(found, 'refresh-long', /zone file/);
      expect(linesOf(found, 'negative-ttl-long', /zone file/)).toBe(line);
      await writeFile(file, text.replace(/^.*\sIN SOA\s[\s\S]*?^\s*\)/m, line));
      await on.lab.rndc('primary', 'thaw', 'lab.test');
      // rndc does not wait until the zone is loaded.
      await on.lab.bind.primary.awaitSerial(Number(/(\d+) 10 2 /.exec(line)?.[1]), 10_000);
    },
  },
  'publish.zone names another zone': {
    found: [`not-in-zone ${source}`],
    breaks: (on) => on.inConfig('      source:', '      zone: shop.lab.test.\n      source:'),
    mends: (on, found) => on.inConfig('zone: shop.lab.test.', linesOf(found, 'not-in-zone', /publish/)),
  },
  'the names are in a zone that is delegated': {
    found: [`delegated ${source}`],
    breaks: (on) =>
      on.zone(
        'update add shop.lab.test. 60 NS ns.shop.lab.test.',
        'update add ns.shop.lab.test. 60 A 192.0.2.53',
      ),
    mends: async (on, found) => {
      expect(linesOf(found, 'delegated', /nameservers: ns1/)).toBe('address: 192.0.2.53');
      await on.zone('update delete shop.lab.test. NS', 'update delete ns.shop.lab.test. A');
    },
  },
  'the TTL is long': {
    found: [`ttl-long ${source}`],
    breaks: (on) => on.inConfig(`name: ${source}, ttl: 5`, `name: ${source}, ttl: 300`),
    mends: (on, found) => on.inConfig('ttl: 300', linesOf(found, 'ttl-long', /publish: source/)),
  },
};
