/** A cluster after a failover, for the renderers and the API. */

import type { Fqdn, ServerAddress, ServerId } from '../../src/core/model/units.ts';
import type { Snapshot } from '../../src/core/report/snapshot-types.ts';

const db1 = 'db1:3306' as ServerAddress;
const db2 = 'db2:3306' as ServerAddress;
const db3 = 'db3.example.com:3307' as ServerAddress;
const id = (digit: number) => `${String(digit).repeat(8)}-1111-1111-1111-111111111111` as ServerId;
const name = 'source.shop.db.example.com.' as Fqdn;

const decision = {
  kind: 'point-to',
  reason: 'steady',
  source: db2,
  sentence: 'The published source is the source.',
} as const;
const ledger = {
  epoch: 7,
  source: db2,
  uuid: id(2),
  by: 'watcher-1',
  at: '2026-11-22T11:30:00.123Z',
  why: 'failover',
  was: [`${id(1)}@db1:3306`],
  frozen: { by: 'eve@host', reason: 'maintenance' },
  next: null,
};

export const shopSnapshot: Snapshot = {
  cluster: 'shop',
  instance: 'watcher-1',
  mode: 'active',
  decision,
  ledger,
  published: ['192.0.2.12'],
  servers: [
    {
      server: db1,
      uuid: id(1),
      discovered: null,
      version: '8.4.3',
      role: 'superseded',
      contact: 'unknown',
      reachable: false,
      writable: null,
      lagSeconds: null,
      way: null,
      gtidExecuted: null,
      lacks: null,
      replicatesFrom: [],
      evidence: ['It is named in the ledger as a former source.'],
      observed: [],
      missing: ['it does not answer', 'it has not rejoined, as a replica of db2:3306'],
      promotion: null,
      alarms: ['server-unknown'],
      fence: null,
      failure: {
        code: 'connection-refused',
        message: 'db1:3306 refused the connection',
        hint: 'is mysqld running?',
      },
    },
    {
      server: db2,
      uuid: id(2),
      discovered: null,
      version: '8.4.3',
      role: 'source',
      contact: 'reachable',
      reachable: true,
      writable: true,
      lagSeconds: null,
      way: null,
      gtidExecuted: `${id(2)}:1-99`,
      lacks: { executed: null, received: null },
      replicatesFrom: [],
      evidence: ['Its promotion was seen.', '1 of 1 other reachable servers replicates from it.'],
      observed: ['answered 0.2 s ago as MySQL 8.4.3'],
      missing: [],
      promotion: null,
      alarms: [],
      fence: null,
      failure: null,
    },
    {
      server: db3,
      uuid: 'mariadb:3@db3.example.com:3307' as ServerId,
      discovered: null,
      version: '11.4.2-MariaDB',
      role: 'replica',
      contact: 'reachable',
      reachable: true,
      writable: false,
      lagSeconds: 2,
      way: {
        hops: [{ server: db2, how: 'channel', lagSeconds: 2 }],
        broken: null,
        sentence: 'db3:3307 gets its data from db2:3306 (lag 2 s)',
      },
      gtidExecuted: null,
      lacks: { executed: { server: db2, transactions: 12 }, received: { server: db2, transactions: 3 } },
      replicatesFrom: [
        {
          channel: 'c1',
          source: 'db2:3306',
          receiver: 'on',
          applier: 'off',
          autoFailover: true,
          failoverSources: [
            { address: db1, weight: 80 },
            { address: db2, weight: 60 },
          ],
          managedGroups: [],
        },
      ],
      // A server or a zone may send text that moves the cursor.
      evidence: ['It says: \u001b[2Jgone'],
      observed: ['takes no writes: read_only is on'],
      missing: ['it is not writable'],
      promotion: 'do not promote it now: the source db2:3306 takes writes',
      alarms: [],
      fence: null,
      failure: null,
    },
  ],
  alarms: [{ code: 'server-unknown', subject: db1, sentence: 'It does not answer.' }],
  publications: [
    {
      nameserver: 'ns1',
      zone: 'db.example.com.' as Fqdn,
      name,
      ready: true,
      decision,
      wouldChange: ['By hand: source-dns follow shop SERVER'],
      ledger,
      published: ['192.0.2.12'],
      readFailure: null,
      writeFailure: null,
      pendingUpdates: 0,
      lastMove: null,
      propagation: {
        epoch: 7,
        complete: false,
        nameservers: [
          { nameserver: '192.0.2.53', at: '2026-11-22T11:30:00.200Z' },
          { nameserver: '192.0.2.54' },
        ],
      },
    },
  ],
};
