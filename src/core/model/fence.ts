/** How an attempt to fence a server ended. To fence: to make a superseded source read-only (note 042). */

import type { Failure } from './observation.ts';
import type { ServerId } from './units.ts';

export type FenceResult =
  /** It is read-only now. `killed`: ended connections of clients. `spared`: connections that were left. */
  | { readonly kind: 'fenced'; readonly killed: number; readonly spared: number }
  /** It was read-only before. */
  | { readonly kind: 'already' }
  /** The server refused, for example because a privilege is missing. */
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** Statements of others did not let it happen in time. `by`: which ones. */
  | { readonly kind: 'blocked'; readonly by: string }
  /** Nobody knows whether it is read-only now: the next observation tells. */
  | { readonly kind: 'unknown'; readonly failure: Failure }
  /** Another server answers there: nothing was done. `uuid`: who it is. */
  | { readonly kind: 'not-it'; readonly uuid: ServerId };
