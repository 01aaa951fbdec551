/** x */
import { writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { advise } from '../../../../src/core/advise/advise.ts';
import { decide } from '../../../../src/core/decide/table.ts';
import { adviceText } from '../../../../src/cli/advice-text.ts';
import { createStyle } from '../../../../src/cli/style.ts';
import { address, channelFrom, factsOf, type Given, given, gtids, ledgerOf, replicaOf, seen, silent, uuid } from '../../../support/given.ts';
const line = new Set(['db1', 'db2', 'db3', 'db4'].map(uuid));
const orphan = (name: string, over = {}) => seen(replicaOf('db1', name, { channels: [channelFrom('db1', { receiver: 'connecting', retrieved: gtids('db1:50-102') })], ...over }));
const worlds: Record<string, [Given, any]> = {
  promote: [{ servers: { db1: silent, db2: orphan('db2'), db3: orphan('db3') }, ledger: ledgerOf('db1'), publication: { evidence: { line } } }, {}],
  rejoin: [{ servers: { db1: seen(factsOf('db1')), db2: seen(factsOf('db2', {gtidExecuted: gtids('db1:1-100,db2:1-5')})), db3: seen(replicaOf('db2', 'db3')) }, ledger: ledgerOf('db2', { was: [{ uuid: uuid('db1'), address: address('db1') }] }), publication: { evidence: { line } } }, {}],
  errant: [{ servers: { db1: seen(factsOf('db1', {gtidExecuted: gtids('db1:1-103')})), db2: seen(factsOf('db2', {gtidExecuted: gtids('db1:1-100,db2:1-5')})), db3: seen(replicaOf('db2', 'db3')) }, ledger: ledgerOf('db2', { was: [{ uuid: uuid('db1'), address: address('db1') }] }), publication: { evidence: { line } } }, {}],
  source: [{ servers: { db1: seen(factsOf('db1')), db2: seen(replicaOf('db1','db2')), db3: seen(replicaOf('db1', 'db3')) }, ledger: ledgerOf('db1'), publication: { evidence: { line } } }, {aim:'source', server: address('db2')}],
  remove: [{ servers: { db1: seen(factsOf('db1')), db2: seen(replicaOf('db1','db2')), db3: seen(replicaOf('db2', 'db3')) }, ledger: ledgerOf('db1'), publication: { evidence: { line } } }, {aim:'remove', server: address('db2')}],
  nothing: [{ servers: { db1: seen(factsOf('db1')), db2: seen(replicaOf('db1','db2')), db3: seen(replicaOf('db2', 'db3')) }, ledger: ledgerOf('db1'), publication: { evidence: { line } } }, {}],
};
const decided = (w: Given) => { const s = given(w); return { ...s, publication: { ...s.publication, decision: decide(s) } }; };
test('x', () => {
  let out = '';
  for (const [name, [world, wish]] of Object.entries(worlds)) out += `===== ${name}\n` + adviceText({ cluster: 'shop', ...advise(decided(world), wish) } as any, createStyle(false));
  writeFileSync('/tmp/advise-out.txt', out);
});
