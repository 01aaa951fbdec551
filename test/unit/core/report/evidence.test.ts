/** Shows which evidence `explain` lists for each server. */

import { describe, expect, test } from 'vitest';
import type { Channel, ServerFacts, Wsrep } from '../../../../src/core/model/observation.ts';
import type { ServerAddress, ServerId } from '../../../../src/core/model/units.ts';
import { observedOf } from '../../../../src/core/report/evidence.ts';
import { missingOf } from '../../../../src/core/report/missing.ts';
import {
  address,
  channelFrom,
  factsOf,
  type Given,
  given,
  gtids,
  ledgerOf,
  replicaOf,
  seen,
  silent,
  uuid,
} from '../../../support/given.ts';

/** The evidence of db2 in a cluster whose source is db1. */
function said(over: Partial<ServerFacts>, world: Partial<Given> = {}): readonly string[] {
  const servers = { db1: seen(factsOf('db1')), db2: seen(replicaOf('db1', 'db2', over)) };
  const situation = given({ servers, ledger: ledgerOf('db1'), ...world });
  return observedOf(situation, situation.members[1]!);
}
const channelSaid = (over: Partial<Channel>): string =>
  said({ channels: [channelFrom('db1', over)] }).find((text) => text.includes('replicates from'))!;

const wsrep: Wsrep = {
  clusterUuid: 'c',
  primaryComponent: true,
  ready: true,
  state: 'synced',
  size: 3,
  lastCommitted: 42,
  closed: false,
  desynced: false,
};

describe('the evidence has the flags', () => {
  test.each([
    [{ readOnly: true, superReadOnly: true }, 'takes no writes: read_only and super_read_only are on'],
    [{ readOnly: true, superReadOnly: false }, 'takes no writes: read_only is on'],
    [{ readOnly: false, superReadOnly: false, offlineMode: true }, 'takes no writes: offline_mode is on'],
    [{ readOnly: true, superReadOnly: true, flavour: 'mariadb' }, 'takes no writes: read_only is on'],
    [
      { readOnly: true, superReadOnly: false, switches: [{ variable: 'innodb_read_only', value: 'ON' }] },
      'takes no writes: read_only and innodb_read_only are on',
    ],
    [
      {
        readOnly: false,
        superReadOnly: false,
        switches: [{ variable: 'innodb_force_recovery', value: '4' }],
      },
      'takes no writes: innodb_force_recovery is 4',
    ],
    [{ readOnly: false, superReadOnly: false }, 'takes writes, seen since 2026-11-22T11:30:00.000Z'],
  ] as const)('%j', (over, text) => expect(said(over)[1]).toBe(text));
});

describe('the evidence of a channel', () => {
  test('names its source by identity, whatever the channel calls it', () => {
    expect(channelSaid({})).toBe(
      'default channel: replicates from db1:3306 (by its UUID); receiver on, heard 0.1 s ago, applier on, lag 0 s',
    );
    expect(channelSaid({ name: 'c1', sourceAddress: 'source.example:3306' as ServerAddress })).toContain(
      'channel c1: replicates from db1:3306 (by its UUID; the channel says source.example:3306)',
    );
    expect(channelSaid({ sourceId: uuid('db9'), sourceAddress: address('db9') })).toContain(
      `db9:3306, which is not a server of this cluster (${uuid('db9')})`,
    );
    const { sourceId: _none, ...unnamed } = channelFrom('db1');
    expect(said({ channels: [{ ...unnamed, receiver: 'connecting' }] })[2]).toContain(
      'db1:3306 (by its address alone); receiver connecting, applier on',
    );
    expect(
      said({ channels: [{ ...unnamed, sourceAddress: address('db9'), receiver: 'connecting' }] })[2],
    ).toContain('db9:3306, which is not identified yet');
    expect(channelSaid({ receiver: 'off' })).toContain('db1:3306 (by its UUID); receiver off, applier on');
  });

  test('names a source that was never seen by its address, even if the receiver is off', () => {
    for (const receiver of ['off', 'connecting'] as const) {
      const db2 = seen(replicaOf('db1', 'db2', { channels: [channelFrom('db1', { receiver })] }));
      const situation = given({ servers: { db1: silent, db2 }, ledger: ledgerOf('db1') });
      expect(observedOf(situation, situation.members[1]!)[2]).toContain(
        `db1:3306 (by its address alone); receiver ${receiver}`,
      );
    }
  });

  test('has its last error, and heartbeats that are off', () => {
    expect(channelSaid({ lastError: 'Duplicate entry', applier: 'off' })).toMatch(
      /applier off, lag 0 s, last error: Duplicate entry$/,
    );
    expect(channelSaid({ heartbeatMs: 0 })).toContain('heard 0.1 s ago (heartbeats are off)');
  });

  test('has the list from which the channel chooses another source', () => {
    const lists = (over: Partial<Channel>) =>
      said({ channels: [channelFrom('db1', { autoFailover: true, ...over })] })[3];
    expect(
      lists({
        failoverSources: [{ address: address('db1'), weight: 80 }],
        managedGroups: [{ name: 'g', primaryWeight: 80, secondaryWeight: 60 }],
      }),
    ).toBe(
      'default channel: may choose another source by itself, from: db1:3306 weight 80; keeps the members of group g there: primary 80, secondaries 60',
    );
    expect(lists({ failoverSources: [{ address: address('db1'), weight: 80, managed: 'g' }] })).toContain(
      'db1:3306 weight 80 (of group g)',
    );
    expect(lists({ failoverSources: [] })).toContain('from: an empty list');
    expect(lists({})).toContain(
      'it lacks SELECT on performance_schema.replication_asynchronous_connection_failover',
    );
  });
});

