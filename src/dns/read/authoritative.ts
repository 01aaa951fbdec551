/** A zone's authoritative nameservers: the configured ones, else its NS RRset at the primary server. */
import { isIP } from 'node:net';
import { unsafeKind } from '../../core/model/ip-ranges.ts';
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import { CLASS, TYPE } from '../message/codes.ts';
import { isWithin, shortName } from '../message/name.ts';
import { addressesOf, answeredRrset, nameRdata } from '../message/rdata.ts';
import { type Endpoint, type HostAddresses, resolveAll, withDeadline } from '../transport/endpoint.ts';
import { ask, type Correspondent } from './query.ts';

/** The limit for nameservers to look up. The root zone has 13. */
export const maxNameservers = 32;
/** The limit for addresses to ask: each nameserver may have one of each family. */
const maxAuthorities = 2 * maxNameservers;
const dnsPort = 53;

/** An endpoint to ask, or why a nameserver has no endpoint. */
export type Authority =
  /** `name`: as in the NS RRset. */
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint; readonly name?: Fqdn }
  | { readonly kind: 'failed'; readonly nameserver: string; readonly failure: Failure };

export interface Search {
  readonly primary: Correspondent;
  readonly zone: Fqdn;
  readonly deadline: MonoMs;
}

/**
 * By the zone's NS RRset at the primary server. The addresses come from its additional section, else from the
 * zone, else from the system's resolver. The port is 53, except for the primary server's own address. Ends by
 * the deadline; never rejects.
 */
export async function findAuthorities(
  primary: Correspondent,
  endpoint: Endpoint,
  zone: Fqdn,
  deadline: MonoMs,
): Promise<readonly Authority[]> {
  const answer = await ask(primary, { name: zone, type: TYPE.NS }, deadline);
  if (answer.kind === 'failed')
    return [{ kind: 'failed', nameserver: primary.nameserver, failure: answer.failure }];
  const { message } = answer;
  const names = message.answers
    .filter((rr) => rr.type === TYPE.NS && rr.class === CLASS.IN && rr.owner === zone)
    .map((rr) => nameRdata(message.bytes, rr, rr.rdataStart))
    .filter((name) => name !== undefined);
  const own = await hostAddresses(endpoint.host, primary, deadline);
  const ownAddresses = own.kind === 'addresses' ? own.addresses : [];
  const search = { primary, zone, deadline };
  const found = await Promise.all(
    [...new Set(names)].slice(0, maxNameservers).map(async (name): Promise<readonly Authority[]> => {
      const told = addressesOf(message.bytes, message.additionals, name);
      const addresses: HostAddresses =
        told.length > 0 ? { kind: 'addresses', addresses: told } : await addressesOfHost(search, name);
      if (addresses.kind === 'none') return [failed(name, addresses.why)];
      return endpointsOf(name, addresses.addresses, { addresses: ownAddresses, port: endpoint.port });
    }),
  );
  return distinct(found.flat()).slice(0, maxAuthorities);
}

/**
 * The configured nameservers. A host name with several addresses is asked at each of them; only the target of
 * updates must have one address (endpoint.ts). Ends by the deadline; never rejects.
 */
export async function listedAuthorities(
  listed: readonly Endpoint[],
  primary: Correspondent,
  deadline: MonoMs,
): Promise<readonly Authority[]> {
  const found = await Promise.all(
    listed.slice(0, maxNameservers).map(async (endpoint): Promise<readonly Authority[]> => {
      const { host, port } = endpoint;
      if (isIP(host) !== 0) return [{ kind: 'endpoint', endpoint }];
      const resolved = await hostAddresses(host, primary, deadline);
      const addresses = resolved.kind === 'addresses' ? resolved.addresses : [];
      // With one address or none, keep the name: the lookout resolves it again and says what is wrong.
      if (addresses.length < 2) return [{ kind: 'endpoint', endpoint }];
      return addresses.map((address) => ({
        kind: 'endpoint',
        name: `${host}.` as Fqdn,
        endpoint: { host: address, port },
      }));
    }),
  );
  return distinct(found.flat()).slice(0, maxAuthorities);
}

