/** RRsets, update plans and readings of a zone, in the words of RFC 1035 and RFC 2136. */

import type { Failure } from './observation.ts';
import type { Fqdn, WallMs } from './units.ts';

/** An SRV RDATA (RFC 2782). */
export interface Srv {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: Fqdn;
}

/**
 * An RRset, its RDATA in canonical form: addresses as the shortest text (RFC 5952), names as Fqdn, a TXT RR as its character-strings.
 * A character-string is kept byte for byte: each JavaScript character is one byte (0 to 255). RDATA are in no particular order.
 */
export type Rrset =
  | {
      readonly name: Fqdn;
      readonly type: 'A' | 'AAAA' | 'CNAME';
      readonly ttlSeconds: number;
      readonly rdata: readonly string[];
    }
  | { readonly name: Fqdn; readonly type: 'SRV'; readonly ttlSeconds: number; readonly rdata: readonly Srv[] }
  | {
      readonly name: Fqdn;
      readonly type: 'TXT';
      readonly ttlSeconds: number;
      readonly rdata: readonly (readonly string[])[];
    };

export type RrType = Rrset['type'];

export interface Question {
  readonly name: Fqdn;
  readonly type: RrType;
}

/** The same text for the same name and type. */
export const questionKey = ({ name, type }: Question): string => `${name} ${type}`;

/** One RRset as it should be; without `rrset`: it should not exist. */
export interface Wanted extends Question {
  readonly rrset?: Rrset;
}

/**
 * One RFC 2136 UPDATE message before it is bytes: all prerequisites must hold, or nothing is changed (3.2); all changes are made, or none (3.4).
 * `--dry-run` prints this object.
 */
export interface UpdatePlan {
  readonly zone: Fqdn;
  readonly prerequisites: readonly Prerequisite[];
  readonly changes: readonly Change[];
}

/** `rrset-is`: exists with exactly this RDATA, the TTL does not count (2.4.2). `rrset-absent`: does not exist (2.4.3). */
export type Prerequisite =
  | { readonly kind: 'rrset-is'; readonly rrset: Rrset }
  | ({ readonly kind: 'rrset-absent' } & Question);

/** `delete-rrset` (2.5.2) of one that does not exist is no error. `add-rrset` (2.5.1) adds every RR of it. */
export type Change =
  | ({ readonly kind: 'delete-rrset' } & Question)
  | { readonly kind: 'add-rrset'; readonly rrset: Rrset };

/** A side name that is not in the zone (delegated away, in another zone, below a DNAME), or the only one that answers SERVFAIL. */
export interface Outside {
  readonly name: Fqdn;
  readonly failure: Failure;
}

/** A name that answers SERVFAIL because an alias leads back to itself. */
export interface Looping {
  readonly name: Fqdn;
  /** The wildcard that is this alias, where the nameserver does not answer the alias itself. */
  readonly wildcard?: Fqdn;
}

/** What reading the zone at its primary server brought. An RRset that does not exist is just not there. */
export type ZoneReading =
  | {
      readonly kind: 'read';
      readonly zone: Fqdn;
      /** What is stored: what prerequisites are compared with. */
      readonly rrsets: readonly Rrset[];
      /** What is answered at names of ours that have no such RRset: a wildcard's (RFC 4592). Absent: nothing. */
      readonly synthesized?: readonly Rrset[];
      /** Names of ours that an alias keeps from being answered. Absent: none. */
      readonly looping?: readonly Looping[];
      /** Side names that could not be read, and nothing of which is in `rrsets`. Absent: none. */
      readonly outside?: readonly Outside[];
      /** Without need the next reading shall come no sooner: many clusters share the nameserver. */
      readonly restMs?: number;
    }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * What became of an update. `refused`: not applied (a signed answer says so, or it never left); only a failed prerequisite may also be the answer to a duplicate
 * of a datagram that was applied.
 * `unknown`: no answer, or one that proves nothing; it may still be applied later.
 */
export type UpdateOutcome =
  | { readonly kind: 'applied' }
  | {
      readonly kind: 'refused';
      readonly code: RefusalCode;
      readonly rcode?: string;
      readonly failure: Failure;
    }
  | { readonly kind: 'unknown'; readonly failure: Failure };

type RefusalCode =
  /** NXRRSET, YXRRSET, NXDOMAIN, YXDOMAIN: the zone is not as it was read. */
  | 'prerequisite-failed'
  /** It never left: expired in the queue, or the nameserver could not be reached. */
  | 'not-sent'
  /** Every other answer: bad key, clock, policy, zone; which one is in `failure.code`. */
  | 'rejected';

/** How far one RRset has come: one line a nameserver that is authoritative for the zone, or a resolver. */
export interface PropagationReport {
  readonly nameservers: readonly NameserverReport[];
  /** A newer change of the same name is watched instead: what is missing here means nothing. */
  readonly superseded?: boolean;
}

export interface NameserverReport {
  /** `address` or `address:port`. */
  readonly nameserver: string;
  /** When it first answered the new RRset; absent: not by the deadline. */
  readonly answeredAt?: WallMs;
  readonly serial?: number;
  readonly failure?: Failure;
}

/** The RRset of that name and type, if it was read. */
export const findRrset = (rrsets: readonly Rrset[], name: Fqdn, type: RrType): Rrset | undefined =>
  rrsets.find((rrset) => rrset.name === name && rrset.type === type);

/** Each RDATA as a text. */
const rdataTexts = (rrset: Rrset): string[] =>
  rrset.rdata.map((rdata) =>
    typeof rdata === 'string'
      ? rdata
      : 'port' in rdata
        ? `${rdata.priority} ${rdata.weight} ${rdata.port} ${rdata.target}`
        : JSON.stringify(rdata),
  );

const rdataText = (rrset: Rrset): string => JSON.stringify(rdataTexts(rrset).sort());

/** For a person. */
export const rdataWords = (rrset: Rrset): string => rdataTexts(rrset).sort().join(' ');

/** The same RDATA, in whatever order (an RRset is a set: RFC 2181 5). The TTL does not count. */
export const sameRdata = (a: Rrset, b: Rrset): boolean =>
  // Mostly both are one RRset, or have one address each: every step asks several times.
  a.rdata === b.rdata ||
  (a.type === b.type &&
    (isOneText(a) && isOneText(b) ? a.rdata[0] === b.rdata[0] : rdataText(a) === rdataText(b)));

const isOneText = ({ rdata }: Rrset): boolean => rdata.length === 1 && typeof rdata[0] === 'string';
