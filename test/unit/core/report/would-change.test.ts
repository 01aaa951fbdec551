/** Shows what `explain` says would change a decision. */

import { describe, expect, test } from 'vitest';
import { guard } from '../../../../src/core/decide/guard.ts';
import { decide } from '../../../../src/core/decide/table.ts';
import type { Ledger } from '../../../../src/core/model/ledger.ts';
import type { ServerFacts } from '../../../../src/core/model/observation.ts';
import type { ServerAddress, ServerId } from '../../../../src/core/model/units.ts';
import { holdReasons } from '../../../../src/core/model/vocabulary.ts';
import { wouldChange } from '../../../../src/core/report/would-change.ts';
import {
  address,
  at,
  factsOf,
  fqdn,
  type Given,
  given,
  gtids,
  ledgerOf,
  refusing,
  replicaOf,
  seen,
  silent,
  uuid,
  viewOf,
} from '../../../support/given.ts';

const source = seen(factsOf('db1'));
const readOnly = (name: string, over: Partial<ServerFacts> = {}) =>
  seen(factsOf(name, { readOnly: true, superReadOnly: true, ...over }));
const promoted = { db2: { promotedAt: at(1).mono, shutAskedAt: at(1).mono } };
const line = new Set(['db1', 'db2', 'db3'].map(uuid));
const former = (name: string) => ({ uuid: uuid(name), address: address(name) });
const ledger = ledgerOf('db1');
const replicas = { db2: seen(replicaOf('db1', 'db2')), db3: seen(replicaOf('db1', 'db3')) };
const healthy: Given = { servers: { db1: source, ...replicas }, ledger };
/** db1 is gone and db2 was promoted. */
const failedOver: Given = {
  servers: { db1: silent, db2: seen(factsOf('db2')), db3: readOnly('db3') },
  memory: promoted,
  ledger,
  publication: { evidence: { line } },
};
const inGroup = (name: string, role: 'PRIMARY' | 'SECONDARY', singlePrimary = true) => {
  const members = (['db1', 'db2', 'db3'] as const).map((member) => ({
    id: uuid(member),
    state: 'ONLINE' as const,
    role: member === 'db1' || !singlePrimary ? ('PRIMARY' as const) : ('SECONDARY' as const),
  }));
  const readOnlyFlags = { readOnly: role === 'SECONDARY', superReadOnly: role === 'SECONDARY' };
  return seen(factsOf(name, { ...readOnlyFlags, group: { name: 'g', singlePrimary, members } }));
};
const withLedger = (world: Given, over: Partial<Ledger>): Given => ({
  ...world,
  ledger: ledgerOf('db1', over),
});