describe('the evidence names what the server is part of', () => {
  test('a group', () => {
    const member = (
      name: string,
      role: 'PRIMARY' | 'SECONDARY',
      state: 'ONLINE' | 'UNREACHABLE' = 'ONLINE',
    ) => ({
      id: uuid(name),
      role,
      state,
    });
    const members = [
      member('db1', 'PRIMARY'),
      member('db2', 'SECONDARY'),
      member('db9', 'SECONDARY', 'UNREACHABLE'),
    ];
    expect(said({ group: { name: 'g', singlePrimary: true, members } })).toContain(
      'group g (single-primary): it is ONLINE SECONDARY, and sees 2 of 3 ONLINE; primary: db1:3306',
    );
  });

  test('a Galera component', () => {
    expect(said({ wsrep })).toContain(
      'Galera c: in the primary component, 3 nodes, synced, ready, committed up to 42',
    );
    const cut = said({
      readOnly: false,
      superReadOnly: false,
      wsrep: { ...wsrep, primaryComponent: false, ready: false, size: 1, closed: true, desynced: true },
    });
    expect(cut[1]).toBe('takes no writes because of the state of its Galera node');
    expect(cut).toContain(
      'Galera c: outside the primary component, 1 node, synced, not ready, closed by an administrator, desynced, committed up to 42',
    );
  });

  test('a managed service', () => {
    const members = [{ name: 'i-1', writer: true, heardAgoMs: 300 }, { name: 'i-2' }];
    expect(said({ managed: { kind: 'aurora', self: 'i-2', members } })).toContain(
      'Aurora calls it i-2, and names i-1 (writer, heard of 0.3 s ago), i-2',
    );
  });
});

test('the evidence shows what was received and not executed yet, beside what was executed', () => {
  const place = (retrieved: string) =>
    said({ channels: [channelFrom('db1', { retrieved: gtids(retrieved) })] }).find((text) =>
      text.startsWith('has executed'),
    );
  expect(place('db1:90-100')).toBe(`has executed ${uuid('db1')}:1-100`);
  expect(place('db1:90-107')).toBe(
    `has executed ${uuid('db1')}:1-100; has also received ${uuid('db1')}:101-107`,
  );
});

test('the evidence shows coordinates where there are no GTIDs', () => {
  const { gtidExecuted: _none, ...bare } = replicaOf('db1', 'db2', {
    channels: [
      channelFrom('db1', { applied: { file: 'b.1', position: 4 }, received: { file: 'b.2', position: 7 } }),
    ],
    binlogEnd: { file: 'own.9', position: 1 },
  });
  const servers = { db1: seen(factsOf('db1')), db2: seen(bare) };
  const situation = given({ servers, ledger: ledgerOf('db1') });
  expect(observedOf(situation, situation.members[1]!)).toEqual(
    expect.arrayContaining([
      "has executed its source's binary log up to b.1:4, and received it up to b.2:7",
      'its own binary log ends at own.9:1',
    ]),
  );
});

test('the evidence is empty for a server that never answered', () => {
  const situation = given({ servers: { db1: silent }, ledger: ledgerOf('db1') });
  expect(observedOf(situation, situation.members[0]!)).toEqual([]);
});

