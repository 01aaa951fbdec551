/** Shows for how long we remember what a server had before it could get stale writes of a former source. */

import { expect, test } from 'vitest';
import { settle } from '../../../../src/core/decide/settle.ts';
import { hold } from '../../../../src/core/model/decision.ts';
import type { ServerFacts } from '../../../../src/core/model/observation.ts';
import { address, factsOf, given, gtids, ledgerOf, replicaOf, seen, uuid } from '../../../support/given.ts';

const before = replicaOf('db1', 'db3', { gtidExecuted: gtids('db1:1-92,db3:1-2') });
const ledger = ledgerOf('db2', { was: [{ uuid: uuid('db1'), address: address('db1') }] });

/** What is remembered of db3 when it replicates from db2, which is silent. */
const rememberedOf = (db3: ServerFacts): ServerFacts | undefined => {
  const servers = { db1: seen(factsOf('db1')), db3: seen(db3) };
  const evidence = { beforeStale: new Map([[address('db3'), before]]) };
  const situation = given({ servers: { db2: undefined, ...servers }, ledger, publication: { evidence } });
  return settle(situation, hold('no-candidate', '')).evidence.beforeStale.get(address('db3'));
};

test('what a server had is remembered while the server has it and has not rejoined', () => {
  const there = replicaOf('db2', 'db3', { gtidExecuted: gtids('db1:1-97,db3:1-2') });
  expect(rememberedOf(there)).toBe(before);
});

test('a server that was rebuilt has lost what it had', () => {
  const less = { gtidExecuted: gtids('db1:1-97') };
  expect(rememberedOf(replicaOf('db2', 'db3', less))).toBeUndefined();
  const same = { gtidExecuted: gtids('db1:1-92,db3:1-2'), id: uuid('db9') };
  expect(rememberedOf(replicaOf('db2', 'db3', same))).toBeUndefined();
});
