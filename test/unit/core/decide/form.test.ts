/** When a published source gets another form, or another name in the ledger. */

import { expect, test } from 'vitest';
import { differingForm } from '../../../../src/core/decide/form.ts';
import { factsOf, type Given, given, ledgerOf, seen, silent } from '../../../support/given.ts';

const form = { type: 'address', ttlSeconds: 5, targets: ['192.0.2.2'] } as const;
const ledger = ledgerOf('db2', { form });

/** The server of the ledger answers, at its address, under the host name of db1. */
function differs(servers: Given['servers']) {
  const situation = given({ servers, ledger, memory: { db1: { addresses: ['192.0.2.2'] } } });
  return differingForm(situation, ledger, situation.published!);
}

test('the host name of another configured server changes nothing for clients', () => {
  expect(differs({ db1: seen(factsOf('db2')), db2: silent })).toBeUndefined();
});

test('a host name that is not configured any more is replaced', () => {
  expect(differs({ db1: seen(factsOf('db2')), db3: silent })).toEqual(form);
});
