/** Shows what a read of the zone tells about our own update: what the nameserver makes of a TTL. */

import { expect, test } from 'vitest';
import { writeLedger } from '../../../../src/core/model/ledger-text.ts';
import type { Attempt } from '../../../../src/core/model/publication.ts';
import type { MonoMs } from '../../../../src/core/model/units.ts';
import type { Rrset } from '../../../../src/core/model/zone.ts';
import { zoneRead } from '../../../../src/core/publish/zone-read.ts';
import {
  address,
  factsOf,
  fqdn,
  given,
  ledgerOf,
  publicationSettings,
  seen,
  turnAt,
} from '../../../support/given.ts';

const { name } = publicationSettings().source;
const rrsetOf = (ttlSeconds: number, ...rdata: readonly string[]): Rrset => ({
  name,
  type: 'A',
  ttlSeconds,
  rdata,
});
const wrote = rrsetOf(5, '192.0.2.1');
const attempt: Attempt = {
  try: 'ours',
  what: 'repair',
  aim: 'repair',
  source: address('db1'),
  baseText: 'what was there before',
  lapsesAt: 60_000 as MonoMs,
  sentence: 'It was sent.',
  plan: { zone: fqdn('example.'), prerequisites: [], changes: [] },
  wanted: [{ name, type: 'A', rrset: wrote }],
  present: [],
  absent: [],
};

/** What is known after our update was acknowledged, and a read shows `there` with the `try` of `writer`. */
function alteredAfter(there: Rrset, writer: string) {
  const ledger = ledgerOf('db1');
  const { state, publication } = given({
    servers: { db1: seen(factsOf('db1')) },
    ledger,
    rrsets: [rrsetOf(3, '192.0.2.1')],
    publication: { writing: { awaiting: { attempt, until: 5000 as MonoMs } }, zone: { reading: true } },
  });
  const text: Rrset = {
    name: fqdn(`_source-dns.${name}`),
    type: 'TXT',
    ttlSeconds: 5,
    rdata: [writeLedger({ ...ledger, try: writer })],
  };
  const reading = { kind: 'read', zone: fqdn('example.'), rrsets: [there, text] } as const;
  return zoneRead(turnAt(100), state.settings, publication, reading).zone.view?.altered;
}

test.each(['ours', 'of-another-instance'])(
  'a TTL that the nameserver cut is known if the read shows the write %s',
  (writer) => {
    const there = rrsetOf(3, '192.0.2.1');
    expect(alteredAfter(there, writer)).toEqual([
      { wrote: { name, type: 'A', rrset: wrote }, shows: there, times: 1 },
    ]);
  },
);

test('another address after the write of another instance is not what the nameserver made of ours', () => {
  expect(alteredAfter(rrsetOf(5, '192.0.2.66'), 'of-another-instance')).toEqual([]);
  expect(alteredAfter(rrsetOf(3, '192.0.2.66'), 'of-another-instance')).toEqual([]);
});
