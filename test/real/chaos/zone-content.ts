/** What the RRs of a zone say of a published name. */

import type { LedgerReading } from '../../../src/core/model/ledger.ts';
import { readLedger } from '../../../src/core/model/ledger-text.ts';
import { type Rr, stringsOf } from './journal.ts';

/** The ledger of a zone. */
export function ledgerOf(zone: readonly Rr[], name: string): LedgerReading {
  return readLedger(
    zone
      .filter((rr) => rr.name === `_source-dns.${name}` && rr.type === 'TXT')
      .map(({ rdata }) => stringsOf(rdata)),
  );
}

/** The addresses of a name, sorted and joined by a space, as the observer writes them. */
export const addressesOf = (zone: readonly Rr[], name: string): string =>
  zone
    .filter((rr) => rr.name === name && rr.type === 'A')
    .map(({ rdata }) => rdata)
    .sort()
    .join(' ');
