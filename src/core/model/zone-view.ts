/** The zone as it was read last, and what the nameserver made of what was written. */

import type { LedgerReading } from './ledger.ts';
import type { Failure } from './observation.ts';
import type { Fqdn, MonoMs } from './units.ts';
import type { WriteKind } from './vocabulary.ts';
import type { Looping, Outside, Question, Rrset, Wanted } from './zone.ts';

/** How often it refused: where the ledger reads the same each time, reading it again does not help. */
export interface Refusals {
  /** The ledger that all of them were to replace, as text. */
  readonly baseText: string;
  /** Of updates that had a side name among theirs, and of the others. */
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
  /** In so many of our updates on end. */
  readonly times: number;
}

export interface ZoneView {
  readonly zone: Fqdn;
  /** What is stored. */
  readonly rrsets: readonly Rrset[];
  /** What a wildcard answers where nothing is stored. */
  readonly synthesized: readonly Rrset[];
  /** Names that are not stored, and where an alias (a wildcard's) leads back to itself. */
  readonly looping: readonly Looping[];
  /** Side names that are not in the zone. */
  readonly outside: readonly Outside[];
  /** What is as the nameserver made it, not as we wrote it. */
  readonly altered: readonly Altered[];
  /** What was asked: of anything else it is not known whether it is there. */
  readonly questions?: readonly Question[] | undefined;
  readonly ledger: LedgerReading;
  /** The ledger's RRset as text, to be compared; empty where there is none. */
  readonly ledgerText: string;
  readonly readAt: MonoMs;
}
