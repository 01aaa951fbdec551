/** What the contract of ZoneClient runs on: a nameserver, the ways to open a client for it, and in what it differs from BIND. */
import type { Fqdn } from '../../src/core/model/units.ts';
import type { Clock, ZoneClient } from '../../src/ports.ts';

/** The nameserver that the suite runs on. */
export interface Subject {
  readonly zone: Fqdn;
  /** Clusters whose names the key may change; the suite needs these two. */
  readonly clusters: readonly [string, string];
  /** How many nameservers propagation watches. */
  readonly nameservers: number;
  readonly differences: Differences;
  /** A client with the right key and the system's clock, but for what is asked otherwise. */
  open(options?: ClientVariation): Promise<ZoneClient>;
}

export interface ClientVariation {
  readonly key?: 'right' | 'wrong-secret' | 'unknown-name' | 'mixed-case-name';
  readonly clock?: Clock;
  /** Nobody listens there. */
  readonly down?: boolean;
  /** A time-out of 400 ms: over UDP an answer that proves nothing is only told at the end. */
  readonly hasty?: boolean;
}

/**
 * In what nameservers differ, each with its word in the suite: an outcome as `applied`, or as its kind and its failure's code. `unknown` stands
 * where the nameserver does not sign what it says: the failure then still tells what it said.
 */
export interface Differences {
  /**
   * An update in which one name may not be changed by the key. `rest`: what becomes of the others in the message. PowerDNS leaves out what its
   * policy denies, does the others, and says NOERROR: so every update is read back.
   */
  readonly denied: {
    readonly outcome: 'refused update-refused' | 'unknown zone-not-served' | 'applied';
    readonly rest: 'kept' | 'changed';
  };
  /** An update, and a query, of a zone that is not there. */
  readonly otherZone: readonly ['refused zone-not-served' | 'unknown zone-not-served', 'query-refused'];
  /** An update, and a query, that are signed with another secret. */
  readonly wrongSecret: KeyFault;
  /** An update whose time is off by more than the fudge; `seconds`: the failure says by how much. */
  readonly wrongClock: {
    readonly outcome: 'refused tsig-badtime' | 'unknown tsig-badkey';
    readonly seconds: boolean;
  };
  /** A CNAME that is added beside an A. Ignored without a word (RFC 2136 3.4.2.2), or refused: in no case is it there. */
  readonly aliasBesideAddress: 'applied' | 'refused update-refused';
  /** An RR that is there already is added with another TTL and nothing is deleted: is the new TTL there? */
  readonly ttlAlone: 'taken' | 'ignored';
  /** A prerequisite on TXT that differs from what is there in a letter's case only. */
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

/** The text of a key file in BIND's form, as the variation wants it. */
export function variedKeyText(text: string, { key }: ClientVariation): string {
  if (key === 'unknown-name') return text.replace(/key "[^"]+"/, 'key "nobody"');
  if (key === 'wrong-secret')
    return text.replace(/secret "[^"]+"/, `secret "${Buffer.alloc(32, 7).toString('base64')}"`);
  if (key === 'mixed-case-name')
    return text.replace(/key "[^"]+"/, (name) => `key ${name.slice(4).toUpperCase()}`);
  return text;
}
