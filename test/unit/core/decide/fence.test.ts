/** The rule of the fence: a former source that takes writes is fenced, and each doubt alone stops that. */

import { describe, expect, test } from 'vitest';
import { fenceVerdict } from '../../../../src/core/decide/fence.ts';
import { openedSince } from '../../../../src/core/decide/opened.ts';
import { situationOf } from '../../../../src/core/decide/situation-of.ts';
import { steady } from '../../../../src/core/model/decision.ts';
import type { Fencing } from '../../../../src/core/model/fence.ts';
import type { Ledger } from '../../../../src/core/model/ledger.ts';
import type { ServerFacts } from '../../../../src/core/model/observation.ts';
import { withServer } from '../../../../src/core/model/state.ts';
import type { MonoMs, ServerAddress, ServerId } from '../../../../src/core/model/units.ts';
import {
  address,
  at,
  bothOver,
  channelFrom,
  factsOf,
  fqdn,
  type Given,
  gtids,
  ledgerOf,
  type PublicationOver,
  publicationSettings,
  refusing,
  replicaOf,
  seen,
  silent,
  stateOf,
  uuid,
  viewOf,
  withOver,
} from '../../../support/given.ts';

const was = [{ uuid: uuid('db1'), address: address('db1') }];
const line = { uuid: uuid('db1'), gno: 90 };
const moved = ledgerOf('db2', { was, line });
/** db2 was promoted in place of db1, which takes writes. */
const servers: Given['servers'] = {
  db1: seen(factsOf('db1')),
  db2: seen(factsOf('db2')),
  db3: seen(replicaOf('db2', 'db3')),
};
const calm: PublicationOver = { decision: steady({ address: address('db2') }, 'of a test') };

/** A ledger first named db1 as a former source at 0.5 s. The reading before that was at 0.4 s. */
const known = {
  formerSince: at(0.5).mono,
  notFormerAt: at(0.4).mono,
  opened: undefined,
  markedAt: undefined,
  isMarkOver: false,
};

interface Over extends Partial<Given> {
  /** What a second nameserver has. */
  readonly second?: Ledger | undefined;
  readonly fencing?: Partial<Fencing>;
}

function verdictOn(given: Over = {}): string {
  const { second, fencing, ...over } = given;
  const world = { servers, ledger: moved, ...over, publication: bothOver(calm, over.publication) };
  const state = stateOf(world);
  const now = at(world.nowMs ?? 1);
  const [first] = state.publications.values();
  const publications = [first!];
  if ('second' in given) {
    const settings = publicationSettings({ nameserver: 'ns2', zone: fqdn('example.') });
    publications.push(withOver({ ...first!, settings }, { zone: { view: viewOf(second) } }));
  }
  const situations = publications.map((publication) => situationOf(state, publication, now));
  const db1 = situations[0]!.members.find((member) => member.address === address('db1'))!;
  const named = { ...known, ...fencing };
  const verdict = fenceVerdict(situations, db1, {
    ...named,
    opened: openedSince(situations, db1, named),
  });
  return verdict?.kind === 'not' ? verdict.because : (verdict?.kind ?? 'nothing to fence');
}

const db1 = (over: Partial<ServerFacts>): Over => ({
  servers: { ...servers, db1: seen(factsOf('db1', over)) },
});
const db2 = (over: Partial<ServerFacts>): Over => ({
  servers: { ...servers, db2: seen(factsOf('db2', over)) },
});
const ledger = (over: Partial<Ledger>): Over => ({ ledger: { ...moved, ...over } });
const writing = (over: PublicationOver['writing']): Over => ({ publication: { writing: over! } });
const group = {
  name: 'g',
  singlePrimary: true,
  members: [{ id: uuid('db1'), state: 'ERROR', role: '' }],
} as const;

test('a former source that takes writes is to be fenced', () => expect(verdictOn()).toBe('fence'));

test('a second nameserver may say the same', () => expect(verdictOn({ second: moved })).toBe('fence'));

test('servers that do not answer say nothing against it', () => {
  expect(verdictOn({ servers: { ...servers, db3: silent } })).toBe('fence');
  expect(verdictOn({ servers: { ...servers, db3: refusing } })).toBe('fence');
});

