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
        An answer of nameserver ns1: it is asked again all the time.
        Is named running?
      ledger-unknown, another version
        Upgrade this instance to the version that wrote the ledger, or mend the TXT RRset of _source-dns.source.example..
      foreign-ledger
        Give one of the two clusters another name: source.name in the configuration of this one, or of forum.
        Where that cluster is gone for good: delete the TXT RRset of _source-dns.source.example., and set adopt: true.
      foreign-rrset
        adopt: true under publish in the configuration of this cluster takes source.example. over.
        Or delete the RRsets of source.example.: then it is published anew.
      ledger-lost
        By itself: once db1:3306 is writable, replicates from nobody, and the loss has lasted for fresh_for (3 s).
        Or restore the zone from where epoch 7 is in it.
        Or name the source: source-dns follow shop SERVER
      unproven-candidate, several
        If one of them was promoted: source-dns follow shop SERVER
        Evidence would do as well: another server that replicates from it, or a promotion that is seen while db1:3306 is not writable.
        If not, on db2:3306, db3:3306: SET GLOBAL super_read_only = ON
      frozen
        source-dns thaw shop lets it move again; nothing else does, not even a command.
      unknown-source
        Add db9:3306 to the servers of this configuration, as watcher-2 has it.
        Or name one of this configuration's servers: source-dns follow shop SERVER
      two-sources
        On db2:3306: SET GLOBAL super_read_only = ON
        Or name the one that is meant: source-dns follow shop db2:3306
        Or more than half of the other servers replicate from one of them.
      two-sources, both promoted
        On all but the source (db2:3306, db3:3306): SET GLOBAL super_read_only = ON
        Or name the one that is meant: source-dns follow shop SERVER
        Or more than half of the other servers replicate from one of them.
      published-source-alive, followed
        An answer of db1:3306 to us.
        If it is to be replaced: end its mysqld, then promote another server. Nobody may replicate from it any more (now db2:3306, db3:3306).
      published-source-alive, counted
        An answer of db1:3306 to us.
        If it is to be replaced: that db2:3306, db3:3306 no longer count it among the members of their cluster.
      published-source-alive, refusing
        An answer of db1:3306 to us.
        If it is to be replaced: close it (SET GLOBAL super_read_only = ON) or end its mysqld, then promote another server.
      minority-view
        More answers, of db2:3306, db4:3306: 1 of 3 other servers is no majority.
        Mend the network of this machine, or look at those servers.
        Only if db2:3306 is gone for good: source-dns forget shop db2:3306
      minority-view, after a move of another instance
        An answer of each server that is younger than the move by watcher-1: known within one probe.
      minority-view, asking
        The answer of db1:3306, or that none comes: known within one probe.
      unproven-candidate
        If db2:3306 was promoted: source-dns follow shop db2:3306
        Evidence would do as well: another server that replicates from it, or a promotion that is seen while db1:3306 is not writable.
        If not, on db2:3306: SET GLOBAL super_read_only = ON
      superseded-source
        Back to db2:3306: source-dns follow shop db2:3306
      stranger
        Promote a server of the line.
        Only if db2:3306 is meant to take over: source-dns follow shop db2:3306 --force
      settling
        Time: it must last for settle, 30 s. An answer of db1:3306 ends it.
        At once, if db1:3306 is gone for certain: source-dns follow shop db2:3306
      no-candidate
        Promote a server: the name follows it (db2:3306 is the most advanced).
        Or db1:3306 is the source again: see what it lacks.
      candidate-behind
        Close db2:3306 (SET GLOBAL super_read_only = ON); then promote db3:3306, or let db2:3306 get from it what it lacks.
        To give these transactions up: source-dns follow shop db2:3306 --force
      flapping
        source-dns thaw shop lets it move by itself again, once the tools that fight are found.
        Or name the source: source-dns follow shop SERVER
      unsafe-address
        An address that clients can reach: mend what the host name of db2:3306 resolves to, or set publish: for it.
      ledger-full
        One former source less: one of them becomes a replica of the source again, and catches up.
        One that will not come back: source-dns forget shop old0:3306"
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
        A switchover: first db1:3306 becomes read-only (SET GLOBAL super_read_only = ON), then one of the others executes all that it lacks, and is promoted.
        A failover: db1:3306 does not answer, nobody replicates from it any more, and one of the others is promoted.
      steady, of two
        A switchover: first db1:3306 becomes read-only (SET GLOBAL super_read_only = ON), then db2:3306 executes all that it lacks, and is promoted.
        A failover: db1:3306 does not answer, nobody replicates from it any more, and db2:3306 is promoted.
      steady, of a group
        The group's choice of another primary, by itself or by: SELECT group_replication_set_as_primary('UUID')
      steady, of peers
        db1:3306 no longer writes for its cluster: then the first of its peers, in configured order.
      steady, of MariaDB
        A switchover: first db1:3306 becomes read-only (SET GLOBAL read_only = ON), then db2:3306 executes all that it lacks, and is promoted.
        A failover: db1:3306 does not answer, nobody replicates from it any more, and db2:3306 is promoted.
      steady, of one
        Nothing by itself: db1:3306 is the only server.
      failover
        Nothing is needed: the update is on its way. Until it is in the zone, a change of what the servers say calls it back.
      failover, observed only
        This instance only observes and writes nothing: mode: active lets it move the name.
      failover, refused
        The nameserver must take the update. It said: The nameserver answered REFUSED.
      failover, refused, with a hint
        The nameserver must take the update. It said: The nameserver answered REFUSED.
        Grant it."
    `);
  });
});