/** Every hold in its simplest form; some have several causes. */
const holds: Readonly<Record<string, Given>> = {
  'ledger-unknown, unreachable': {
    ...healthy,
    publication: {
      zone: {
        failure: { code: 'timeout', message: '192.0.2.53 does not answer.', hint: 'Is named running?' },
      },
    },
  },
  'ledger-unknown, another version': {
    ...healthy,
    publication: {
      zone: { view: { ...viewOf(undefined), ledger: { kind: 'unreadable', why: 'is of version 2, not 1' } } },
    },
  },
  'foreign-ledger': withLedger(healthy, { cluster: 'forum' }),
  'foreign-rrset': {
    servers: healthy.servers,
    rrsets: [{ name: fqdn('source.example.'), type: 'A', ttlSeconds: 5, rdata: ['192.0.2.9'] }],
  },
  'ledger-lost': {
    servers: healthy.servers,
    publication: {
      zone: {
        remembered: { nameserver: 'ns1', epoch: 7, source: address('db1'), uuid: uuid('db1') },
        lostSince: at(0).mono,
      },
    },
  },
  'unproven-candidate, several': {
    servers: { db1: silent, db2: seen(factsOf('db2')), db3: seen(factsOf('db3')) },
    ledger,
    publication: { evidence: { line } },
  },
  frozen: withLedger(healthy, { frozen: { by: 'eve', reason: 'maintenance' } }),
  'unknown-source': { ...healthy, ledger: ledgerOf('db9', { by: 'watcher-2' }) },
  'two-sources': {
    servers: { db1: source, db2: seen(factsOf('db2')), db3: readOnly('db3') },
    ledger,
    publication: { evidence: { line } },
  },
  'two-sources, both promoted': {
    servers: { db1: silent, db2: seen(factsOf('db2')), db3: seen(factsOf('db3')) },
    memory: { ...promoted, db3: { promotedAt: at(1).mono, shutAskedAt: at(1).mono } },
    ledger,
    publication: { evidence: { line } },
  },
  'published-source-alive, followed': { ...healthy, servers: { db1: silent, ...replicas } },
  'published-source-alive, counted': {
    ...healthy,
    servers: { db1: silent, db2: inGroup('db2', 'SECONDARY'), db3: inGroup('db3', 'SECONDARY') },
    memory: { db1: { facts: factsOf('db1') } },
  },
  'published-source-alive, refusing': {
    ...healthy,
    servers: { db1: refusing, db2: readOnly('db2'), db3: readOnly('db3') },
  },
  'minority-view': { ...healthy, servers: { db1: silent, db2: silent, db3: readOnly('db3'), db4: silent } },
  'minority-view, after a move of another instance': {
    ...failedOver,
    publication: { evidence: { line }, zone: { movedElsewhereAt: at(0).mono } },
  },
  'minority-view, asking': { ...healthy, servers: { db1: undefined, db2: readOnly('db2') } },
  'unproven-candidate': {
    servers: { db1: silent, db2: seen(factsOf('db2')), db3: readOnly('db3') },
    ledger,
    publication: { evidence: { line } },
  },
  'superseded-source': {
    ...withLedger(healthy, { was: [former('db2')] }),
    servers: {
      db1: readOnly('db1'),
      db2: seen(factsOf('db2')),
      db3: readOnly('db3'),
      db4: readOnly('db4', { gtidExecuted: gtids('db1:1-90') }),
    },
    publication: { evidence: { line: new Set([...line, uuid('db4')]) } },
  },
  stranger: { servers: { db1: readOnly('db1'), db2: seen(factsOf('db2')), db3: readOnly('db3') }, ledger },
  settling: {
    servers: { db1: silent, db2: seen(factsOf('db2')) },
    ledger,
    publication: { evidence: { line } },
  },
  'no-candidate': {
    servers: { db1: silent, db2: readOnly('db2'), db3: readOnly('db3', { gtidExecuted: gtids('db1:1-90') }) },
    ledger,
    publication: { evidence: { line } },
  },
  'candidate-behind': {
    ...failedOver,
    servers: { ...failedOver.servers, db3: readOnly('db3', { gtidExecuted: gtids('db1:1-107') }) },
    settings: { gtidGuard: 'hold' },
  },
  flapping: { ...failedOver, publication: { evidence: { line }, limits: { flapping: true } } },
  'unsafe-address': {
    ...failedOver,
    memory: { db2: { promotedAt: at(1).mono, shutAskedAt: at(1).mono, addresses: ['127.0.0.1'] } },
  },
  'ledger-full': withLedger(failedOver, {
    was: Array.from({ length: 8 }, (_, index) => ({
      uuid: `gone${index}` as ServerId,
      address: `old${index}:3306` as ServerAddress,
    })),
  }),
};

function explained(world: Given): { readonly reason: string; readonly sentences: readonly string[] } {
  const situation = given(world);
  const decision = guard(situation, decide(situation));
  return { reason: decision.reason, sentences: wouldChange(situation, decision) };
}

const textOf = (cases: Readonly<Record<string, Given>>): string =>
  Object.entries(cases)
    .map(([title, world]) =>
      [title, ...explained(world).sentences.map((sentence) => `  ${sentence}`)].join('\n'),
    )
    .join('\n');

