/** Looks at the nameserver before there is a key: the zone, its nameservers, what stands at the name. */

import { randomBytes } from 'node:crypto';
import type { Failure } from '../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../core/model/units.ts';
import { TYPE } from '../dns/message/codes.ts';
import { answeredRrset, rdataKey } from '../dns/message/rdata.ts';
import { type TsigKey, tsigKey } from '../dns/message/tsig.ts';
import { findAuthorities } from '../dns/read/authoritative.ts';
import { ask, type Correspondent } from '../dns/read/query.ts';
import { createReadingSide, type ReadingSide } from '../dns/read/reading-side.ts';
import { readSerials } from '../dns/read/serials.ts';
import { findZone } from '../dns/read/zone-finder.ts';
import { showEndpoint } from '../dns/transport/endpoint.ts';
import type { Clock } from '../ports.ts';
import type { SetupNameserver } from './setup.ts';

export type FoundZone =
  | {
      readonly kind: 'zone';
      readonly zone: Fqdn;
      /** Every nameserver of the NS RRset, at the addresses that answer, if any does. */
      readonly verify: readonly SetupNameserver[];
      /** Nameservers of the NS RRset that do not answer. */
      readonly failures: readonly Failure[];
      readonly name: NameUse;
      /** It has a key of the wished name already, with another secret. */
      readonly keyIsTaken: boolean;
    }
  /** The nameserver answers, and does not have the zone (or does not show it to us). */
  | { readonly kind: 'no-zone'; readonly failure: Failure }
  /** `wrong`: it answers for others, as a resolver does. */
  | { readonly kind: 'failed'; readonly failure: Failure; readonly wrong: boolean };

/** `taken`: it exists without a ledger. `ledgerOf`: source-dns publishes it already, for that cluster. */
type NameUse = 'free' | 'taken' | { readonly ledgerOf: string };

const timeoutMs = 3000;
/** Several questions one after the other. */
const patienceMs = 8000;
/** A resolver, or a key that is another one there. */
const wrongNameserver: readonly string[] = ['not-authoritative', 'tsig-badsig'];
const noZone: readonly string[] = ['query-refused', 'zone-not-served', 'zone-not-found', 'servfail'];

export interface HowToLook {
  /** Undefined: found by SOA. */
  readonly zone: Fqdn | undefined;
  /** An existing key: a view may need it. */
  readonly key: TsigKey | undefined;
  /** The name of a new key. */
  readonly keyName: Fqdn;
}

/** Unsigned without a key: the nameserver does not know a new key yet. Ends by a deadline; never rejects. */
export async function lookAtZone(
  clock: Clock,
  { host, port }: SetupNameserver,
  name: Fqdn,
  how: HowToLook,
): Promise<FoundZone> {
  const { zone: wanted, key } = how;
  const side = createReadingSide(
    {
      name: 'ns1',
      address: host,
      port,
      transport: 'tcp',
      ...(key !== undefined && { key }),
      fudgeSeconds: 30,
      timeoutMs,
      clock,
    },
    // Nothing is read here that needs an update.
    () => Promise.reject(new Error('init sends no update')),
  );
  const deadline = (clock.mono() + patienceMs) as MonoMs;
  try {
    const { correspondent } = side;
    const found = await findZone(correspondent, wanted ?? name, deadline);
    // The key of an earlier run may still be on its way to the nameserver.
    if (found.kind === 'failed' && found.failure.code === 'tsig-badkey' && key !== undefined)
      return await lookAtZone(clock, { host, port }, name, { ...how, key: undefined });
    if (found.kind === 'failed') return withoutZone(found.failure);
    if (wanted !== undefined && found.zone !== wanted)
      return { kind: 'no-zone', failure: notAZone(wanted, found.zone) };
    return {
      kind: 'zone',
      zone: found.zone,
      ...(await nameserversOf(side, { host, port }, found.zone, deadline)),
      name: await useOf(correspondent, name, deadline),
      keyIsTaken: key === undefined && (await isTaken(correspondent, how.keyName, found.zone, deadline)),
    };
  } finally {
    side.close();
  }
}