describe('the report of what a server lacks to be a candidate', () => {
  const missing = (over: Partial<ServerFacts>, world: Partial<Given> = {}): readonly string[] => {
    const servers = { db1: seen(factsOf('db1')), db2: seen(replicaOf('db1', 'db2', over)) };
    const situation = given({
      servers,
      ledger: ledgerOf('db1'),
      publication: { evidence: { line: new Set([uuid('db2')]) } },
      ...world,
    });
    return missingOf(situation, situation.members[1]!);
  };

  test('says that it is read-only, and a replica: promoting it is another question', () => {
    expect(missing({})).toEqual(['it is a replica of db1:3306', 'it is not writable']);
  });

  test('tells switches that a statement ends from switches that only a restart ends', () => {
    const closed = { readOnly: false, superReadOnly: false, channels: [] };
    expect(missing({ ...closed, switches: [{ variable: 'transaction_read_only', value: 'ON' }] })).toEqual([
      'it is not writable',
    ]);
    expect(
      missing({
        ...closed,
        flavour: 'mariadb',
        switches: [{ variable: 'tx_read_only', value: 'ON' }],
        readOnly: true,
      }),
    ).toEqual(['it is not writable']);
    expect(missing({ ...closed, switches: [{ variable: 'innodb_read_only', value: 'ON' }] })).toEqual([
      'it runs with innodb_read_only: take it out of my.cnf and restart the server',
    ]);
    // Nobody should be led to remove this setting in a hurry.
    expect(missing({ ...closed, switches: [{ variable: 'innodb_force_recovery', value: '4' }] })).toEqual([
      expect.stringMatching(
        /innodb_force_recovery = 4\. First find out why it was set: .* a replica is the safer source\./,
      ),
    ]);
  });

  test('is empty when nothing is missing', () =>
    expect(missing({ readOnly: false, superReadOnly: false, channels: [] })).toEqual([]));

  test('says that it is a former source, outside of the line, or silent', () => {
    const writable = { readOnly: false, superReadOnly: false, channels: [] };
    const was = [{ uuid: uuid('db2'), address: address('db2') }];
    expect(missing(writable, { ledger: ledgerOf('db1', { was }) })).toEqual([
      'it has not rejoined, as a replica of db1:3306 without transactions of its own',
    ]);
    expect(missing(writable, { publication: {} })).toEqual([
      "it does not belong to the line: it must be a replica of db1:3306 that has the source's data",
    ]);
    expect(missing({}, { servers: { db1: seen(factsOf('db1')), db2: silent } })).toEqual(
      expect.arrayContaining(['it does not answer']),
    );
  });

  test('says that its configuration, its group or its UUID prevents that', () => {
    const group = {
      name: 'g',
      singlePrimary: true,
      members: [{ id: uuid('db2'), state: 'ONLINE' as const, role: 'SECONDARY' as const }],
    };
    expect(missing({ readOnly: false, superReadOnly: false, channels: [], group })).toEqual([
      `it is not the primary of its group: SELECT group_replication_set_as_primary('${uuid('db2')}')`,
    ]);
    expect(missing({ id: uuid('db1') as ServerId, channels: [] })).toContain(
      'another server has its UUID: on the server with the copied data folder, remove auto.cnf and restart',
    );
    const apart = {
      ...group,
      singlePrimary: false,
      members: [{ id: uuid('db2'), state: 'ERROR' as const, role: 'PRIMARY' as const }],
    };
    expect(missing({ readOnly: false, superReadOnly: false, channels: [], group: apart })).toEqual([
      'it is not ONLINE in the part of its group that has the majority',
    ]);
    expect(
      missing({
        readOnly: false,
        superReadOnly: false,
        channels: [],
        wsrep: { ...wsrep, ready: false, closed: true },
      }),
    ).toEqual([
      'its Galera node is not ready (wsrep_ready) and closed (wsrep_on, wsrep_reject_queries, pxc_maint_mode)',
    ]);
    expect(missing({ channels: [], managed: { kind: 'aurora', self: 'i-2', members: [] } })).toEqual([
      'the service has not made it the writer',
    ]);
  });
});

test.each([
  [
    'OFF_PERMISSIVE',
    { gtidReplicated: gtids('db1:1-100') },
    [
      'runs with gtid_mode=OFF_PERMISSIVE: its transactions may have no GTID',
      `with GTIDs has executed ${uuid('db1')}:1-100`,
    ],
  ],
  [
    'OFF',
    {},
    [
      'runs with gtid_mode=OFF: its transactions have no GTID',
      'nobody can tell which transactions of the others it lacks',
    ],
  ],
  [
    'ON_PERMISSIVE',
    { gtidExecuted: gtids('db1:1-100') },
    ['lacks nothing that others of the line have executed or received, as far as this can be compared'],
  ],
] as const)(
  'gtid_mode %s: what a set leaves out, and the grant that would show it',
  (gtidMode, sets, words) => {
    const { gtidExecuted: _none, ...plain } = replicaOf('db1', 'db2');
    const servers = { db1: seen(factsOf('db1')), db2: seen({ ...plain, ...sets, gtidMode }) };
    const situation = given({ servers, ledger: ledgerOf('db1', { line: { uuid: uuid('db1'), gno: 100 } }) });
    const grant =
      'our account sees no coordinates, so less can be compared: GRANT REPLICATION CLIENT ON *.* TO our account on each server, then restart source-dns';
    expect(observedOf(situation, situation.members[1]!)).toEqual(expect.arrayContaining([...words, grant]));
  },
);
