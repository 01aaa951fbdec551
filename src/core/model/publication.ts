/** What is remembered of a publication's last move (state.ts): how far it has come; and of its last refused update. */

import type { NameserverTime } from './events.ts';
import type { Failure } from './observation.ts';
import type { Fqdn, MonoMs } from './units.ts';
import type { Question, Rrset, UpdatePlan } from './zone.ts';

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

/** An update that the nameserver refused, and what is known of why. */
export interface WhyRefused {
  /** What was refused, and how: the same refusal has the same text. */
  readonly about: string;
  readonly plan: UpdatePlan;
  /** As the nameserver said it. */
  readonly said: Failure;
  /** The same in better words, after an inspection. */
  readonly found?: Failure;
  /** The command that wanted this update. */
  readonly commandId?: string;
  /** It was refused since the last inspection began. */
  readonly isDue: boolean;
  readonly isRunning: boolean;
  /** No inspection begins sooner. */
  readonly nextAt: MonoMs;
}
