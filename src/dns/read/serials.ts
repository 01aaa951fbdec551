/** How far each authoritative nameserver of a zone is, by its SOA serial. */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import { type Endpoint, showEndpoint } from '../transport/endpoint.ts';
import type { OpenTransport } from '../transport/exchange.ts';
import { findAuthorities, listedAuthorities } from './authoritative.ts';
import { ofListed } from './lookout.ts';
import type { Correspondent } from './query.ts';
import { compareSerials, readSoa } from './soa.ts';

export interface SerialsOptions {
  readonly primary: Correspondent;
  readonly endpoint: Endpoint;
  readonly verify?: readonly Endpoint[] | undefined;
  readonly messageId: () => number;
  readonly openTransport: OpenTransport;
}

export type SerialsReport =
  | { readonly kind: 'serials'; readonly serial: number; readonly nameservers: readonly NameserverSerial[] }
  /** The primary server itself could not be asked. */
  | { readonly kind: 'failed'; readonly failure: Failure };

type NameserverSerial = { readonly nameserver: string } & (
  | {
      /**
       * `behind`: it lacks something that the primary server had before the question. `ahead`: the primary
       * server's zone went back (somebody restored an old file), so this nameserver takes no transfer until
       * the primary server's serial passes its own (RFC 1982 3.2).
       */
      readonly step: 'in-step' | 'behind' | 'ahead';
      readonly serial: number;
    }
  | { readonly step: 'unknown'; readonly failure: Failure }
);

/** A line for each nameserver, in the order of the list or NS RRset. Ends by the deadline; never rejects. */
export async function readSerials(
  options: SerialsOptions,
  zone: Fqdn,
  deadline: MonoMs,
): Promise<SerialsReport> {
  const { primary, endpoint, verify } = options;
  // Before and after: an update meanwhile must not make a secondary server look behind or ahead.
  const before = await readSoa(primary, zone, deadline);
  if (before.kind === 'failed') return { kind: 'failed', failure: before.failure };
  const found = await (verify === undefined
    ? findAuthorities(primary, endpoint, zone, deadline)
    : listedAuthorities(verify, primary, deadline));
  const readings = await Promise.all(
    found.map(async (authority) =>
      authority.kind === 'failed'
        ? { nameserver: authority.nameserver, failure: authority.failure }
        : await readAt(options, authority.endpoint, zone, deadline),
    ),
  );
  const after = await readSoa(primary, zone, deadline);
  if (after.kind === 'failed') return { kind: 'failed', failure: after.failure };
  const range = { oldest: before.soa.serial, newest: after.soa.serial };
  return {
    kind: 'serials',
    serial: after.soa.serial,
    nameservers: readings.map((reading) => judged(reading, range)),
  };
}

type Reading = { readonly nameserver: string } & (
  | { readonly serial: number }
  | { readonly failure: Failure }
);

async function readAt(
  options: SerialsOptions,
  endpoint: Endpoint,
  zone: Fqdn,
  deadline: MonoMs,
): Promise<Reading> {
  const { clock, timeoutMs } = options.primary;
  const nameserver = showEndpoint(endpoint);
  // Unsigned: secondary servers need not know the key for updates.
  const transport = options.openTransport('udp', {
    nameserver,
    ...endpoint,
    clock,
    timeoutMs,
    messageId: options.messageId,
  });
  try {
    const reading = await readSoa({ nameserver, transport, clock, timeoutMs }, zone, deadline);
    return reading.kind === 'soa'
      ? { nameserver, serial: reading.soa.serial }
      : { nameserver, failure: ofListed(reading.failure) };
  } finally {
    transport.close();
  }
}

function judged(
  reading: Reading,
  range: { readonly oldest: number; readonly newest: number },
): NameserverSerial {
  const { nameserver } = reading;
  if ('failure' in reading) return { nameserver, step: 'unknown', failure: reading.failure };
  const { serial } = reading;
  if (compareSerials(serial, range.oldest) < 0) return { nameserver, step: 'behind', serial };
  return { nameserver, step: compareSerials(serial, range.newest) > 0 ? 'ahead' : 'in-step', serial };
}
