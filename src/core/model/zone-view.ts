/** The zone as it was read last, and what the nameserver made of our writes. */

import type { LedgerReading } from './ledger.ts';
import type { Failure } from './observation.ts';
import type { Fqdn, MonoMs } from './units.ts';
import type { WriteKind } from './vocabulary.ts';
import type { Looping, Outside, Question, Rrset, Wanted } from './zone.ts';

/** Refusals over one ledger: reading it again does not help. */
export interface Refusals {
  /** The ledger that all of them were to replace, as text. */
  readonly baseText: string;
  /** Of updates with and without a side name. */
  readonly withSides: number;
  readonly withoutSides: number;
  readonly what: WriteKind;
  readonly failure: Failure;
}

/** What the nameserver made of an RRset that we wrote. */
export interface Altered {
  readonly wrote: Wanted;
  /** Absent: it shows none. */
  readonly shows?: Rrset | undefined;
  /** In so many of our updates in a row. */
  readonly times: number;
}

export interface ZoneView {
  readonly zone: Fqdn;
  /** What is stored. */
  readonly rrsets: readonly Rrset[];
  /** A wildcard's answers where nothing is stored. */
  readonly synthesized: readonly Rrset[];
  /** Names that are not stored, at which an alias leads back to itself. */
  readonly looping: readonly Looping[];
  /** Side names that are not in the zone. */
  readonly outside: readonly Outside[];
  /** RRsets that the nameserver changed. */
  readonly altered: readonly Altered[];
  /** What was asked: nothing else is known. */
  readonly questions?: readonly Question[] | undefined;
  readonly ledger: LedgerReading;
  /** The ledger's RRset as text, for comparison; empty: none. */
  readonly ledgerText: string;
  readonly readAt: MonoMs;
  /** When the zone was last read with another ledger, by this process. */
  readonly otherLedgerAt: MonoMs | undefined;
}
