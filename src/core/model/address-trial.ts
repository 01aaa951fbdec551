/** What came of asking at one address of a server. */

import type { MonoMs, ServerId } from './units.ts';

/** Who was found at an address of a server's host. */
export interface AddressTrial {
  /** `same`: that server. `other`: another identity. `silent`: nobody who says who it is. `untried`: it has left, and what is there now is not known. */
  readonly outcome: 'same' | 'other' | 'silent' | 'untried';
  readonly at: MonoMs;
  /** That server was found there at least once since the resolver says so. */
  readonly wasSame: boolean;
  /** The other one. */
  readonly id?: ServerId;
  /** What came instead of an answer. */
  readonly said?: string;
}
