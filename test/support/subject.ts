/** A nameserver for the contract of ZoneClient: how to open a client for it, and how it differs from BIND. */
import type { Fqdn } from '../../src/core/model/units.ts';
import type { Clock, ZoneClient } from '../../src/ports.ts';

/** The nameserver that the suite runs on. */
export interface Subject {
  readonly zone: Fqdn;
  /** Clusters whose names the key may change. The suite needs these two. */
  readonly clusters: readonly [string, string];
  /** How many nameservers propagation watches. */
  readonly nameservers: number;
  readonly differences: Differences;
  /** A client with the right key and the system's clock, unless the variation says otherwise. */
  open(options?: ClientVariation): Promise<ZoneClient>;
}

export interface ClientVariation {
  readonly key?: 'right' | 'wrong-secret' | 'unknown-name' | 'mixed-case-name';
  readonly clock?: Clock;
  /** Nobody listens there. */
  readonly down?: boolean;
  /** A time-out of 400 ms: over UDP, an answer that proves nothing is reported only at the end. */
  readonly hasty?: boolean;
}

/**
 * How nameservers differ. Each word is an outcome: `applied`, or its kind and its failure's code. `unknown`:
 * the nameserver does not sign this answer; the failure still tells what it said.
 */
export interface Differences {
  /**
   * An update with one name that the key may not change. `rest`: the fate of the other names. PowerDNS leaves
   * out what its policy denies, applies the rest, and answers NOERROR: that is why every update is read back.
   */
  readonly denied: {
    readonly outcome: 'refused update-refused' | 'unknown zone-not-served' | 'applied';
    readonly rest: 'kept' | 'changed';
  };
  /** An update and a query of a zone that does not exist. */
  readonly otherZone: readonly ['refused zone-not-served' | 'unknown zone-not-served', 'query-refused'];
  /** An update and a query that are signed with another secret. */
  readonly wrongSecret: KeyFault;
  /** An update whose time is off by more than the fudge. `seconds`: the failure tells the difference. */
  readonly wrongClock: {
    readonly outcome: 'refused tsig-badtime' | 'unknown tsig-badkey';
    readonly seconds: boolean;
  };
  /** A CNAME beside an A: silently ignored (RFC 2136 3.4.2.2), or refused. It never exists. */
  readonly aliasBesideAddress: 'applied' | 'refused update-refused';
  /** Adds an existing RR with another TTL and deletes nothing: does the new TTL exist? */
  readonly ttlAlone: 'taken' | 'ignored';
  /** A prerequisite on TXT that differs from the stored TXT only in a letter's case. */
  readonly txtCase: 'refused prerequisite-failed' | 'applied';
}

export type KeyFault = readonly [update: `unknown ${string}`, query: string];

/** BIND 9.18 and 9.20. */
export const bindDifferences: Differences = {
  denied: { outcome: 'refused update-refused', rest: 'kept' },
  otherZone: ['refused zone-not-served', 'query-refused'],
  wrongSecret: ['unknown tsig-badsig', 'tsig-badsig'],
  wrongClock: { outcome: 'refused tsig-badtime', seconds: true },
  aliasBesideAddress: 'applied',
  ttlAlone: 'taken',
  txtCase: 'refused prerequisite-failed',
};

/** The text of a key file in BIND's form, for the variation. */
export function variedKeyText(text: string, { key }: ClientVariation): string {
  if (key === 'unknown-name') return text.replace(/key "[^"]+"/, 'key "nobody"');
  if (key === 'wrong-secret')
    return text.replace(/secret "[^"]+"/, `secret "${Buffer.alloc(32, 7).toString('base64')}"`);
  if (key === 'mixed-case-name')
    return text.replace(/key "[^"]+"/, (name) => `key ${name.slice(4).toUpperCase()}`);
  return text;
}
