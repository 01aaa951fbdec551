/** Shows the mark of the published source's data in the ledger, and which servers have it. */

import { describe, expect, test } from 'vitest';
import {
  hasExecutedSince,
  hasLineMark,
  lineMarkFor,
  ownMarkOf,
} from '../../../../src/core/decide/line-mark.ts';
import { parseMariadbGtids } from '../../../../src/core/gtid/mariadb-gtid.ts';
import { readLedger, writeLedger } from '../../../../src/core/model/ledger-text.ts';
import type { ServerFacts, Wsrep } from '../../../../src/core/model/observation.ts';
import type { ServerId } from '../../../../src/core/model/units.ts';
import { factsOf, gtids, ledgerOf, uuid } from '../../../support/given.ts';

const mariadb = (serverId: number, position: string): ServerFacts =>
  factsOf('db2', {
    flavour: 'mariadb',
    serverId,
    id: `mariadb:${serverId}@db${serverId}:3306` as ServerId,
    gtidExecuted: parseMariadbGtids(position)!,
  });
const clusterUuid = 'cccccccc-cccc-11f1-8000-000000000000';
const node = (lastCommitted: number, cluster = clusterUuid): ServerFacts => {
  const { gtidExecuted: _own, ...facts } = factsOf('db2');
  return { ...facts, wsrep: { clusterUuid: cluster, lastCommitted } as Wsrep };
};
const previous = ledgerOf('db1', { line: { uuid: uuid('db9'), gno: 5 } });

describe('the mark for a new ledger', () => {
  test.each([
    [
      'the newest transaction of the previous source',
      factsOf('db2', { gtidExecuted: gtids('db1:1-90,db2:1-7') }),
      { uuid: uuid('db1'), gno: 90 },
    ],
    [
      'the previous mark, where the new source has nothing of the previous source',
      factsOf('db2', { gtidExecuted: gtids('db2:1-7') }),
      previous.line,
    ],
    ['a write set of the Galera cluster', node(500), { uuid: clusterUuid, gno: 500 }],
    [
      'the previous mark, without GTIDs',
      { ...node(0), wsrep: { clusterUuid, lastCommitted: 0 } as Wsrep },
      previous.line,
    ],
  ] as const)('is %s', (_, next, mark) => expect(lineMarkFor(next, previous)).toEqual(mark));

  test('is on MariaDB the newest transaction of the previous source, in any domain', () => {
    const ledger = ledgerOf('db1', { uuid: 'mariadb:1@db1:3306' as ServerId });
    expect(lineMarkFor(mariadb(2, '0-1-110,0-2-120,7-1-3'), ledger)).toEqual({ uuid: '0-1', gno: 110 });
  });

  test('is a transaction of the source itself at the first publication', () => {
    expect(lineMarkFor(factsOf('db2', { gtidExecuted: gtids('db1:1-90,db2:1-7') }), undefined)).toEqual({
      uuid: uuid('db2'),
      gno: 7,
    });
    expect(lineMarkFor(mariadb(2, '0-1-110,0-2-120'), undefined)).toEqual({ uuid: '0-2', gno: 120 });
    expect(lineMarkFor(mariadb(3, '0-1-110'), undefined)).toEqual({ uuid: '0-1', gno: 110 });
  });

  test('is empty without GTIDs', () => {
    const { gtidExecuted: _none, ...plain } = factsOf('db2');
    expect(lineMarkFor(plain, undefined)).toBeUndefined();
    expect(lineMarkFor(undefined, undefined)).toBeUndefined();
  });
});

describe("the mark of the source's own transactions", () => {
  test.each([
    [
      'the newest that it has written',
      factsOf('db2', { gtidExecuted: gtids('db1:1-90,db2:1-7') }),
      { uuid: uuid('db2'), gno: 7 },
    ],
    ['0 where it has written none', factsOf('db2'), { uuid: uuid('db2'), gno: 0 }],
    [
      'its newest in the domain with the most, on MariaDB',
      mariadb(2, '0-2-110,7-2-3'),
      { uuid: '0-2', gno: 110 },
    ],
    ['absent on MariaDB where it has written none', mariadb(2, '0-1-110'), undefined],
    ['absent without GTIDs', node(500), undefined],
    ['absent where the server was never asked', undefined, undefined],
  ] as const)('is %s', (_, next, mark) => expect(ownMarkOf(next)).toEqual(mark));

  const written = { uuid: uuid('db2'), gno: 7 };
  const after = factsOf('db1', { gtidExecuted: gtids('db1:1-90,db2:1-8') });
  test.each([
    ['after it', after, ledgerOf('db2', { own: written }), true],
    [
      'up to it',
      factsOf('db1', { gtidExecuted: gtids('db1:1-90,db2:1-7') }),
      ledgerOf('db2', { own: written }),
      false,
    ],
    ['of another source, in a ledger of an older version', after, ledgerOf('db3', { own: written }), false],
    ['without a mark', after, ledgerOf('db2'), false],
  ] as const)('tells what was executed %s', (_, facts, ledger, is) =>
    expect(hasExecutedSince(facts, ledger)).toBe(is),
  );

  test('tells the same on MariaDB', () => {
    const ledger = ledgerOf('db2', {
      uuid: 'mariadb:2@db2:3306' as ServerId,
      own: { uuid: '0-2', gno: 110 },
    });
    expect(hasExecutedSince(mariadb(1, '0-1-90,0-2-111'), ledger)).toBe(true);
    expect(hasExecutedSince(mariadb(1, '0-1-120,0-2-110'), ledger)).toBe(false);
  });
});

describe('a server has the mark', () => {
  test.each([
    [
      'MySQL',
      factsOf('db2', { gtidExecuted: gtids('db1:1-90') }),
      factsOf('db2', { gtidExecuted: gtids('db1:1-89,db7:1-100') }),
      { uuid: uuid('db1'), gno: 90 },
    ],
    ['MariaDB', mariadb(2, '0-1-110,0-2-115'), mariadb(9, '0-9-500'), { uuid: '0-1', gno: 110 }],
    ['Galera', node(500), node(900, uuid('db3')), { uuid: clusterUuid, gno: 499 }],
  ] as const)('on %s when it executed the transaction', (_, member, stranger, mark) => {
    expect(hasLineMark(member, mark)).toBe(true);
    expect(hasLineMark(stranger, mark)).toBe(false);
  });
});

test.each([
  { uuid: uuid('db1'), gno: 90 },
  { uuid: '0-1', gno: 110 },
])('the mark is read from the ledger as it was written', (line) => {
  expect(readLedger([writeLedger(ledgerOf('db1', { line }))])).toMatchObject({
    kind: 'ledger',
    ledger: { line },
  });
});
