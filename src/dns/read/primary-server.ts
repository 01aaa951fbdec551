/** Checks that updates go to the primary server that the zone's SOA names. */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import { shortName } from '../message/name.ts';
import { type Endpoint, type HostAddresses, resolveAll, withDeadline } from '../transport/endpoint.ts';
import { addressesOfHost, type Search } from './authoritative.ts';
import type { Correspondent } from './query.ts';

const maxNotedZones = 1024;
/** Addresses in a sentence. */
const maxShown = 4;

/**
 * The function takes each zone's MNAME (RFC 1035 3.3.13) and warns if it is another server
 * (`not-the-primary`): once, and again when it changes. Only a warning: with a hidden primary server, MNAME
 * names another server.
 */
export function primaryCheck(
  correspondent: Correspondent,
  endpoint: Endpoint,
  onWarning: (failure: Failure) => void,
): (zone: Fqdn, primary: Fqdn) => void {
  const noted = new Map<Fqdn, Fqdn>();
  const check = async (zone: Fqdn, primary: Fqdn): Promise<void> => {
    const { clock, timeoutMs, nameserver } = correspondent;
    if (primary === '.') return onWarning(noPrimary(nameserver, zone));
    const deadline = (clock.mono() + timeoutMs) as MonoMs;
    const theirs = await primaryElsewhere({ primary: correspondent, zone, deadline }, endpoint, primary);
    if (theirs === undefined) return;
    const what =
      theirs.kind === 'none' ? `which ${theirs.why}` : theirs.addresses.slice(0, maxShown).join(', ');
    onWarning(notThePrimary(nameserver, zone, primary, what));
  };
  return (zone, primary) => {
    if (noted.get(zone) === primary || (noted.size >= maxNotedZones && !noted.has(zone))) return;
    noted.set(zone, primary);
    void check(zone, primary);
  };
}

/** The SOA's primary server. Undefined: the endpoint, or none. Ends by the deadline; never rejects. */
export async function primaryElsewhere(
  search: Search,
  endpoint: Endpoint,
  primary: Fqdn,
): Promise<HostAddresses | undefined> {
  if (primary === '.') return undefined;
  const [theirs, ours] = await Promise.all([
    addressesOfHost(search, primary),
    withDeadline(resolveAll(endpoint.host), search.deadline, search.primary.clock),
  ]);
  const own = ours?.kind === 'addresses' ? ours.addresses : [];
  return theirs.kind === 'addresses' && theirs.addresses.some((address) => own.includes(address))
    ? undefined
    : theirs;
}

const primaryHint =
  "Set the nameserver's address to the primary server. Ignore this warning if updates go to a hidden primary server.";

const notThePrimary = (nameserver: string, zone: Fqdn, primary: Fqdn, what: string): Failure => ({
  code: 'not-the-primary',
  message: `The SOA of ${zone} names ${shortName(primary)} (${what}) as the primary server, but updates go to ${nameserver}. That nameserver may refuse or forward them.`,
  hint: primaryHint,
});

/** MNAME is the root, as of some hidden primaries. */
const noPrimary = (nameserver: string, zone: Fqdn): Failure => ({
  code: 'not-the-primary',
  message: `The SOA of ${zone} names no primary server (its MNAME is the root). So source-dns cannot tell whether ${nameserver}, where updates go, is the primary server.`,
  hint: primaryHint,
});
