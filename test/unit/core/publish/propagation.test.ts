/** Shows that the cause of a delayed propagation reaches the alarm, the history and the snapshot. */
import { expect, test } from 'vitest';
import { propagationAlarms } from '../../../../src/core/alarm/propagation-alarms.ts';
import type { Effect } from '../../../../src/core/model/events.ts';
import type { Failure } from '../../../../src/core/model/observation.ts';
import type { PublicationState } from '../../../../src/core/model/publication.ts';
import type { WallMs } from '../../../../src/core/model/units.ts';
import type { NameserverReport } from '../../../../src/core/model/zone.ts';
import { propagated } from '../../../../src/core/publish/propagation.ts';
import { at, factsOf, given, ledgerOf, seen, turnAt } from '../../../support/given.ts';

const noAddress: Failure = {
  code: 'nameserver-not-found',
  message: 'ns9.example.net. cannot be asked: it has no address.',
  hint: 'Mend the NS RRset.',
};

/** The state after a slice in which the nameservers said this. */
function after(...reports: readonly NameserverReport[]) {
  const { publication: steady } = given({
    servers: { db1: seen(factsOf('db1')) },
    ledger: ledgerOf('db1'),
  });
  const nobody = {
    nameservers: [],
    completeAt: undefined,
    running: true,
    nextAt: at(0).mono,
    overdueAt: at(0).mono,
  };
  const publication: PublicationState = {
    ...steady,
    propagation: {
      epoch: 3,
      zone: 'example.' as never,
      present: [],
      absent: [],
      since: at(0).mono,
      ttlMs: 5000,
      nameservers: nobody,
      resolvers: nobody,
    },
  };
  const effects: Effect[] = [];
  const slice = (
    current: PublicationState,
    nameservers: readonly NameserverReport[],
    among: 'nameservers' | 'resolvers' = 'nameservers',
  ) =>
    propagated(turnAt(5, effects), current, {
      kind: 'propagated',
      nameserver: 'ns1',
      among,
      epoch: 3,
      report: { nameservers },
    });
  return { slice, effects, first: slice(publication, reports), publication };
}
const sentences = (publication: PublicationState) =>
  propagationAlarms(publication, at(5)).map(
    ({ code, subject, sentence }) => `${code} ${subject}: ${sentence}`,
  );

test('the alarm about a nameserver that cannot be asked says why and what to do, not that the nameserver is slow', () => {
  const { first, effects } = after({ nameserver: 'ns9.example.net.', failure: noAddress });
  expect(sentences(first)).toEqual([
    'secondary-behind ns9.example.net.: ns9.example.net. does not answer with the new RRset of epoch 3: ns9.example.net. cannot be asked: it has no address. Mend the NS RRset.',
  ]);
  expect(effects).toMatchObject([
    { entry: { kind: 'propagated', nameservers: [{ nameserver: 'ns9.example.net.', failure: noAddress }] } },
  ]);
});

test('the last reported cause counts, and a nameserver that has answered keeps none', () => {
  const { first, slice } = after({ nameserver: 'ns2', failure: { code: 'no-answer', message: 'Silence.' } });
  expect(sentences(first)).toEqual([
    'secondary-behind ns2: ns2 does not answer with the new RRset of epoch 3: Silence.',
  ]);
  const refused = slice(first, [
    { nameserver: 'ns2', failure: { code: 'query-refused', message: 'REFUSED.' } },
  ]);
  expect(sentences(refused)).toEqual([
    'secondary-behind ns2: ns2 does not answer with the new RRset of epoch 3: REFUSED.',
  ]);
  const told = slice(refused, [{ nameserver: 'ns2', answeredAt: 1 as WallMs, failure: noAddress }]);
  expect(sentences(told)).toEqual([]);
  expect(told.propagation?.nameservers.nameservers).toEqual([{ nameserver: 'ns2', at: expect.any(String) }]);
});

test('the alarm about a resolver has a cause too; without a cause the alarm says what the resolver answered', () => {
  const { slice, publication } = after();
  const told = slice(
    publication,
    [{ nameserver: 'resolver1', failure: noAddress }, { nameserver: 'resolver2' }],
    'resolvers',
  );
  expect(sentences(told)).toEqual([
    `resolver-behind resolver1: resolver1 does not answer with the new RRset of epoch 3: ${noAddress.message} ${noAddress.hint}`,
    'resolver-behind resolver2: resolver2 does not answer with the new RRset of epoch 3, although the TTL of the old one is over.',
  ]);
});
