/** Shows which server is the source where all members may write, and in Aurora, whose table names one. */

import { describe, expect, test } from 'vitest';
import { decide } from '../../../../src/core/decide/table.ts';
import type {
  Group,
  ManagedMember,
  Probe,
  ServerFacts,
  Wsrep,
} from '../../../../src/core/model/observation.ts';
import type { ServerId } from '../../../../src/core/model/units.ts';
import {
  at,
  factsOf,
  type Given,
  given,
  ledgerOf,
  refusing,
  replicaOf,
  seen,
  silent,
  uuid,
} from '../../../support/given.ts';

const clusterUuid = 'cccccccc-cccc-11f1-8000-000000000000';
const places = ['db1', 'db2', 'db3', 'db4'];

/** A node in a primary component of three. */
const node = (name: string, over: Partial<Wsrep> = {}, facts: Partial<ServerFacts> = {}): Probe => {
  const wsrep: Wsrep = {
    clusterUuid,
    primaryComponent: true,
    ready: true,
    state: 'synced',
    size: 3,
    index: places.indexOf(name),
    view: 7,
    lastCommitted: 500,
    closed: false,
    desynced: false,
    ...over,
  };
  const { gtidExecuted: _own, ...others } = factsOf(name, facts);
  return seen({ ...others, wsrep });
};

function verdict(servers: Given['servers'], over: Partial<Given> = {}): string {
  const decision = decide(
    given({
      servers,
      ledger: ledgerOf('db1'),
      publication: { evidence: { line: new Set(places.map(uuid)) } },
      ...over,
    }),
  );
  return `${decision.kind} ${decision.reason}${decision.kind === 'point-to' ? ` ${decision.source}` : ''}`;
}

describe('Galera: the published node leaves, and the next source is', () => {
  const left = node('db1', { primaryComponent: false, ready: false, size: 1 });

  test('the first node in configured order', () => {
    expect(verdict({ db1: left, db2: node('db2'), db3: node('db3') })).toBe('point-to switchover db2:3306');
    expect(verdict({ db1: left, db3: node('db3'), db2: node('db2') })).toBe('point-to switchover db3:3306');
  });

  test.each([
    ['gives its state to a joiner', { state: 'donor' }],
    ['takes no part in flow control', { desynced: true }],
  ] as const)('a node that %s only if there is no other node', (_, busy) => {
    expect(verdict({ db1: left, db2: node('db2', busy), db3: node('db3') })).toBe(
      'point-to switchover db3:3306',
    );
    expect(verdict({ db1: left, db2: node('db2', busy), db3: silent })).toBe('point-to switchover db2:3306');
  });

  test.each([
    ['was closed to queries', { closed: true }],
    ['is not ready', { ready: false, state: 'joining' }],
    ['belongs to another cluster', { clusterUuid: 'dddddddd-dddd-11f1-8000-000000000000' }],
  ] as const)('no node that %s', (_, over) => {
    expect(verdict({ db1: left, db2: node('db2', over), db3: node('db3') })).toBe(
      'point-to switchover db3:3306',
    );
  });

  test('a peer, even if another peer refuses us: that one may write as well, and either will do', () => {
    const memory = { db2: { facts: (node('db2') as { facts: ServerFacts }).facts } };
    expect(verdict({ db1: left, db2: refusing, db3: node('db3') }, { memory })).toBe(
      'point-to switchover db3:3306',
    );
  });

  test('nobody while a server outside of the cluster was promoted too', () => {
    const servers = { db1: left, db2: node('db2'), db3: node('db3'), db4: seen(factsOf('db4')) };
    expect(verdict(servers, { memory: { db4: { promotedAt: at(1).mono, shutAskedAt: at(1).mono } } })).toBe(
      'hold two-sources',
    );
  });
});

describe('Galera: two parts were both made primary by hand, and the name stays', () => {
  test('because more nodes answer than any of them counts', () => {
    const parts = {
      db1: node('db1', { size: 2 }),
      db2: node('db2', { size: 2 }),
      db3: node('db3', { size: 2 }),
      db4: node('db4', { size: 2 }),
    };
    expect(verdict(parts)).toBe('hold two-sources');
  });

  test('because two nodes have the same place in one view', () => {
    const parts = { db1: node('db1', { index: 0 }), db2: node('db2', { index: 0 }), db3: silent };
    expect(verdict(parts)).toBe('hold two-sources');
  });
});

