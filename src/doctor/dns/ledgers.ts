/** The ledgers of the zones: the checks of the zones and those of the servers share one reading. */
import type { LoadedCluster } from '../../config/loaded.ts';
import { type Ledger, type LedgerReading, ledgerName } from '../../core/model/ledger.ts';
import { readLedger } from '../../core/model/ledger-text.ts';
import { findRrset, type Rrset } from '../../core/model/zone.ts';
import type { World } from '../world.ts';
import { type ReadPlace, readPlaces } from './visit.ts';

/** The strings of each TXT record. */
export const rdataOf = (rrset: Rrset | undefined): readonly (readonly string[])[] =>
  rrset?.type === 'TXT' ? rrset.rdata : [];

export const ledgerOf = ({ settings, stored }: ReadPlace): LedgerReading =>
  readLedger(rdataOf(findRrset(stored, ledgerName(settings.source), 'TXT')));

/** The ledger of the first publication that has one. Undefined: not published yet, or not readable. */
export async function clusterLedger(
  world: World,
  { settings: { cluster, publications } }: LoadedCluster,
): Promise<Ledger | undefined> {
  const places = (await readPlaces(world)).filter((place) => place.cluster === cluster);
  for (const { nameserver } of publications) {
    const place = places.find(({ settings }) => settings.nameserver === nameserver);
    const reading = place && ledgerOf(place);
    if (reading?.kind === 'ledger' && reading.ledger.cluster === cluster) return reading.ledger;
  }
  return undefined;
}
