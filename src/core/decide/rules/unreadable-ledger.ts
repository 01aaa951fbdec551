/** Rule 1: the zone or its ledger cannot be read. */

import { type Decision, hold } from '../../model/decision.ts';
import type { Situation } from '../situation.ts';

export function unreadableLedger({ reading, publication, settings }: Situation): Decision | undefined {
  if (publication.zone.failure) {
    return hold(
      'ledger-unknown',
      `Nameserver ${settings.nameserver} could not be read: ${publication.zone.failure.message}`,
    );
  }
  if (reading === undefined)
    return hold('ledger-unknown', `Nameserver ${settings.nameserver} has not been read yet.`);
  if (reading.kind !== 'unreadable') return undefined;
  return hold(
    'ledger-unknown',
    `The ledger at _source-dns.${settings.source.name} ${reading.why}. The ledger is left unchanged.`,
  );
}