/**
 * A nameserver that is down belongs into the list. An address that does not answer does not, if another
 * address of the same nameserver answers: perhaps this machine has no IPv6.
 */
async function nameserversOf(
  { correspondent, serials }: ReadingSide,
  endpoint: SetupNameserver,
  zone: Fqdn,
  deadline: MonoMs,
): Promise<{ readonly verify: readonly SetupNameserver[]; readonly failures: readonly Failure[] }> {
  const [authorities, report] = await Promise.all([
    findAuthorities(correspondent, endpoint, zone, deadline),
    readSerials(serials, zone, deadline),
  ]);
  const lines = report.kind === 'serials' ? report.nameservers : [];
  const silent = new Map(
    lines.flatMap((line) => (line.step === 'unknown' ? [[line.nameserver, line.failure] as const] : [])),
  );
  const found = authorities.flatMap((each) => (each.kind === 'endpoint' ? [each] : []));
  const isSilent = (each: (typeof found)[number]): boolean => silent.has(showEndpoint(each.endpoint));
  const answering = new Set(found.filter((each) => !isSilent(each)).map(({ name }) => name));
  return {
    verify: found
      .filter((each) => !isSilent(each) || each.name === undefined || !answering.has(each.name))
      .map((each) => each.endpoint),
    failures: [...silent.values()],
  };
}

/** A nameserver answers BADKEY to an unknown name, and BADSIG to a known name with another secret. */
async function isTaken(
  correspondent: Correspondent,
  keyName: Fqdn,
  zone: Fqdn,
  deadline: MonoMs,
): Promise<boolean> {
  const key = tsigKey(keyName, 'hmac-sha256', randomBytes(32));
  const signing = { key, fudgeSeconds: 300 };
  const answer = await ask({ ...correspondent, signing }, { name: zone, type: TYPE.SOA }, deadline);
  return answer.kind === 'failed' && answer.failure.code === 'tsig-badsig';
}

const withoutZone = (failure: Failure): FoundZone =>
  noZone.includes(failure.code)
    ? { kind: 'no-zone', failure }
    : { kind: 'failed', failure, wrong: wrongNameserver.includes(failure.code) };

const notAZone = (wanted: Fqdn, found: Fqdn): Failure => ({
  code: 'zone-not-found',
  message: `The nameserver has no zone ${wanted}: that name is in its zone ${found}.`,
});

/** A wildcard above the name answers for it, too (RFC 4592): then its neighbour has the same answer. */
async function useOf(correspondent: Correspondent, name: Fqdn, deadline: MonoMs): Promise<NameUse> {
  const ledger = await rrsetAt(correspondent, `_source-dns.${name}` as Fqdn, 'TXT', deadline);
  const fields = ledger?.type === 'TXT' ? ledger.rdata.flat() : [];
  const clusterField = fields.find((field) => field.startsWith('cluster='));
  if (clusterField !== undefined) return { ledgerOf: clusterField.slice('cluster='.length) };
  const neighbour = `_source-dns-wildcard.${name.slice(name.indexOf('.') + 1)}` as Fqdn;
  for (const type of ['A', 'AAAA', 'CNAME'] as const) {
    const found = await rrsetAt(correspondent, name, type, deadline);
    if (found === undefined) continue;
    const beside = await rrsetAt(correspondent, neighbour, type, deadline);
    if (beside === undefined || rdataKey(beside) !== rdataKey(found)) return 'taken';
  }
  return 'free';
}

async function rrsetAt(
  correspondent: Correspondent,
  name: Fqdn,
  type: 'A' | 'AAAA' | 'CNAME' | 'TXT',
  deadline: MonoMs,
) {
  const answer = await ask(correspondent, { name, type: TYPE[type] }, deadline);
  const rrset = answer.kind === 'answer' ? answeredRrset(answer.message, { name, type }) : 'absent';
  return typeof rrset === 'string' ? undefined : rrset;
}
