/** Shows how `explain` tells a person to promote a replica, and when it does not. */

import { describe, expect, test } from 'vitest';
import type { Channel, ServerFacts, Version } from '../../../../src/core/model/observation.ts';
import type { ServerAddress, ServerId } from '../../../../src/core/model/units.ts';
import { promotionLine } from '../../../../src/core/report/promote-by-hand.ts';
import {
  address,
  channelFrom,
  factsOf,
  type Given,
  given,
  gtids,
  ledgerOf,
  refusing,
  replicaOf,
  seen,
  silent,
  uuid,
} from '../../../support/given.ts';

const version = (text: string): Version => {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number);
  return { major, minor, patch, text };
};
const line = new Set(['db1', 'db2', 'db3', 'db4'].map(uuid));
const orphan = (name: string, over: Partial<Channel> = {}, facts: Partial<ServerFacts> = {}) =>
  seen(
    replicaOf('db1', name, {
      channels: [channelFrom('db1', { receiver: 'connecting', retrieved: gtids('db1:50-100'), ...over })],
      ...facts,
    }),
  );
/** db1 is dead, and its replicas try to reach it. */
const orphans: Given = {
  servers: { db1: silent, db2: orphan('db2'), db3: orphan('db3') },
  ledger: ledgerOf('db1'),
  publication: { evidence: { line } },
};

function promotion(world: Given, name = 'db2'): string | undefined {
  const situation = given(world);
  return promotionLine(situation, situation.members.find((member) => member.address === address(name))!);
}

const withDb2 = (db2: ReturnType<typeof orphan>, over: Partial<Given['servers']> = {}): Given => ({
  ...orphans,
  servers: { ...orphans.servers, db2, ...over },
});

describe('how to promote a replica of a dead source', () => {
  test('in the order of the manual: detach, then open; also where the receiver still tries to connect, or was stopped', () => {
    const wanted =
      'to promote it, in this order: STOP REPLICA; RESET REPLICA ALL; SET GLOBAL read_only = OFF';
    expect(promotion(orphans)).toBe(wanted);
    expect(promotion(withDb2(orphan('db2', { receiver: 'off', applier: 'off' })))).toBe(wanted);
    expect(promotion(withDb2(seen(replicaOf('db1', 'db2', { channels: [] }))))).toBe(
      'to promote it, in this order: SET GLOBAL read_only = OFF',
    );
  });

  test('the replica first executes what it has received: RESET REPLICA deletes the relay log', () => {
    expect(promotion(withDb2(orphan('db2', { retrieved: gtids('db1:50-111') })))).toContain(
      ': first let it execute the 11 transactions that it has received: RESET deletes what is not executed; STOP REPLICA; RESET',
    );
    expect(promotion(withDb2(orphan('db2', { retrieved: gtids('db1:50-101'), applier: 'off' })))).toContain(
      'first let it execute the transaction that it has received (START REPLICA SQL_THREAD): RESET',
    );
    expect(
      promotion(withDb2(orphan('db2', { retrieved: gtids('db1:50-101'), delaySeconds: 3600 }))),
    ).toContain('received (it delays them by 3600 s on purpose): RESET');
    // Nobody can say what is in the relay log.
    const { retrieved: _none, ...unknown } = channelFrom('db1', { receiver: 'connecting' });
    expect(promotion(withDb2(orphan('db2', {}, { channels: [unknown] })))).toContain(
      'first let it execute all that it has received',
    );
    const place = { file: 'binlog.000003', position: 4 };
    const channels = [{ ...unknown, received: place, applied: place }];
    expect(promotion(withDb2(orphan('db2', {}, { channels })))).not.toContain('first');
  });

  test('the sentence says what would be lost', () => {
    expect(
      promotion(withDb2(orphan('db2'), { db3: orphan('db3', {}, { gtidExecuted: gtids('db1:1-107') }) })),
    ).toBe(
      'to promote it, in this order: STOP REPLICA; RESET REPLICA ALL; SET GLOBAL read_only = OFF. It lacks 7 transactions that db3:3306 has executed: these would be lost',
    );
  });

  test.each([
    ['9.7.4', 'STOP REPLICA; RESET REPLICA ALL'],
    ['8.0.22', 'STOP REPLICA; RESET REPLICA ALL'],
    ['8.0.21', 'STOP SLAVE; RESET SLAVE ALL'],
    ['5.7.44', 'STOP SLAVE; RESET SLAVE ALL'],
  ])('the statements fit MySQL %s', (text, statements) => {
    expect(promotion(withDb2(orphan('db2', {}, { version: version(text) })))).toBe(
      `to promote it, in this order: ${statements}; SET GLOBAL read_only = OFF`,
    );
  });

  test('the statements name channels, since a MySQL statement without a name means all: a channel from another cluster stays', () => {
    const named = orphan('db2', { name: 'c1' });
    expect(promotion(withDb2(named))).toContain(
      "STOP REPLICA FOR CHANNEL 'c1'; RESET REPLICA ALL FOR CHANNEL 'c1'; SET",
    );
    const other = channelFrom('db9', {
      name: 'crm',
      sourceAddress: 'crm:3306' as ServerAddress,
      sourceId: 'crm' as ServerId,
    });
    const both = [channelFrom('db1', { retrieved: gtids('db1:1') }), other];
    const servers = {
      db2: seen(replicaOf('db1', 'db2', { channels: both })),
      db1: seen(factsOf('db1', { readOnly: true })),
    };
    expect(promotion({ ...orphans, servers })).toContain(
      ": STOP REPLICA FOR CHANNEL ''; RESET REPLICA ALL FOR CHANNEL ''; SET GLOBAL read_only = OFF",
    );
    const mariadb = {
      flavour: 'mariadb' as const,
      version: version('11.8.2'),
      superReadOnly: false,
      gtidExecuted: gtids('db1:1-100'),
    };
    expect(promotion(withDb2(orphan('db2', { name: 'c1' }, mariadb)))).toContain(
      "STOP REPLICA 'c1'; RESET REPLICA 'c1' ALL; SET GLOBAL",
    );
  });
});