test('a server that replicated from it after the move, and is silent now, speaks against it', () => {
  const world = { servers: { ...servers, db3: seen(replicaOf('db1', 'db3')) }, ledger: moved };
  const heard = stateOf({ ...world, publication: calm });
  const db3 = heard.servers.get(address('db3'))!;
  const latest = { probe: silent, at: at(1).mono, askedAt: at(0.9).mono };
  const state = withServer(heard, { ...db3, latest });
  const [publication] = state.publications.values();
  const situation = situationOf(state, publication!, at(1));
  const former = situation.members.find((member) => member.address === address('db1'))!;
  const because = 'db3:3306 does not answer, and replicated from it when it last answered';
  const before = (db3.factsAt! - 1) as MonoMs;
  expect(fenceVerdict([situation], former, { ...known, formerSince: before })).toEqual({
    kind: 'not',
    because,
  });
  // Before the move it was the source: then the same answer says nothing.
  expect(fenceVerdict([situation], former, { ...known, formerSince: db3.factsAt! })).toEqual({
    kind: 'fence',
  });
});

test('a receiver that only looks for the former source says nothing against it', () => {
  const channels = [channelFrom('db1', { receiver: 'connecting' })];
  expect(verdictOn({ servers: { ...servers, db3: seen(replicaOf('db1', 'db3', { channels })) } })).toBe(
    'fence',
  );
});

test('MariaDB is known by its server_id and its address', () => {
  const id = 'mariadb:1@db1:3306' as ServerId;
  const former = [{ uuid: id, address: address('db1') }];
  const asMariadb = (other: string) => ({
    ...ledger({ was: former }),
    ...db1({ id: other as ServerId, serverId: 1, flavour: 'mariadb' }),
  });
  expect(verdictOn(asMariadb(id))).toBe('fence');
  expect(verdictOn(asMariadb('mariadb:7@db1:3306'))).toBe('nothing to fence');
});

describe('there is nothing to fence where', () => {
  test.each<[string, Over]>([
    ['it is read-only', db1({ superReadOnly: true })],
    ['it does not answer', { servers: { ...servers, db1: silent } }],
    ['its answer is old', { nowMs: 3001 }],
    ['another server answers at its address', db1({ id: uuid('db7') })],
    ['no ledger names it', ledger({ was: [] })],
    ['the ledger names only its address', ledger({ was: [{ uuid: uuid('db7'), address: address('db1') }] })],
  ])('%s', (_, over) => expect(verdictOn(over)).toBe('nothing to fence'));
});

