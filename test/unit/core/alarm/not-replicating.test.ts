/** Shows when a server gets nothing from the source, and which remedy the alarm names. */

import { describe, expect, test } from 'vitest';
import { notReplicatingAlarm } from '../../../../src/core/alarm/not-replicating.ts';
import { following } from '../../../../src/core/decide/advice.ts';
import { settle } from '../../../../src/core/decide/settle.ts';
import type { Channel, Probe, ServerFacts } from '../../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../../src/core/model/units.ts';
import {
  address,
  at,
  bothOver,
  channelFrom,
  factsOf,
  type Given,
  given,
  ledgerOf,
  replicaOf,
  seen,
  silent,
  uuid,
} from '../../../support/given.ts';

/** The alarm about db2, which replicates from the published db1. */
function alarm(
  channel: Partial<Channel>,
  db1: Probe = seen(factsOf('db1')),
  facts: Partial<ServerFacts> = {},
): string | undefined {
  const db2 = seen(replicaOf('db1', 'db2', { channels: [channelFrom('db1', channel)], ...facts }));
  const situation = given({
    servers: { db1, db2 },
    ledger: ledgerOf('db1'),
    publication: { evidence: { line: new Set([uuid('db2')]) } },
  });
  return notReplicatingAlarm(situation, situation.members[1]!)[0]?.sentence;
}

describe('a replica of a healthy source', () => {
  test.each([
    [
      'its receiver is off',
      { receiver: 'off' },
      'receiver off, applier on. It was stopped, or never started. If nobody needs it stopped: START REPLICA',
    ],
    [
      'its applier is off',
      { applier: 'off' },
      'receiver on, applier off. It was stopped, or never started. If nobody needs it stopped: START REPLICA',
    ],
    [
      'its applier failed',
      { applier: 'off', lastError: 'Duplicate entry' },
      'receiver on, applier off (Duplicate entry).',
    ],
    [
      'it cannot connect',
      { receiver: 'connecting', lastError: 'Access denied' },
      'receiver connecting, applier on (Access denied).',
    ],
  ] as const)('gets nothing when %s', (_, channel, said) => {
    expect(alarm(channel)).toBe(`db2:3306 does not replicate from the source db1:3306: ${said}`);
  });

  test.each([
    ['it streams', {}],
    ['it has just begun to connect', { receiver: 'connecting' }],
    ['the channel that is off comes from another server', { receiver: 'off', sourceId: uuid('db9') }],
  ] as const)('raises no alarm when %s', (_, channel) => expect(alarm(channel)).toBeUndefined());

  test('the alarm names the channel: START REPLICA without a name also starts channels that a person stopped', () => {
    const channels = [channelFrom('db1', { name: 'c1', receiver: 'off' })];
    expect(alarm({}, undefined, { channels })).toContain(": START REPLICA FOR CHANNEL 'c1'");
    const version = { major: 10, minor: 11, patch: 6, text: '10.11.6-MariaDB' };
    expect(alarm({}, undefined, { channels, flavour: 'mariadb', version })).toContain(": START REPLICA 'c1'");
  });

  test('the alarm knows a source without an identity by its address, and on MariaDB by server_id', () => {
    const { sourceId: _none, ...channel } = channelFrom('db1', { receiver: 'off' });
    expect(alarm({}, undefined, { channels: [channel] })).toContain('receiver off');
    const mariadb = seen(factsOf('db1', { flavour: 'mariadb', serverId: 7 }));
    expect(alarm({}, mariadb, { channels: [{ ...channel, sourceServerId: 7 }] })).toContain('receiver off');
    expect(alarm({}, mariadb, { channels: [{ ...channel, sourceServerId: 8 }] })).toBeUndefined();
  });
});

test.each([
  ['is away', silent],
  ['takes no writes', seen(factsOf('db1', { readOnly: true }))],
])('the alarm is silent while the source %s', (_, db1) =>
  expect(alarm({ receiver: 'off' }, db1)).toBeUndefined(),
);

