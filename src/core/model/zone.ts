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
 * An RRset in canonical form: addresses as the shortest text (RFC 5952), names as Fqdn, a TXT RR as
 * character-strings of bytes (one JavaScript character each). RDATA have no order.
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
 * One RFC 2136 UPDATE message before it is bytes: all prerequisites must hold, or nothing is changed (3.2);
 * all changes are made, or none (3.4). `--dry-run` prints this object.
 */
export interface UpdatePlan {
  readonly zone: Fqdn;
  readonly prerequisites: readonly Prerequisite[];
  readonly changes: readonly Change[];
}

/** `rrset-is`: exactly this RDATA, with any TTL (2.4.2). `rrset-absent`: does not exist (2.4.3). */
export type Prerequisite =
  | { readonly kind: 'rrset-is'; readonly rrset: Rrset }
  | ({ readonly kind: 'rrset-absent' } & Question);

/** `delete-rrset` (2.5.2) of a missing RRset is no error. `add-rrset` (2.5.1) adds every RR. */
export type Change =
  | ({ readonly kind: 'delete-rrset' } & Question)
  | { readonly kind: 'add-rrset'; readonly rrset: Rrset };

/** A side name outside of the zone (delegated, in another zone, below a DNAME), or with SERVFAIL. */
export interface Outside {
  readonly name: Fqdn;
  readonly failure: Failure;
}

/** A name that answers SERVFAIL because an alias leads back to itself. */
export interface Looping {
  readonly name: Fqdn;
  /** The wildcard that is this alias, if the nameserver does not answer the alias itself. */
  readonly wildcard?: Fqdn;
}

/** The zone at its primary server. A missing RRset does not exist. */
export type ZoneReading =
  | {
      readonly kind: 'read';
      readonly zone: Fqdn;
      /** What is stored: what prerequisites are compared with. */
      readonly rrsets: readonly Rrset[];
      /** A wildcard's answers at names of ours without such an RRset (RFC 4592). Absent: none. */
      readonly synthesized?: readonly Rrset[];
      /** Names of ours that an alias hides. Absent: none. */
      readonly looping?: readonly Looping[];
      /** Side names that could not be read, with nothing in `rrsets`. Absent: none. */
      readonly outside?: readonly Outside[];
      /** The next reading should not come sooner: many clusters share the nameserver. */
      readonly restMs?: number;
    }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * `refused`: not applied. But a failed prerequisite may answer a duplicate of an applied datagram. `unknown`:
 * no sure answer; it may still be applied.
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
  /** Expired in the queue, or no connection. */
  | 'not-sent'
  /** Every other answer; `failure.code` says which. */
  | 'rejected';

/** How far one RRset has come: one entry for each authoritative nameserver, or resolver. */
export interface PropagationReport {
  readonly nameservers: readonly NameserverReport[];
  /** A newer change of the same name is watched: missing answers mean nothing. */
  readonly superseded?: boolean;
}

export interface NameserverReport {
  /** `address` or `address:port`. */
  readonly nameserver: string;
  /** Absent: no new RRset by the deadline. */
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
  // A fast path: this is asked several times in every step.
  a.rdata === b.rdata ||
  (a.type === b.type &&
    (isOneText(a) && isOneText(b) ? a.rdata[0] === b.rdata[0] : rdataText(a) === rdataText(b)));

const isOneText = ({ rdata }: Rrset): boolean => rdata.length === 1 && typeof rdata[0] === 'string';