describe('it is not fenced where', () => {
  const readOnly = { readOnly: true, superReadOnly: true };
  test.each<[string, Over, string]>([
    // Rule 1: the ledger.
    ['the ledger is of another cluster', ledger({ cluster: 'other' }), 'ledger at ns1 is not in force'],
    [
      'the ledger went back',
      {
        publication: {
          zone: { remembered: { nameserver: 'ns1', epoch: 8, source: address('db1'), uuid: uuid('db1') } },
        },
      },
      'ledger at ns1 is not in force',
    ],
    [
      'the zone cannot be read',
      { publication: { zone: { failure: { code: 'x', message: 'x' } } } },
      'could not be read',
    ],
    [
      'the ledger is old',
      { publication: { zone: { view: { ...viewOf(moved), readAt: at(-3000).mono } } } },
      'could not be read',
    ],
    ['an update is in flight', writing({ inFlight: {} as never }), 'on its way'],
    ['an update may still be applied', writing({ pending: [{} as never] }), 'on its way'],
    ['an update is not read back', writing({ awaiting: {} as never }), 'on its way'],
    ['an update may have changed the zone', writing({ mustRead: true }), 'on its way'],
    // Rule 3: the source.
    ['the source takes no writes', db2(readOnly), 'db2:3306 takes no writes'],
    ['the source never answered', { servers: { ...servers, db2: silent } }, 'source is not known'],
    ['the source is another server now', db2({ id: uuid('db8') }), 'source is not known'],
    ['the source was never asked', ledger({ uuid: '-' as ServerId }), 'source is not known'],
    [
      'the source is this server',
      ledger({ source: address('db1'), uuid: uuid('db1') }),
      'it is the published source',
    ],
    ['no transaction marks the line', ledger({ line: undefined }), 'belongs to the line'],
    [
      'the source lacks the transaction of the line',
      ledger({ line: { ...line, gno: 101 } }),
      'belongs to the line',
    ],
    [
      'a server replicates from it',
      { servers: { ...servers, db3: seen(replicaOf('db1', 'db3')) } },
      'db3:3306 replicates from it',
    ],
    ['the source replicates from it', db2({ channels: [channelFrom('db1')] }), 'db2:3306 replicates from it'],
    [
      'a server has not been asked yet',
      { servers: { ...servers, db3: undefined } },
      'db3:3306 has not been observed yet',
    ],
    // Rule 4: what it is now.
    ['it replicates from a member', db1({ channels: [channelFrom('db2')] }), 'it replicates from db2:3306'],
    ['it belongs to a group', db1({ group }), 'it belongs to a group'],
    ['the source belongs to a group', db2({ group }), 'db2:3306 belongs to a group'],
    [
      'it has rejoined',
      { publication: { evidence: { rejoins: new Map([[address('db1'), { rejoined: true }]]) } } },
      'it has rejoined',
    ],
    [
      'two servers have its UUID',
      { servers: { ...servers, db3: seen(replicaOf('db2', 'db3', { id: uuid('db1') })) } },
      'the same UUID',
    ],
    [
      'another MariaDB server has its server_id',
      {
        servers: {
          ...servers,
          db1: seen(factsOf('db1', { serverId: 7 })),
          db3: seen(replicaOf('db2', 'db3', { serverId: 7 })),
        },
      },
      'the same server_id',
    ],
    // Rule 5: people, and other publications.
    ['somebody opened it after that', { memory: { db1: { promotedAt: at(1).mono } } }, 'somebody opened it'],
    [
      'somebody opened it between the two readings',
      { memory: { db1: { promotedAt: at(0.45).mono } } },
      'somebody opened it',
    ],
    [
      'somebody opened it, and its process began anew',
      { fencing: { opened: 'somebody opened it' } },
      'somebody opened it',
    ],
    [
      'somebody opened it before the first reading of this process',
      { memory: { db1: { promotedAt: at(0.1).mono } }, fencing: { notFormerAt: undefined } },
      'somebody opened it',
    ],
    [
      'it has executed what the source wrote meanwhile',
      {
        ...db1({ gtidExecuted: gtids('db1:1-100,db2:1-8') }),
        ...ledger({ own: { uuid: uuid('db2'), gno: 7 } }),
      },
      'it has replicated from db2:3306 since the move',
    ],
    ['the name is frozen', ledger({ frozen: { by: 'dba', reason: '' } }), 'frozen at ns1'],
    [
      'the decision is a hold',
      { publication: { decision: { kind: 'hold', reason: 'two-sources', sentence: '' } } },
      'two-sources',
    ],
    ['a second nameserver has no ledger', { second: undefined }, 'ledger at ns2 is not in force'],
    [
      'a second nameserver names it as the source',
      { second: ledgerOf('db1', { line }) },
      'ledger at ns2 does not name it',
    ],
    // Rule 6: announcements.
    [
      'it is announced',
      ledger({ next: { uuid: uuid('db1'), until: '2026-11-22T11:31:00.000Z' } }),
      'announced as the next',
    ],
  ])('%s', (_, over, because) => expect(verdictOn(over)).toContain(because));
});

test('an announcement that is over, or of another server, says nothing against it', () => {
  const until = '2026-11-22T11:31:00.000Z';
  expect(verdictOn(ledger({ next: { uuid: uuid('db3'), until } }))).toBe('fence');
  expect(verdictOn(ledger({ next: { uuid: uuid('db1'), until: '2026-11-22T11:29:00.000Z' } }))).toBe('fence');
});

test('by its UUID it is found at another address', () => {
  const former = [{ uuid: uuid('db1'), address: 'old:3306' as ServerAddress }];
  expect(verdictOn(ledger({ was: former }))).toBe('fence');
});