/** Loopback and the like are no nameserver, unless the primary server itself has such an address (a lab). */
function endpointsOf(
  name: Fqdn,
  addresses: readonly string[],
  own: { readonly addresses: readonly string[]; readonly port: number },
): readonly Authority[] {
  const isLab = own.addresses.some((address) => unsafeKind(address, false) !== undefined);
  const good = addresses.filter((address) => unsafeKind(address, isLab) === undefined);
  const [bad] = addresses;
  if (good.length === 0 && bad !== undefined)
    return [failed(name, `has ${unsafeKind(bad, isLab)}, ${bad}, and no other address`)];
  return good.map((host) => ({
    kind: 'endpoint',
    name,
    endpoint: { host, port: own.addresses.includes(host) ? own.port : dnsPort },
  }));
}

/** The addresses by the zone, else by the system's resolver. Ends by the deadline; never rejects. */
export async function addressesOfHost(
  { primary, zone, deadline }: Search,
  name: Fqdn,
): Promise<HostAddresses> {
  if (name === '.') return { kind: 'none', why: 'is the root, which is not a nameserver' };
  // In a zone file, "NS 127.0.0.1." is a name of four labels.
  if (isIP(name.slice(0, -1)) !== 0) return { kind: 'none', why: 'is an address, not a host name' };
  const inZone = isWithin(name, zone) ? await addressesInZone(primary, name, deadline) : 'unknown';
  if (inZone !== 'unknown' && inZone !== 'alias') return { kind: 'addresses', addresses: inZone };
  const found = await hostAddresses(name.slice(0, -1), primary, deadline);
  return found.kind === 'none' && inZone === 'alias'
    ? {
        kind: 'none',
        why: "is an alias (CNAME) and has no address; a nameserver's name must not be an alias (RFC 2181 10.3)",
      }
    : found;
}

async function hostAddresses(
  host: string,
  { clock }: Correspondent,
  deadline: MonoMs,
): Promise<HostAddresses> {
  const found = await withDeadline(resolveAll(host), deadline, clock);
  return (
    found ?? {
      kind: 'none',
      why: 'could not be looked up: the resolver of this machine does not answer in time',
    }
  );
}

async function addressesInZone(
  primary: Correspondent,
  name: Fqdn,
  deadline: MonoMs,
): Promise<readonly string[] | 'unknown' | 'alias'> {
  const types = ['A', 'AAAA'] as const;
  const answers = await Promise.all(types.map((type) => ask(primary, { name, type: TYPE[type] }, deadline)));
  const messages = answers.flatMap((answer) => (answer.kind === 'answer' ? answer.message : []));
  const rrsets = messages.flatMap((message) => types.map((type) => answeredRrset(message, { name, type })));
  const addresses = rrsets.flatMap((rrset) =>
    typeof rrset === 'string' ? [] : (rrset.rdata as readonly string[]),
  );
  if (addresses.length > 0) return addresses;
  const isAlias = messages.some(({ answers: rrs }) =>
    rrs.some(({ type, owner }) => type === TYPE.CNAME && owner === name),
  );
  return isAlias ? 'alias' : 'unknown';
}

function distinct(authorities: readonly Authority[]): readonly Authority[] {
  const seen = new Set<string>();
  return authorities.filter((authority) => {
    const key = JSON.stringify(authority.kind === 'endpoint' ? authority.endpoint : authority.nameserver);
    return !seen.has(key) && seen.add(key);
  });
}

const failed = (name: Fqdn, why: string): Authority => ({
  kind: 'failed',
  nameserver: shortName(name),
  failure: {
    code: 'nameserver-not-found',
    message: `source-dns cannot ask ${shortName(name)}, a nameserver of the zone's NS RRset: it ${why}.`,
    hint: "Correct the NS RRset, or set the nameserver's verify list to the addresses of the authoritative nameservers.",
  },
});
