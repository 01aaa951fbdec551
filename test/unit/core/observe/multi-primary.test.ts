/** Clusters in which every member may write, and Aurora, whose table names one: the cases by name that the transcripts do not tell. */

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
    given({ servers, ledger: ledgerOf('db1'), publication: { line: new Set(places.map(uuid)) }, ...over }),
  );
  return `${decision.kind} ${decision.reason}${decision.kind === 'point-to' ? ` ${decision.source}` : ''}`;
}

describe('Galera: the published node is left, and the next one is', () => {
  const left = node('db1', { primaryComponent: false, ready: false, size: 1 });

  test('the first in configured order', () => {
    expect(verdict({ db1: left, db2: node('db2'), db3: node('db3') })).toBe('point-to switchover db2:3306');
    expect(verdict({ db1: left, db3: node('db3'), db2: node('db2') })).toBe('point-to switchover db3:3306');
  });

  test.each([
    ['gives its state to a joiner', { state: 'donor' }],
    ['takes no part in flow control', { desynced: true }],
  ] as const)('one that %s only where there is no other', (_, busy) => {
    expect(verdict({ db1: left, db2: node('db2', busy), db3: node('db3') })).toBe(
      'point-to switchover db3:3306',
    );
    expect(verdict({ db1: left, db2: node('db2', busy), db3: silent })).toBe('point-to switchover db2:3306');
  });

  test.each([
    ['was closed to queries', { closed: true }],
    ['is not ready', { ready: false, state: 'joining' }],
    ['is of another cluster', { clusterUuid: 'dddddddd-dddd-11f1-8000-000000000000' }],
  ] as const)('not one that %s', (_, over) => {
    expect(verdict({ db1: left, db2: node('db2', over), db3: node('db3') })).toBe(
      'point-to switchover db3:3306',
    );
  });

  test('although another peer refuses us: it may write as well, and either will do', () => {
    const memory = { db2: { facts: (node('db2') as { facts: ServerFacts }).facts } };
    expect(verdict({ db1: left, db2: refusing, db3: node('db3') }, { memory })).toBe(
      'point-to switchover db3:3306',
    );
  });

  test('but not while a server outside of the cluster was promoted, too', () => {
    const servers = { db1: left, db2: node('db2'), db3: node('db3'), db4: seen(factsOf('db4')) };
    expect(verdict(servers, { memory: { db4: { promotedAt: at(1).mono, shutAskedAt: at(1).mono } } })).toBe(
      'hold two-sources',
    );
  });
});

describe('Galera: two parts were both made primary by hand, and nobody is moved', () => {
  test('more nodes answer than any of them counts', () => {
    const parts = {
      db1: node('db1', { size: 2 }),
      db2: node('db2', { size: 2 }),
      db3: node('db3', { size: 2 }),
      db4: node('db4', { size: 2 }),
    };
    expect(verdict(parts)).toBe('hold two-sources');
  });

  test('two have the same place in one view', () => {
    const parts = { db1: node('db1', { index: 0 }), db2: node('db2', { index: 0 }), db3: silent };
    expect(verdict(parts)).toBe('hold two-sources');
  });
});

describe('Galera: the published node does not answer', () => {
  const known = { db1: { facts: (node('db1', { size: 4 }) as { facts: ServerFacts }).facts } };

  test('and the others count as many as before', () => {
    expect(verdict({ db1: silent, db2: node('db2'), db3: node('db3') })).toBe('hold published-source-alive');
  });

  test('and the others count one less: an arbitrator among them answers nobody', () => {
    expect(verdict({ db1: silent, db2: node('db2'), db3: node('db3') }, { memory: known })).toBe(
      'point-to failover db2:3306',
    );
  });

  test('and all that are counted answer; of one that was never seen the ledger tells which cluster it was in', () => {
    const rest = { db2: node('db2', { size: 2 }), db3: node('db3', { size: 2 }) };
    const ledger = ledgerOf('db1', { line: { uuid: clusterUuid, gno: 400 } });
    expect(verdict({ db1: silent, ...rest }, { ledger, publication: {} })).toBe('point-to failover db2:3306');
    expect(verdict({ db1: silent, ...rest })).toBe('hold unproven-candidate');
  });

  test('nor most of the others: this may be our own network', () => {
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
  test('has one source, whichever others may write: the published one', () => {
    const view = 'db1 db2 db3';
    expect(verdict({ db1: member('db1', view), db2: member('db2', view), db3: member('db3', view) })).toBe(
      'point-to steady db1:3306',
    );
  });

  test('goes on without an isolated member, which says itself that it has lost the majority', () => {
    const others = { db2: member('db2', 'db2 db3'), db3: member('db3', 'db2 db3') };
    expect(verdict({ db1: member('db1', 'db1 db2? db3?'), ...others })).toBe('point-to switchover db2:3306');
  });

  test('was forced apart (group_replication_force_members): two writable parts', () => {
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

describe("Aurora's own table", () => {
  const ledger = ledgerOf('db1', { uuid: 'aurora:db1' as ServerId });
  const fresh = { ledger, publication: {} };

  test('names the writer that took over: the old one is a reader now', () => {
    const servers = { db1: aurora('db1', 'db2'), db2: aurora('db2', 'db2'), db3: aurora('db3', 'db2') };
    expect(verdict(servers, fresh)).toBe('point-to switchover db2:3306');
  });

  test('shows who is of the cluster, also to one who has just begun while the old writer is away', () => {
    const servers = { db1: silent, db2: aurora('db2', 'db2'), db3: aurora('db3', 'db2') };
    expect(verdict(servers, fresh)).toBe('point-to failover db2:3306');
  });

  test('still names a writer that we do not see', () => {
    const servers = { db1: silent, db2: aurora('db2', 'db1'), db3: aurora('db3', 'db1') };
    expect(verdict(servers, fresh)).toBe('hold published-source-alive');
    const old = { db1: silent, db2: aurora('db2', 'db1', {}, 60_000), db3: aurora('db3', 'db1', {}, 60_000) };
    expect(verdict(old, fresh)).toBe('hold no-candidate');
  });

  test('is not enough where the server does not write (yet)', () => {
    const between = { readOnly: true, superReadOnly: true };
    const servers = { db1: silent, db2: aurora('db2', 'db2', between), db3: aurora('db3', 'db2') };
    expect(verdict(servers, fresh)).toBe('hold no-candidate');
  });
});

test('a replica of a node is read from; it is no peer', () => {
  const servers = { db1: node('db1'), db2: node('db2'), db3: seen(replicaOf('db1', 'db3')) };
  expect(verdict(servers)).toBe('point-to steady db1:3306');
});