describe('beside a writable server that may never be the source', () => {
  /** The promotion of db2, where db3 is writable and `candidate: never`. */
  const beside = (db3: ReturnType<typeof orphan>): string | undefined => {
    const situation = given(withDb2(orphan('db2'), { db3 }));
    const members = situation.members.map((member) =>
      member.address === address('db3')
        ? { ...member, settings: { ...member.settings, candidate: 'never' as const } }
        : member,
    );
    return promotionLine(
      { ...situation, members },
      members.find((member) => member.address === address('db2'))!,
    );
  };

  test('a server without a channel is not opened', () => {
    expect(beside(seen(factsOf('db3')))).toBe(
      'do not promote it now: db3:3306 takes writes: if it is not the source, first close it (SET GLOBAL super_read_only = ON)',
    );
  });
  test('a server that still has its channel is promoted', () => {
    expect(beside(orphan('db3', {}, { readOnly: false, superReadOnly: false }))).toContain(
      'to promote it, in this order: STOP REPLICA',
    );
  });
});

describe('no statement makes a second writable server, or opens a stale server', () => {
  const former = { uuid: uuid('db3'), address: address('db3') };
  const writable = seen(factsOf('db3'));

  test.each<[string, Given, string]>([
    [
      'the source takes writes',
      withDb2(seen(replicaOf('db1', 'db2')), { db1: seen(factsOf('db1')) }),
      'the source db1:3306 takes writes',
    ],
    [
      'its replicas still hear the source',
      withDb2(orphan('db2'), { db3: seen(replicaOf('db1', 'db3')) }),
      'the source db1:3306 is alive: db3:3306 still replicates from it',
    ],
    [
      'the source refuses us',
      withDb2(orphan('db2'), { db1: refusing }),
      'the source db1:3306 is alive, although it refuses us',
    ],
    [
      'the source was not asked yet',
      withDb2(orphan('db2'), { db1: undefined }),
      'the source db1:3306 is still being asked',
    ],
    [
      'we see too few servers',
      withDb2(orphan('db2'), { db3: silent }),
      'only 1 of 2 other servers answer us, so the source may be alive',
    ],
    [
      'another server was promoted',
      withDb2(orphan('db2'), { db3: writable }),
      'db3:3306 takes writes: if it is not the source, first close it (SET GLOBAL super_read_only = ON)',
    ],
    [
      'a former source came back writable',
      { ...withDb2(orphan('db2'), { db3: writable }), ledger: ledgerOf('db1', { was: [former] }) },
      'db3:3306 takes writes: first close it (SET GLOBAL super_read_only = ON)',
    ],
    [
      'the other half of a ring is a writable replica',
      {
        servers: {
          db2: orphan('db2'),
          db3: seen(replicaOf('db2', 'db3', { readOnly: false, superReadOnly: false })),
        },
      },
      'db3:3306 takes writes: if it is not the source, first close it (SET GLOBAL super_read_only = ON)',
    ],
  ])('%s', (_title, world, obstacle) => expect(promotion(world)).toBe(`do not promote it now: ${obstacle}`));

  test('a former source that has not rejoined is not opened', () => {
    const world = {
      ...orphans,
      ledger: ledgerOf('db1', { was: [{ uuid: uuid('db2'), address: address('db2') }] }),
    };
    expect(promotion(world)).toBe('do not promote it: it is a former source, and its data may be stale');
    expect(promotion({ ...world, servers: { ...world.servers, db2: seen(factsOf('db2')) } })).toBeUndefined();
  });

  test('no statement appears where statements are not enough: candidates, strangers, reporting servers, group members, missing servers', () => {
    expect(promotion(withDb2(seen(factsOf('db2'))))).toBeUndefined();
    expect(promotion({ ...orphans, publication: {} })).toBeUndefined();
    expect(promotion(orphans, 'db1')).toBeUndefined();
    const group = {
      name: 'g',
      singlePrimary: true,
      members: [{ id: uuid('db2'), state: 'OFFLINE' as const, role: '' as const }],
    };
    expect(promotion(withDb2(orphan('db2', {}, { group })))).toBeUndefined();
  });
});

describe('a source that is read-only', () => {
  const closed: Given = {
    ...orphans,
    servers: { ...orphans.servers, db1: seen(factsOf('db1', { readOnly: true, superReadOnly: true })) },
  };

  test('is opened again, or another server is promoted, and not both', () => {
    expect(promotion(closed, 'db1')).toBe('to make it the source again: SET GLOBAL read_only = OFF');
    expect(promotion(closed)).toBe(
      'to promote it, if db1:3306 is not to be opened again, in this order: STOP REPLICA; RESET REPLICA ALL; SET GLOBAL read_only = OFF',
    );
  });

  test('is not opened beside a promoted server', () => {
    expect(promotion({ ...closed, servers: { ...closed.servers, db3: seen(factsOf('db3')) } }, 'db1')).toBe(
      'do not open it now: db3:3306 takes writes: if it is not the source, first close it (SET GLOBAL super_read_only = ON)',
    );
  });
});
