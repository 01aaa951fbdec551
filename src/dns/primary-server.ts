/** Whether the nameserver that gets the updates is the one that the zone's SOA calls the primary server. */
import type { Failure } from '../core/observation.ts';
import type { Fqdn, MonoMs } from '../core/units.ts';
import { addressesOfHost } from './authoritative.ts';
import { type Endpoint, resolveAll } from './endpoint.ts';
import type { Correspondent } from './query.ts';

/** Zones whose primary server is remembered. */
export const MAX_NOTED_ZONES = 1024;

/**
 * Told of each zone's MNAME (RFC 1035 3.3.13), it warns where that is another server (`not-the-primary`): once, and again when it changes.
 * Only a warning: a hidden primary server may well call another one its face.
 */
export function primaryCheck(
  correspondent: Correspondent,
  endpoint: Endpoint,
  onWarning: (failure: Failure) => void,
): (zone: Fqdn, primary: Fqdn) => void {
  const noted = new Map<Fqdn, Fqdn>();
  const check = async (zone: Fqdn, primary: Fqdn): Promise<void> => {
    const { clock, timeoutMs } = correspondent;
    const theirs = await addressesElsewhere(correspondent, endpoint, { zone, primary }, (clock.mono() + timeoutMs) as MonoMs);
    if (theirs !== undefined) onWarning(notThePrimary(correspondent.nameserver, zone, primary, theirs));
  };
  return (zone, primary) => {
    if (noted.get(zone) === primary || (noted.size >= MAX_NOTED_ZONES && !noted.has(zone))) return;
    noted.set(zone, primary);
    void check(zone, primary);
  };
}

/** The addresses of the primary server that the zone's SOA names; undefined: it is the endpoint. Ends by the deadline, but for the system's resolver. */
export async function addressesElsewhere(
  correspondent: Correspondent,
  endpoint: Endpoint,
  { zone, primary }: { readonly zone: Fqdn; readonly primary: Fqdn },
  deadline: MonoMs,
): Promise<readonly string[] | undefined> {
  const [theirs, ours] = await Promise.all([addressesOfHost(correspondent, primary, zone, deadline), resolveAll(endpoint.host)]);
  return theirs.some((address) => ours.includes(address)) ? undefined : theirs;
}

const notThePrimary = (nameserver: string, zone: Fqdn, primary: Fqdn, addresses: readonly string[]): Failure => ({
  code: 'not-the-primary',
  message: `The SOA of ${zone} names ${primary} (${addresses.join(', ') || 'no address found'}) as the primary server, and updates go to ${nameserver}: they may be refused there, or forwarded.`,
  hint: "Set the nameserver's address to the primary server. Nothing is wrong where it is a hidden primary.",
});