describe('what would change a hold', () => {
  test.each(Object.entries(holds))('%s is a hold, and has one to three short sentences', (title, world) => {
    const { reason, sentences } = explained(world);
    expect(reason).toBe(title.split(',')[0]);
    expect(sentences.length).toBeGreaterThan(0);
    expect(sentences.length).toBeLessThanOrEqual(3);
    expect(
      sentences.filter((sentence) => sentence.length > 160 || /undefined|\bnull\b|NaN/.test(sentence)),
    ).toEqual([]);
  });

  test('every reason has sentences', () => {
    const told = new Set(Object.keys(holds).map((title) => title.split(',')[0]));
    expect(Object.keys(holdReasons).filter((reason) => !told.has(reason))).toEqual([]);
  });

  test('the sentences are these', () => {
    expect(textOf(holds)).toMatchInlineSnapshot(`
      "ledger-unknown, unreachable
        Nameserver ns1 must answer. It is asked again all the time.
        Is named running?
      ledger-unknown, another version
        Correct the TXT RRset of _source-dns.source.example., or upgrade this instance to the version that wrote the ledger.
      foreign-ledger
        Give one of the two clusters another source.name: in the configuration of this one, or of forum.
        If that cluster is gone for good: delete the TXT RRset of _source-dns.source.example., and set adopt: true.
      foreign-rrset
        To take source.example. over: set adopt: true under publish in the configuration of this cluster.
        Or delete the RRsets of source.example.: then the name is published anew.
      ledger-lost
        By itself: when db1:3306 is writable and replicates from nobody, and the ledger has been lost for fresh_for (3 s).
        Or restore a version of the zone that has epoch 7.
        Or name the source: source-dns follow shop SERVER
      unproven-candidate, several
        If one of them was promoted: source-dns follow shop SERVER
        If not, on db2:3306, db3:3306: SET GLOBAL super_read_only = ON
        Or by itself: when another server replicates from it, or its promotion is seen while db1:3306 is not writable.
      frozen
        source-dns thaw shop lets the name move again. Nothing else does, not even a follow command.
      unknown-source
        Add db9:3306 to the servers of this configuration, as in the configuration of instance watcher-2.
        Or name one of this configuration's servers: source-dns follow shop SERVER
      two-sources
        On db2:3306: SET GLOBAL super_read_only = ON
        Or name the source: source-dns follow shop db2:3306
        Or by itself: when more than half of the other servers replicate from one of them.
      two-sources, both promoted
        On all but the source (db2:3306, db3:3306): SET GLOBAL super_read_only = ON
        Or name the source: source-dns follow shop SERVER
        Or by itself: when more than half of the other servers replicate from one of them.
      published-source-alive, followed
        db1:3306 must answer us.
        To replace it: end its mysqld, then promote another server. No server may replicate from it any more (now db2:3306, db3:3306).
      published-source-alive, counted
        db1:3306 must answer us.
        To replace it: db2:3306, db3:3306 must no longer count it among the members of their cluster.
      published-source-alive, refusing
        db1:3306 must answer us.
        To replace it: close it (SET GLOBAL super_read_only = ON) or end its mysqld, then promote another server.
      minority-view
        More servers must answer, of db2:3306, db4:3306: 1 of 3 other servers is no majority.
        Check the network of this machine, and those servers.
        Only if db2:3306 is gone for good: source-dns forget shop db2:3306
      minority-view, after a move of another instance
        Wait for one probe: each server must answer again after the move by watcher-1.
      minority-view, asking
        Wait for one probe: it shows whether db1:3306 answers.
      unproven-candidate
        If db2:3306 was promoted: source-dns follow shop db2:3306
        If not, on db2:3306: SET GLOBAL super_read_only = ON
        Or by itself: when another server replicates from it, or its promotion is seen while db1:3306 is not writable.
      superseded-source
        To move the name back to db2:3306: source-dns follow shop db2:3306
      stranger
        Promote a server of the line.
        Only if db2:3306 is meant to take over: source-dns follow shop db2:3306 --force
      settling
        Time: the situation must last for settle (30 s). An answer of db1:3306 ends the wait.
        At once, if db1:3306 is certainly gone: source-dns follow shop db2:3306
      no-candidate
        Promote a server: the name follows it (db2:3306 is the most advanced).
        Or make db1:3306 the source again: see why it is not a candidate.
      candidate-behind
        Close db2:3306 (SET GLOBAL super_read_only = ON). Then promote db3:3306, or let db2:3306 get from it what it lacks.
        To give these transactions up: source-dns follow shop db2:3306 --force
      flapping
        First find the tools that work against each other. Then source-dns thaw shop lets the name move by itself again.
        Or name the source: source-dns follow shop SERVER
      unsafe-address
        Clients must reach the address: correct what the host name of db2:3306 resolves to, or set publish: for it.
      ledger-full
        One of the former sources must become a replica of the source again, and catch up.
        If old0:3306 will not come back: source-dns forget shop old0:3306"
    `);
  });
});

