/** The authoritative nameservers of a zone: those of the configuration, else its NS RRset as the primary server tells it. */
import type { Failure } from '../core/observation.ts';
import type { Fqdn, MonoMs } from '../core/units.ts';
import { canonicalAddress } from './address.ts';
import { TYPE } from './codes.ts';
import { type Endpoint, resolveAll } from './endpoint.ts';
import { isWithin } from './name.ts';
import { ask, type Correspondent } from './query.ts';
import { addressesOf, nameRdata } from './rdata.ts';
import type { ReceivedMessage } from './wire.ts';
import { readRrset } from './zone-reader.ts';

/** More nameservers than this are not asked: the root zone has 13. */
export const MAX_NAMESERVERS = 32;
const DNS_PORT = 53;

/** An endpoint to ask, or a nameserver that has none and why. */
export type Authority =
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint }
  | { readonly kind: 'failed'; readonly nameserver: string; readonly failure: Failure };

/**
 * By the zone's NS RRset at the primary server: the addresses in its additional section, else in the zone itself, else by the system's
 * resolver. They listen on port 53, but for the primary server's own address. Never rejects.
 */
export async function findAuthorities(
  primary: Correspondent,
  endpoint: Endpoint,
  zone: Fqdn,
  deadline: MonoMs,
): Promise<readonly Authority[]> {
  const answer = await ask(primary, { name: zone, type: TYPE.NS }, deadline);
  if (answer.kind === 'failed') return [{ kind: 'failed', nameserver: primary.nameserver, failure: answer.failure }];
  const { message } = answer;
  const names = message.answers
    .filter((rr) => rr.type === TYPE.NS && rr.owner === zone)
    .map((rr) => nameRdata(message.bytes, rr, rr.rdataStart))
    .filter((name) => name !== undefined);
  const found = await Promise.all(
    names.slice(0, MAX_NAMESERVERS).map((name) => authoritiesOf(primary, endpoint, zone, name, message, deadline)),
  );
  return distinct(found.flat()).slice(0, MAX_NAMESERVERS);
}

async function authoritiesOf(
  primary: Correspondent,
  endpoint: Endpoint,
  zone: Fqdn,
  name: Fqdn,
  message: ReceivedMessage,
  deadline: MonoMs,
): Promise<readonly Authority[]> {
  const told = addressesOf(message.bytes, message.additionals, name);
  const addresses = told.length > 0 ? told : await addressesOfHost(primary, name, zone, deadline);
  if (addresses.length === 0) return [{ kind: 'failed', nameserver: name, failure: noAddress(name) }];
  const own = canonicalAddress(endpoint.host);
  return addresses.map((host) => ({ kind: 'endpoint', endpoint: { host, port: host === own ? endpoint.port : DNS_PORT } }));
}

/** The addresses of a nameserver's name: in the zone itself, else by the system's resolver. Ends by the deadline, but for that resolver. */
export async function addressesOfHost(primary: Correspondent, name: Fqdn, zone: Fqdn, deadline: MonoMs): Promise<readonly string[]> {
  const inZone = isWithin(name, zone) ? await addressesInZone(primary, name, deadline) : [];
  return inZone.length > 0 ? inZone : resolveAll(name.slice(0, -1));
}

async function addressesInZone(primary: Correspondent, name: Fqdn, deadline: MonoMs): Promise<readonly string[]> {
  const readings = await Promise.all([
    readRrset(primary, { name, type: 'A' }, deadline),
    readRrset(primary, { name, type: 'AAAA' }, deadline),
  ]);
  return readings.flatMap((reading) => (reading.kind === 'rrset' ? ((reading.rrset?.rdata ?? []) as readonly string[]) : []));
}

function distinct(authorities: readonly Authority[]): readonly Authority[] {
  const seen = new Set<string>();
  return authorities.filter((authority) => {
    const key = JSON.stringify(authority.kind === 'endpoint' ? authority.endpoint : authority.nameserver);
    return !seen.has(key) && seen.add(key);
  });
}

const noAddress = (name: Fqdn): Failure => ({
  code: 'nameserver-not-found',
  message: `The nameserver ${name} of the zone's NS RRset has no address that could be found.`,
  hint: "Set the nameserver's verify list to the addresses of the authoritative nameservers.",
});
