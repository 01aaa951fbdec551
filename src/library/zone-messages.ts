/**
 * What the library's functions take and return: RRsets, updates and their outcomes, in the words of RFC 2136.
 * Plain objects and strings; nothing here depends on other files.
 */

/**
 * All RRs of one name and type. `name`: absolute, the final dot is optional; bytes outside `a-z 0-9 - _ * /`
 * are written `\DDD` (RFC 1035 5.1). Results have lower case, and the final dot.
 */
export type Rrset =
  | {
      readonly name: string;
      readonly type: 'A' | 'AAAA' | 'CNAME';
      /** 0 to 2147483647 (RFC 2181 8). A prerequisite and `delete-rrs` ignore the TTL. */
      readonly ttlSeconds: number;
      /** Addresses as text, or the one name of a CNAME. At least one. The order has no meaning. */
      readonly rdata: readonly string[];
    }
  | {
      readonly name: string;
      readonly type: 'SRV';
      readonly ttlSeconds: number;
      readonly rdata: readonly Srv[];
    }
  | {
      readonly name: string;
      readonly type: 'TXT';
      readonly ttlSeconds: number;
      /** Each RR is a list of character-strings of at most 255 bytes, one JavaScript character a byte. */
      readonly rdata: readonly (readonly string[])[];
    };

/** An SRV RR (RFC 2782). The numbers are 0 to 65535. */
export interface Srv {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** A name and a type. */
export interface Question {
  readonly name: string;
  readonly type: Rrset['type'];
}

/** What must be true in the zone, or the nameserver changes nothing (RFC 2136 2.4). */
export type Prerequisite =
  /** The RRset exists, with any RDATA (2.4.1). */
  | ({ readonly kind: 'rrset-exists' } & Question)
  /** The RRset has exactly this RDATA (2.4.2). */
  | { readonly kind: 'rrset-is'; readonly rrset: Rrset }
  /** The RRset does not exist (2.4.3). */
  | ({ readonly kind: 'rrset-absent' } & Question)
  /** The name has an RR (2.4.4), or no RR (2.4.5). */
  | { readonly kind: 'name-in-use' | 'name-not-in-use'; readonly name: string };

/** A change. The nameserver makes all changes of an update in their order, or none (RFC 2136 2.5, 3.4). */
export type Change =
  /** Adds every RR of the RRset (2.5.1). */
  | { readonly kind: 'add-rrset'; readonly rrset: Rrset }
  /** Deletes all RRs of that name and type (2.5.2). None is there: no error. */
  | ({ readonly kind: 'delete-rrset' } & Question)
  /** Deletes all RRsets of the name (2.5.3). SOA and NS stay at the zone's apex. */
  | { readonly kind: 'delete-name'; readonly name: string }
  /** Deletes these RRs of the RRset (2.5.4). One is not there: no error. */
  | { readonly kind: 'delete-rrs'; readonly rrset: Rrset };

/** One UPDATE message. All names are in the zone. */
export interface Update {
  readonly zone: string;
  /** Default: none. */
  readonly prerequisites?: readonly Prerequisite[];
  readonly changes: readonly Change[];
}

/** Why something failed. No secret is in the text. */
export interface Failure {
  /** Stable, for programs. */
  readonly code: string;
  /** A sentence for a person: what happened, and at which nameserver. */
  readonly message: string;
  /** What to do next. */
  readonly hint?: string;
}

export type UpdateOutcome =
  /** The nameserver says, with a valid signature, that all changes are made. */
  | { readonly kind: 'applied' }
  /**
   * Nothing was changed by this message. `prerequisite-failed`: the zone is not as the prerequisites say.
   * `not-sent`: no byte has left. `rejected`: every other answer; `rcode` is its name, as `REFUSED`.
   */
  | {
      readonly kind: 'refused';
      readonly code: 'prerequisite-failed' | 'not-sent' | 'rejected';
      readonly rcode?: string;
      readonly failure: Failure;
    }
  /** No sure answer: the changes may be made, now or later. Read the zone to find out. */
  | { readonly kind: 'unknown'; readonly failure: Failure };

export type ZoneReading =
  | {
      readonly kind: 'read';
      readonly zone: string;
      /** What the zone stores: what prerequisites are compared with. A missing RRset does not exist. */
      readonly rrsets: readonly Rrset[];
      /** What a wildcard answers at names that have no such RRset (RFC 4592). */
      readonly synthesized: readonly Rrset[];
    }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** How far a change has come: one entry for each authoritative nameserver. */
export interface PropagationReport {
  readonly nameservers: readonly NameserverReport[];
}

export interface NameserverReport {
  /** `address` or `address:port`. */
  readonly nameserver: string;
  /** When it first answered as wanted, in milliseconds since 1970. Absent: not by the deadline. */
  readonly answeredAt?: number;
  /** The serial of its SOA. */
  readonly serial?: number;
  readonly failure?: Failure;
}
