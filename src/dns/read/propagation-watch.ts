/** Asks every authoritative nameserver, or resolver, until it answers what was published, or the deadline. */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import type { NameserverReport, PropagationReport } from '../../core/model/zone.ts';
import type { PropagationRequest } from '../../ports.ts';
import { type Endpoint, resolveAll, showEndpoint } from '../transport/endpoint.ts';
import { clientClosed } from '../transport/failures.ts';
import { type Authority, findAuthorities, listedAuthorities } from './authoritative.ts';
import { Lookout, type Watch } from './lookout.ts';
import type { SerialsOptions } from './serials.ts';

/** Then the NS RRset is read again: it may change. A thousand clusters that move at once share one answer. */
export const authoritiesKeptMs = 5000;

interface PropagationOptions extends SerialsOptions {
  readonly resolvers?: readonly Endpoint[] | undefined;
}

export class PropagationWatch {
  readonly #options: PropagationOptions;
  /** By zone and endpoint: one lookout for all changes. */
  readonly #lookouts = new Map<string, Lookout>();
  /** By subject: ends that watch. */
  readonly #open = new Map<string, (failure: Failure) => void>();
  readonly #authorities = new Map<
    Fqdn,
    { readonly until: number; readonly found: Promise<readonly Authority[]> }
  >();
  #closed = false;

  constructor(options: PropagationOptions) {
    this.#options = options;
  }

  /**
   * One line for each nameserver, in the order of the list or of the NS RRset. A failure does not stop the
   * others. A newer watch of the same name ends this watch, which is then `superseded`. Never rejects.
   */
  async watch(request: PropagationRequest): Promise<PropagationReport> {
    const { nameserver } = this.#options.primary;
    if (this.#closed) return { nameservers: [{ nameserver, failure: clientClosed(nameserver) }] };
    const name = subjectOf(request);
    const key = `${request.among ?? 'nameservers'} ${request.zone} ${name}`;
    this.#open.get(key)?.(superseded(name));
    const watches: Watch[] = [];
    let ended: Failure | undefined;
    const end = (failure: Failure) => {
      ended = failure;
      for (const watch of watches) watch.end(failure);
    };
    this.#open.set(key, end);
    const authorities = await this.#asked(request);
    const reports = authorities.map((authority) => {
      if (authority.kind === 'failed')
        return { nameserver: authority.nameserver, failure: authority.failure };
      if (ended !== undefined) return { nameserver: showEndpoint(authority.endpoint), failure: ended };
      const watch = this.#lookout(authority.endpoint, request).watch(request, request.deadline);
      watches.push(watch);
      return watch.report;
    });
    const nameservers = withoutLackingRoutes(authorities, await Promise.all(reports));
    if (this.#open.get(key) === end) this.#open.delete(key);
    return { nameservers, ...(ended?.code === 'superseded' ? { superseded: true } : {}) };
  }

  close(): void {
    this.#closed = true;
    const failure = clientClosed(this.#options.primary.nameserver);
    for (const end of this.#open.values()) end(failure);
  }

  #asked({ among, zone, deadline }: PropagationRequest): Promise<readonly Authority[]> {
    const { verify, resolvers } = this.#options;
    const listed = among === 'resolvers' ? (resolvers ?? []) : verify;
    return listed === undefined
      ? this.#byNsRrset(zone, deadline)
      : listedAuthorities(listed, this.#options.primary, deadline);
  }

  #byNsRrset(zone: Fqdn, deadline: MonoMs): Promise<readonly Authority[]> {
    const { primary, endpoint } = this.#options;
    const now = primary.clock.mono();
    for (const [known, { until }] of this.#authorities) if (until <= now) this.#authorities.delete(known);
    const kept = this.#authorities.get(zone);
    if (kept !== undefined) return kept.found;
    const found = findAuthorities(primary, endpoint, zone, deadline).then(
      (authorities): readonly Authority[] => {
        if (authorities.length > 0 && authorities.every(({ kind }) => kind === 'endpoint'))
          return authorities;
        this.#authorities.delete(zone);
        return authorities.length > 0
          ? authorities
          : [{ kind: 'failed', nameserver: `the nameservers of ${zone}`, failure: noNameservers(zone) }];
      },
    );
    this.#authorities.set(zone, { until: now + authoritiesKeptMs, found });
    return found;
  }

  #lookout(endpoint: Endpoint, { zone, among }: PropagationRequest): Lookout {
    const nameserver = showEndpoint(endpoint);
    const recursive = among === 'resolvers';
    const key = `${recursive ? 'resolver' : 'nameserver'} ${nameserver} ${zone}`;
    const known = this.#lookouts.get(key);
    if (known !== undefined) return known;
    const { primary, messageId, openTransport } = this.#options;
    const { clock, timeoutMs } = primary;
    // Unsigned: secondary servers need not know the key for updates, and the public sees unsigned answers,
    // too.
    const transport = openTransport('udp', { nameserver, ...endpoint, clock, timeoutMs, messageId });
    let same: Promise<boolean> | undefined;
    const withKey = async () => {
      same ??= recursive ? Promise.resolve(false) : isSameServer(endpoint, this.#options.endpoint);
      return (await same) ? primary : undefined;
    };
    const lookout = new Lookout(
      { nameserver, transport, clock, timeoutMs, recursive },
      zone,
      () => this.#lookouts.delete(key),
      withKey,
    );
    this.#lookouts.set(key, lookout);
    return lookout;
  }
}

async function isSameServer(one: Endpoint, other: Endpoint): Promise<boolean> {
  if (one.port !== other.port) return false;
  const [some, others] = await Promise.all([resolveAll(one.host), resolveAll(other.host)]);
  return (
    some.kind === 'addresses' &&
    others.kind === 'addresses' &&
    some.addresses.some((address) => others.addresses.includes(address))
  );
}

/**
 * Leaves out a nameserver's address without a route, if another address of the same nameserver answers: a
 * machine without IPv6 cannot ask an IPv6 address.
 */
function withoutLackingRoutes(
  authorities: readonly Authority[],
  reports: readonly NameserverReport[],
): readonly NameserverReport[] {
  const nameAt = (index: number): Fqdn | undefined => {
    const authority = authorities[index];
    return authority?.kind === 'endpoint' ? authority.name : undefined;
  };
  const answering = new Set(
    reports.flatMap(({ answeredAt }, index) => (answeredAt === undefined ? [] : (nameAt(index) ?? []))),
  );
  return reports.filter(({ failure }, index) => {
    const name = nameAt(index);
    return failure?.code !== 'no-route' || name === undefined || !answering.has(name);
  });
}

const noNameservers = (zone: Fqdn): Failure => ({
  code: 'nameserver-not-found',
  message: `source-dns cannot read an NS RRset of the zone ${zone}, so it does not know which nameservers to ask.`,
  hint: "Set the nameserver's verify list to the addresses of the authoritative nameservers.",
});

/** The watched name. A publication's other names are below it, so they are longer. */
const subjectOf = ({ present, absent, zone }: PropagationRequest): Fqdn =>
  [...present, ...absent].map(({ name }) => name).toSorted((a, b) => a.length - b.length)[0] ?? zone;

const superseded = (name: Fqdn): Failure => ({
  code: 'superseded',
  message: `${name} changed again before the earlier change was visible everywhere.`,
});