describe('what would change the pointing to a server', () => {
  const failing = { code: 'refused', message: 'The nameserver answered REFUSED.' };
  test('the sentences are these', () => {
    expect(
      textOf({
        'steady, of three': healthy,
        'steady, of two': { ...healthy, servers: { db1: source, db2: replicas.db2 } },
        'steady, of a group': {
          servers: {
            db1: inGroup('db1', 'PRIMARY'),
            db2: inGroup('db2', 'SECONDARY'),
            db3: inGroup('db3', 'SECONDARY'),
          },
          ledger,
        },
        'steady, of peers': {
          servers: {
            db1: inGroup('db1', 'PRIMARY', false),
            db2: inGroup('db2', 'PRIMARY', false),
            db3: inGroup('db3', 'PRIMARY', false),
          },
          ledger,
        },
        'steady, of MariaDB': {
          ...healthy,
          servers: { db1: seen(factsOf('db1', { flavour: 'mariadb' })), db2: replicas.db2 },
        },
        'steady, of one': { ...healthy, servers: { db1: source } },
        failover: failedOver,
        'failover, observed only': { ...failedOver, settings: { mode: 'observe' } },
        'failover, refused': {
          ...failedOver,
          publication: { evidence: { line }, writing: { failure: failing } },
        },
        'failover, refused, with a hint': {
          ...failedOver,
          publication: { evidence: { line }, writing: { failure: { ...failing, hint: 'Grant it.' } } },
        },
      }),
    ).toMatchInlineSnapshot(`
      "steady, of three
        A switchover: first db1:3306 becomes read-only (SET GLOBAL super_read_only = ON). Then one of the others executes all that it lacks, and is promoted.
        A failover: db1:3306 does not answer, no server replicates from it any more, and one of the others is promoted.
      steady, of two
        A switchover: first db1:3306 becomes read-only (SET GLOBAL super_read_only = ON). Then db2:3306 executes all that it lacks, and is promoted.
        A failover: db1:3306 does not answer, no server replicates from it any more, and db2:3306 is promoted.
      steady, of a group
        The group chooses another primary, by itself or by: SELECT group_replication_set_as_primary('UUID')
      steady, of peers
        If db1:3306 no longer writes for its cluster, the name moves to the first of its peers, in configured order.
      steady, of MariaDB
        A switchover: first db1:3306 becomes read-only (SET GLOBAL read_only = ON). Then db2:3306 executes all that it lacks, and is promoted.
        A failover: db1:3306 does not answer, no server replicates from it any more, and db2:3306 is promoted.
      steady, of one
        Nothing changes it by itself: db1:3306 is the only server.
      failover
        Nothing is needed: the update is on its way. If the servers say something else before it is in the zone, it is called back.
      failover, observed only
        This instance only observes and writes nothing. Set mode: active to let it move the name.
      failover, refused
        The nameserver must accept the update. It said: The nameserver answered REFUSED.
      failover, refused, with a hint
        The nameserver must accept the update. It said: The nameserver answered REFUSED.
        Grant it."
    `);
  });
});
