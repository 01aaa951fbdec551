/** Shows that readers see what a failover tool has announced, and only until its time is over. */

import { expect, test } from 'vitest';
import { snapshot } from '../../../../src/core/report/snapshot.ts';
import { address, factsOf, given, ledgerOf, replicaOf, seen, uuid } from '../../../support/given.ts';

const announced = (name: string, until: string) => {
  const { state, now } = given({
    servers: { db1: seen(factsOf('db1')), db2: seen(replicaOf('db1', 'db2')) },
    ledger: ledgerOf('db1', { next: { uuid: uuid(name), until } }),
  });
  return snapshot(state, now).ledger?.next;
};
const later = '2026-11-23T00:00:00.000Z';

test.each([
  ['a member', announced('db2', later), { uuid: uuid('db2'), server: address('db2'), until: later }],
  ['a server that is no member', announced('db9', later), { uuid: uuid('db9'), server: null, until: later }],
  ['its time is over', announced('db2', '2026-11-22T11:29:59.999Z'), null],
])('%s', (_, next, expected) => expect(next).toEqual(expected));
