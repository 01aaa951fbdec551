/** Parts of what is remembered of a publication (state.ts): how far a move has come, and how far a former source is on its way back. */

import type { NameserverTime } from './events.ts';
import type { GtidSet } from './gtid.ts';
import type { Fqdn, MonoMs, ServerId } from './units.ts';
import type { Waypoint } from './waypoint.ts';
import type { Question, Rrset } from './zone.ts';

/** How far the last move has come. */
export interface Propagation {
  readonly epoch: number;
  readonly zone: Fqdn;
  readonly present: readonly Rrset[];
  readonly absent: readonly Question[];
  readonly nameservers: Spread;
  readonly resolvers?: Spread;
}

/** How far it has come among some nameservers. */
export interface Spread {
  readonly nameservers: readonly NameserverTime[];
  readonly complete: boolean;
  /** They are being asked. */
  readonly running: boolean;
  /** When they are asked again. */
  readonly nextAt: MonoMs;
  /** Who has not answered by then is late. */
  readonly overdueAt: MonoMs;
}

/** How far a former source has come on its way back into the line. */
export interface Rejoin {
  /** The published source that all of this is about: after a move it begins anew. */
  readonly source?: ServerId;
  /** When it was first seen attached to the published source, in this run. */
  readonly attachedAt?: MonoMs;
  /** Where the source was after that: must be reached here. */
  readonly target?: Waypoint;
  /** Its own executed set when it had done so: a later snapshot of the source must have it all. */
  readonly executed?: { readonly set: GtidSet; readonly at: MonoMs };
  readonly rejoined: boolean;
  /** Transactions of its own that the source lacks; absent: not compared yet. */
  readonly errant?: number;
  /** When its set was last compared with the source's. */
  readonly comparedAt?: MonoMs;
}
