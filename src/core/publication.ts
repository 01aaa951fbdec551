/** What is remembered of a publication's last move (state.ts): how far it has come. */

import type { NameserverTime } from './events.ts';
import type { Fqdn, MonoMs } from './units.ts';
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
