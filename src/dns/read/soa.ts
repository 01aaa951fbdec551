/** The SOA RR (RFC 1035 3.3.13). */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import { CLASS, TYPE } from '../message/codes.ts';
import { readName } from '../message/name.ts';
import type { ReceivedRr } from '../message/wire.ts';
import { ask, type Correspondent } from './query.ts';

export interface Soa {
  /** MNAME: the primary server's name. */
  readonly primary: Fqdn;
  /** RNAME: the mailbox of the person in charge, as a name. */
  readonly mailbox: Fqdn;
  readonly serial: number;
  /** How often a secondary server asks for the serial, if no NOTIFY comes. */
  readonly refreshSeconds: number;
  /** How long a secondary server waits after such a question failed. */
  readonly retrySeconds: number;
  /** How long a secondary server serves the zone without contact to the primary server. */
  readonly expireSeconds: number;
  /** How long resolvers cache "no such RRset": the lower of TTL and MINIMUM (RFC 2308 5). */
  readonly negativeTtlSeconds: number;
  /** The TTL of the SOA itself. */
  readonly ttlSeconds: number;
}

/** The bytes behind MNAME and RNAME: serial, refresh, retry, expire, minimum. */
const numbersBytes = 20;

/** Undefined if the RDATA is not an SOA. Never throws. */
export function decodeSoa(bytes: Buffer, rr: ReceivedRr): Soa | undefined {
  const mname = readName(bytes, rr.rdataStart);
  const rname = mname && readName(bytes, mname.end);
  if (mname === undefined || rname === undefined || rname.end + numbersBytes !== rr.end) return undefined;
  return {
    primary: mname.name,
    mailbox: rname.name,
    serial: bytes.readUInt32BE(rname.end),
    refreshSeconds: bytes.readUInt32BE(rname.end + 4),
    retrySeconds: bytes.readUInt32BE(rname.end + 8),
    expireSeconds: bytes.readUInt32BE(rname.end + 12),
    negativeTtlSeconds: Math.min(rr.ttlSeconds, bytes.readUInt32BE(rname.end + 16)),
    ttlSeconds: rr.ttlSeconds,
  };
}

export type SoaReading = (
  | { readonly kind: 'soa'; readonly soa: Soa }
  | { readonly kind: 'failed'; readonly failure: Failure }
) & {
  /** The nameserver's clock minus ours: see Answer. */
  readonly clockAheadSeconds?: number;
};

/** Asks for the zone's SOA (`zone-not-found` if there is none). Ends by the deadline; never rejects. */
export async function readSoa(
  correspondent: Correspondent,
  zone: Fqdn,
  deadline: MonoMs,
): Promise<SoaReading> {
  const answer = await ask(correspondent, { name: zone, type: TYPE.SOA }, deadline);
  if (answer.kind === 'failed') return answer;
  const { message, clockAheadSeconds } = answer;
  const clocks = clockAheadSeconds === undefined ? {} : { clockAheadSeconds };
  const rr = message.answers.find(
    (found) => found.type === TYPE.SOA && found.class === CLASS.IN && found.owner === zone,
  );
  const soa = rr && decodeSoa(message.bytes, rr);
  if (soa === undefined) return { kind: 'failed', failure: noSoa(correspondent.nameserver, zone), ...clocks };
  return { kind: 'soa', soa, ...clocks };
}

const noSoa = (nameserver: string, zone: Fqdn): Failure => ({
  code: 'zone-not-found',
  message: `The nameserver ${nameserver} has no SOA at ${zone}: that is not a zone there.`,
  hint: 'Set publish.zone to the zone that holds the name, or leave it out: then the zone is found by SOA.',
});

/** Serial number arithmetic (RFC 1982 3.2): above 0 if `a` is later than `b`, below 0 if earlier. */
export const compareSerials = (a: number, b: number): number => (a - b) | 0;
