/** How an attempt to fence a server ended. To fence: to make a superseded source read-only (note 042). */

import type { Failure } from './observation.ts';
import type { Moment, MonoMs, ServerId } from './units.ts';

export type FenceResult =
  /** It is read-only now. `killed`: ended connections of clients. `spared`: connections that were left. */
  | { readonly kind: 'fenced'; readonly killed: number; readonly spared: number }
  /** It was read-only by an earlier attempt, and the connections of its clients have ended. */
  | { readonly kind: 'finished'; readonly killed: number; readonly spared: number }
  /** It was read-only before. */
  | { readonly kind: 'already' }
  /** The server refused, for example because a privilege is missing. `closed`: it is read-only all the same. */
  | { readonly kind: 'refused'; readonly failure: Failure; readonly closed?: true }
  /** Statements of others did not let it happen in time. `by`: which ones. `hint`: where KILL ends none. */
  | { readonly kind: 'blocked'; readonly by: string; readonly hint?: string }
  /** Nobody knows whether it is read-only now: the next observation tells. */
  | { readonly kind: 'unknown'; readonly failure: Failure }
  /** Another server answers there: nothing was done. `uuid`: who it is. */
  | { readonly kind: 'not-it'; readonly uuid: ServerId };

/** Every way in which an attempt can end. */
export const fenceResults = [
  'fenced',
  'finished',
  'already',
  'refused',
  'blocked',
  'unknown',
  'not-it',
] as const satisfies readonly FenceResult['kind'][];

/** What is remembered of a superseded source that was seen writable. */
export interface Fencing {
  /** Who it is: another server at this address begins anew. */
  readonly id: ServerId;
  /** When this process first saw a ledger that names it as a former source. */
  readonly formerSince: MonoMs;
  /**
   * The last reading before that, in which no ledger named it so: the move was later. Undefined: this process
   * has read the zone only since.
   */
  readonly notFormerAt: MonoMs | undefined;
  /** What shows that somebody opened it after the move. Undefined: nothing, or it is read-only since. */
  readonly opened: string | undefined;
  /** Since when this process reads in a ledger that somebody opened it (`opened=`). */
  readonly markedAt: MonoMs | undefined;
  /** It was read-only since then: the mark is of the past. */
  readonly isMarkOver: boolean;
  /** By the last turn. Undefined: it takes no writes, or does not answer. */
  readonly verdict: FenceVerdict | undefined;
  /** Since when the present attempt is wanted. What this server said before that does not count. */
  readonly wantedSince: MonoMs | undefined;
  /** When this server had said it again. What anything else said before that does not count. */
  readonly seenAt: MonoMs | undefined;
  /** An attempt is on its way. */
  readonly isRunning: boolean;
  /** How many attempts there were since the last one that ended well, without a long time between them. */
  readonly times: number;
  /** No attempt begins sooner. */
  readonly nextAt: MonoMs;
  /** The last attempt that ended. */
  readonly last: { readonly result: FenceResult; readonly at: Moment } | undefined;
  /** When this instance made it read-only. Undefined again once it takes writes. */
  readonly fencedAt: Moment | undefined;
  /** Every connection of a client from before this moment has ended. */
  readonly clearedAt: MonoMs | undefined;
  /** When the connections of its clients are to end next. Undefined: not any more. */
  readonly clearAt: MonoMs | undefined;
}

/**
 * What is to be done about a superseded source. `fence`: it takes writes. `finish`: it was fenced, and the
 * connections of its clients are to end. `because` reads on from "not fenced:".
 */
export type FenceVerdict =
  | { readonly kind: 'fence' }
  | { readonly kind: 'finish' }
  | { readonly kind: 'not'; readonly because: string };

/** Whether an attempt is wanted. */
export const isWanted = (
  verdict: FenceVerdict | undefined,
): verdict is Exclude<FenceVerdict, { readonly kind: 'not' }> =>
  verdict !== undefined && verdict.kind !== 'not';
