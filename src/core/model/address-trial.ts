/** The result of a trial: which server answers at an address of a server's host. */

import type { MonoMs, ServerId } from './units.ts';

export interface AddressTrial {
  /** `other`: another identity. `silent`: no identity. `untried`: the server left this address. */
  readonly outcome: 'same' | 'other' | 'silent' | 'untried';
  readonly at: MonoMs;
  /** The server was found there since the resolver gives this address. */
  readonly wasSame: boolean;
  /** The other identity. */
  readonly id?: ServerId;
  /** What came instead of an answer. */
  readonly said?: string;
}