describe('the alarm about a server that gets no data from the source', () => {
  const settleMs = 30_000;
  const repoint =
    "STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db1', SOURCE_PORT = 3306, SOURCE_AUTO_POSITION = 1; START REPLICA";
  const compared = new Map([[address('db2'), { rejoined: false, errant: 0 }]]);

  /** The alarm about db2 when this has lasted for settle. db1 is published. */
  function said(servers: Given['servers'], over: Partial<Given> = {}): string | undefined {
    const wayless = new Map([[address('db2'), at(1 - settleMs).mono]]);
    const decision = { kind: 'point-to', reason: 'steady', source: address('db1'), sentence: '' } as const;
    const evidence = { wayless, rejoins: compared, line: new Set([uuid('db2'), uuid('db3')]) };
    const publication = bothOver({ decision, evidence }, over.publication);
    const situation = given({
      servers: { db1: seen(factsOf('db1')), ...servers },
      ledger: ledgerOf('db1'),
      ...over,
      publication,
    });
    return notReplicatingAlarm(situation, situation.members[1]!)[0]?.sentence;
  }
  const quiet = seen(factsOf('db3', { readOnly: true }));
  const deadEnd = { db2: seen(replicaOf('db3', 'db2')), db3: quiet };
  const alone = seen(factsOf('db2', { readOnly: true }));

  test('explains that its channel leads to a server that replicates from nobody', () => {
    expect(said(deadEnd)).toBe(
      `db2:3306 replicates from db3:3306, which does not follow the source db1:3306: db3:3306 replicates from nobody. To make it a replica of db1:3306: ${repoint}.`,
    );
  });

  test('explains that it has no channel', () => {
    const statement = following(factsOf('db2'), address('db1'));
    expect(said({ db2: alone })).toBe(
      `db2:3306 replicates from nobody, and gets nothing from the source db1:3306. To make it a replica of db1:3306: ${statement}.`,
    );
  });

  test('offers to mend a stopped channel further up', () => {
    const servers = {
      ...deadEnd,
      db3: seen(replicaOf('db1', 'db3', { channels: [channelFrom('db1', { applier: 'off' })] })),
    };
    expect(said(servers)).toContain(
      `db3:3306 does not replicate from db1:3306: receiver on, applier off. Correct that, or make it a replica of db1:3306: ${repoint}.`,
    );
  });

  test('proposes to start its own stopped channel from a replica of the source', () => {
    const db2 = seen(replicaOf('db3', 'db2', { channels: [channelFrom('db3', { receiver: 'off' })] }));
    expect(said({ db2, db3: seen(replicaOf('db1', 'db3')) })).toBe(
      'db2:3306 does not replicate from db3:3306: receiver off, applier on. It was stopped, or never started. If nobody needs it stopped: START REPLICA',
    );
  });

  test('explains that its source is a former source that has not rejoined, even if that one follows the source or is not configured any more', () => {
    const ledger = ledgerOf('db1', { was: [{ uuid: uuid('db3'), address: address('db3') }] });
    expect(said({ ...deadEnd, db3: seen(replicaOf('db1', 'db3')) }, { ledger })).toContain(
      'db2:3306 replicates from db3:3306, a former source that has not rejoined, and gets nothing from',
    );
    expect(said({ db2: seen(replicaOf('db3', 'db2')) }, { ledger })).toContain(
      'db2:3306 replicates from db3:3306, a former source that has not rejoined, and gets nothing from',
    );
  });

  test('proposes to close a writable server first', () => {
    expect(
      said({ ...deadEnd, db2: seen(replicaOf('db3', 'db2', { readOnly: false, superReadOnly: false })) }),
    ).toContain(`: SET GLOBAL super_read_only = ON; ${repoint}.`);
  });

  describe('proposes no statement that could lose data where', () => {
    test.each([
      [
        'it has transactions of its own',
        { evidence: { rejoins: new Map([[address('db2'), { rejoined: false, errant: 3 }]]) } },
        'It has transactions that db1:3306 lacks: save them if they matter (mysqlbinlog), then rebuild it from db1:3306 (CLONE).',
      ],
      [
        'they were not compared yet',
        { evidence: { rejoins: new Map() } },
        'It is not known yet whether it has transactions that db1:3306 lacks. Check this before you make it a replica.',
      ],
      [
        'the source is in doubt',
        { decision: { kind: 'hold', reason: 'two-sources', sentence: '' } },
        'Leave it as it is while the source is in doubt (two-sources).',
      ],
    ] as const)('%s', (_, publication, expected) =>
      expect(said(deadEnd, { publication })).toContain(`nobody. ${expected}`),
    );

    test('there are no GTIDs', () => {
      const { gtidExecuted: _none, ...facts } = replicaOf('db3', 'db2');
      expect(said({ ...deadEnd, db2: seen(facts) })).toContain(
        'Without GTIDs nobody can tell where it must begin: rebuild it from db1:3306 (CLONE).',
      );
    });
  });

  const group = (state: 'ONLINE' | 'RECOVERING' | 'OFFLINE' | 'ERROR', server = 'db2') =>
    ({
      name: 'aaaaaaaa-aaaa-11f1-8000-000000000000',
      singlePrimary: true,
      members: [{ id: uuid(server), state, role: '' }],
    }) as const;

  test('proposes to join the group again when the group goes on without the server', () => {
    const out = seen(factsOf('db2', { readOnly: true, group: group('ERROR') }));
    expect(said({ db1: seen(factsOf('db1', { group: group('ONLINE', 'db1') })), db2: out })).toBe(
      'db2:3306 is ERROR in its group, and gets nothing from the source db1:3306. To bring it back into its group: STOP GROUP_REPLICATION; START GROUP_REPLICATION. Its group_replication_bootstrap_group must be OFF: else it begins a second group.',
    );
    expect(
      said({ db1: seen(factsOf('db1', { group: group('OFFLINE', 'db1') })), db2: out }),
      'nobody is in it',
    ).toContain(
      'must be started again from db1:3306 (InnoDB Cluster: dba.rebootClusterFromCompleteOutage()). Then bring the server back: STOP GROUP_REPLICATION',
    );
    expect(said({ db2: out }), 'the source is in no group').toContain(
      'is ERROR in its group, and gets nothing from the source db1:3306. To make it a replica of',
    );
  });

  test('names the channel that could help when the server has several', () => {
    const channels = [channelFrom('db4'), channelFrom('db3', { name: 'c3', receiver: 'off' })];
    const servers = {
      db2: seen(replicaOf('db4', 'db2', { channels })),
      db3: seen(replicaOf('db1', 'db3')),
      db4: seen(factsOf('db4', { readOnly: true })),
    };
    expect(said(servers)).toBe(
      "db2:3306 does not replicate from db3:3306: receiver off, applier on. It was stopped, or never started. If nobody needs it stopped: START REPLICA FOR CHANNEL 'c3'",
    );
  });

  const wsrep = {
    clusterUuid: 'c',
    primaryComponent: true,
    ready: true,
    size: 2,
    lastCommitted: 1,
    closed: false,
    desynced: false,
  };
  test.each([
    [
      'it is a member of a group',
      { db2: seen(factsOf('db2', { readOnly: true, group: group('RECOVERING') })) },
    ],
    [
      'it is a Galera node',
      { db2: seen(factsOf('db2', { readOnly: true, wsrep: { ...wsrep, state: 'joining' } })) },
    ],
    [
      'it is an Aurora reader',
      { db2: seen(factsOf('db2', { readOnly: true, managed: { kind: 'aurora', self: 'a', members: [] } })) },
    ],
    ['it is writable and replicates from nobody: that is another alarm', { db2: seen(factsOf('db2')) }],
    ['it replicates from another cluster only', { db2: seen(replicaOf('db9', 'db2')) }],
    [
      'the same, and that channel is stopped',
      { db2: seen(replicaOf('db9', 'db2', { channels: [channelFrom('db9', { receiver: 'off' })] })) },
    ],
    [
      'the server that it replicates from never answered',
      { db2: seen(replicaOf('db3', 'db2')), db3: silent },
    ],
    ['it does not answer', { db2: silent }],
  ])('is silent: %s', (_, servers) => expect(said(servers)).toBeUndefined());

  test.each([
    ['a former source with stale writes', factsOf('db2', { readOnly: true }), 2],
    ['a former source that is writable', factsOf('db2'), 0],
  ])('is silent about %s: the stale-source alarm covers it', (_, facts, errant) => {
    const ledger = ledgerOf('db1', { was: [{ uuid: uuid('db2'), address: address('db2') }] });
    expect(
      said(
        { db2: seen(facts) },
        {
          ledger,
          publication: { evidence: { rejoins: new Map([[address('db2'), { rejoined: false, errant }]]) } },
        },
      ),
    ).toBeUndefined();
  });

  test('names a read-only former source that follows nobody', () => {
    const ledger = ledgerOf('db1', { was: [{ uuid: uuid('db2'), address: address('db2') }] });
    expect(said({ db2: alone }, { ledger })).toContain(
      'db2:3306 replicates from nobody, and gets nothing from the source db1:3306.',
    );
  });

  test('is silent until the state has lasted for settle', () => {
    const since = (ms: number): Map<ServerAddress, ReturnType<typeof at>['mono']> =>
      new Map([[address('db2'), at(ms).mono]]);
    expect(
      said({ db2: alone }, { publication: { evidence: { wayless: since(2 - settleMs) } } }),
    ).toBeUndefined();
    expect(said({ db2: alone }, { publication: { evidence: { wayless: new Map() } } })).toBeUndefined();
  });

  test('counts from when the server has no way to a healthy source, until the server has one', () => {
    const since = (servers: Given['servers'], known: Record<string, number> = {}, nowMs = 1) => {
      const wayless = new Map(Object.entries(known).map(([name, ms]) => [address(name), at(ms).mono]));
      const situation = given({
        servers: { db1: seen(factsOf('db1')), ...servers },
        ledger: ledgerOf('db1'),
        publication: { evidence: { wayless } },
        nowMs,
      });
      return Object.fromEntries(settle(situation, situation.publication.decision).evidence.wayless);
    };
    expect(since({ db2: alone, db3: seen(replicaOf('db1', 'db3')), db4: silent })).toEqual({ 'db2:3306': 1 });
    expect(since({ db2: alone }, { db2: -5 })).toEqual({ 'db2:3306': -5 });
    expect(since({ db2: seen(replicaOf('db1', 'db2')) }, { db2: -5 })).toEqual({});
    expect(since({ db1: silent, db2: alone, db3: quiet }, { db2: -5 })).toEqual({ 'db2:3306': -5 });
  });
});