describe('Galera: the published node does not answer', () => {
  const known = { db1: { facts: (node('db1', { size: 4 }) as { facts: ServerFacts }).facts } };

  test('the name stays while the others count as many nodes as before', () => {
    expect(verdict({ db1: silent, db2: node('db2'), db3: node('db3') })).toBe('hold published-source-alive');
  });

  test('the name stays when the others count one node less: one of them may be an arbitrator, which answers nobody', () => {
    expect(verdict({ db1: silent, db2: node('db2'), db3: node('db3') }, { memory: known })).toBe(
      'point-to failover db2:3306',
    );
  });

  test('the name moves when all counted nodes answer; for a node never seen the ledger tells its cluster', () => {
    const rest = { db2: node('db2', { size: 2 }), db3: node('db3', { size: 2 }) };
    const ledger = ledgerOf('db1', { line: { uuid: clusterUuid, gno: 400 } });
    expect(verdict({ db1: silent, ...rest }, { ledger, publication: {} })).toBe('point-to failover db2:3306');
    expect(verdict({ db1: silent, ...rest })).toBe('hold unproven-candidate');
  });

  test('the name stays while most of the others are silent too: our own network may be broken', () => {
    const servers = { db1: silent, db2: node('db2', { size: 1 }), db3: silent };
    expect(verdict(servers)).toBe('hold minority-view');
  });
});

const groupOf = (members: string, over: Partial<Group> = {}): Group => ({
  name: 'aaaaaaaa-aaaa-11f1-8000-000000000000',
  singlePrimary: false,
  members: members.split(' ').map((word) => ({
    id: uuid(word.slice(0, 3)),
    state: word.endsWith('?') ? 'UNREACHABLE' : 'ONLINE',
    role: 'PRIMARY',
  })),
  ...over,
});
const member = (name: string, members: string): Probe => seen(factsOf(name, { group: groupOf(members) }));

describe('a group in multi-primary mode', () => {
  test('has one source, the published one, whichever other members may write', () => {
    const view = 'db1 db2 db3';
    expect(verdict({ db1: member('db1', view), db2: member('db2', view), db3: member('db3', view) })).toBe(
      'point-to steady db1:3306',
    );
  });

  test('goes on without an isolated member that says that it lost the majority', () => {
    const others = { db2: member('db2', 'db2 db3'), db3: member('db3', 'db2 db3') };
    expect(verdict({ db1: member('db1', 'db1 db2? db3?'), ...others })).toBe('point-to switchover db2:3306');
  });

  test('has two sources when it was forced apart (group_replication_force_members)', () => {
    const servers = {
      db1: member('db1', 'db1'),
      db2: member('db2', 'db2 db3'),
      db3: member('db3', 'db2 db3'),
    };
    expect(verdict(servers)).toBe('hold two-sources');
  });
});

const aurora = (name: string, writer: string, over: Partial<ServerFacts> = {}, heardAgoMs = 300): Probe => {
  const members = places
    .slice(0, 3)
    .map((one): ManagedMember => ({ name: one, writer: one === writer, heardAgoMs }));
  const isWriter = name === writer;
  const { gtidExecuted: _none, ...facts } = factsOf(name, {
    readOnly: !isWriter,
    superReadOnly: !isWriter,
    ...over,
  });
  return seen({
    ...facts,
    id: `aurora:${name}` as ServerId,
    managed: { kind: 'aurora', self: name, members },
  });
};

describe('the table of Aurora', () => {
  const ledger = ledgerOf('db1', { uuid: 'aurora:db1' as ServerId });
  const fresh = { ledger, publication: {} };

  test('names the writer that took over: the old writer is a reader now', () => {
    const servers = { db1: aurora('db1', 'db2'), db2: aurora('db2', 'db2'), db3: aurora('db3', 'db2') };
    expect(verdict(servers, fresh)).toBe('point-to switchover db2:3306');
  });

  test('shows the members to a process that began while the old writer is away', () => {
    const servers = { db1: silent, db2: aurora('db2', 'db2'), db3: aurora('db3', 'db2') };
    expect(verdict(servers, fresh)).toBe('point-to failover db2:3306');
  });

  test('still names a writer that we do not see', () => {
    const servers = { db1: silent, db2: aurora('db2', 'db1'), db3: aurora('db3', 'db1') };
    expect(verdict(servers, fresh)).toBe('hold published-source-alive');
    const old = { db1: silent, db2: aurora('db2', 'db1', {}, 60_000), db3: aurora('db3', 'db1', {}, 60_000) };
    expect(verdict(old, fresh)).toBe('hold no-candidate');
  });

  test('is not enough where the named server does not write (yet)', () => {
    const between = { readOnly: true, superReadOnly: true };
    const servers = { db1: silent, db2: aurora('db2', 'db2', between), db3: aurora('db3', 'db2') };
    expect(verdict(servers, fresh)).toBe('hold no-candidate');
  });
});

test('makes a replica of a node no peer: clients only read from it', () => {
  const servers = { db1: node('db1'), db2: node('db2'), db3: seen(replicaOf('db1', 'db3')) };
  expect(verdict(servers)).toBe('point-to steady db1:3306');
});
