/** What others do to the zone: an administrator by hand, another instance by its own update. */

import { readLedger, writeLedger } from '../../../src/core/model/ledger-text.ts';
import type { Fqdn, ServerAddress, ServerId } from '../../../src/core/model/units.ts';
import type { Rrset } from '../../../src/core/model/zone.ts';
import type { FakeZone } from '../../support/fake-zone.ts';
import { zoneName } from './print.ts';
import type { Surroundings } from './world.ts';

const ledgerName = `_source-dns.source.${zoneName}` as Fqdn;

/** The RRset of a ledger with these character-strings. */
export const ledgerRrset = (fields: readonly string[]): Rrset => ({
  name: ledgerName,
  type: 'TXT',
  ttlSeconds: 5,
  rdata: [fields],
});

/** The ledger in the zone, with one field changed, or added at the end. */
export function withField(zone: FakeZone, field: string): Rrset {
  const name = field.slice(0, field.indexOf('=') + 1);
  const fields = ledgerFields(zone);
  const isNew = !fields.some((old) => old.startsWith(name)) || name === 'was=';
  return ledgerRrset(isNew ? [...fields, field] : fields.map((old) => (old.startsWith(name) ? field : old)));
}

function ledgerFields(zone: FakeZone): readonly string[] {
  const rrset = zone.find(ledgerName, 'TXT');
  return rrset?.type === 'TXT' ? (rrset.rdata[0] ?? []) : [];
}

/** The instance watcher-2 publishes that server, as the next epoch. */
export function otherInstanceMoves({ zone, mysql, addresses }: Surroundings, server: ServerAddress): void {
  const reading = readLedger([ledgerFields(zone)]);
  if (reading.kind !== 'ledger') throw new Error('there is no ledger to begin with');
  const { ledger } = reading;
  const targets = addresses.get(server) ?? [];
  const next = {
    ...ledger,
    epoch: ledger.epoch + 1,
    source: server,
    uuid: mysql.server(server).uuid as ServerId,
    by: 'watcher-2',
    why: 'commanded',
    try: `other${ledger.epoch + 1}`,
    form: { ...ledger.form, targets },
    was: [
      ...ledger.was.filter((former) => former.address !== server),
      { uuid: ledger.uuid, address: ledger.source },
    ],
  };
  zone.put(ledgerRrset(writeLedger(next)));
  zone.put({
    name: `source.${zoneName}` as Fqdn,
    type: 'A',
    ttlSeconds: ledger.form.ttlSeconds,
    rdata: targets,
  });
}
