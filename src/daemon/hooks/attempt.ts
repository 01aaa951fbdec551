/** How one attempt to call a hook ended. */

import type { HookRecord } from '../../core/model/hook-record.ts';

export interface Attempt
  extends Pick<HookRecord, 'sentence' | 'hint' | 'exitCode' | 'signal' | 'status' | 'output'> {
  readonly outcome: 'done' | 'failed' | 'timed-out';
  /** Another attempt does no harm. `afterMs`: what the receiver asked for. */
  readonly again?: { readonly afterMs?: number | undefined } | undefined;
}

/** An attempt that goes on after its answer is known still counts as a process. */
export interface Trying {
  /** Never rejects. */
  readonly attempt: Promise<Attempt>;
  /** Resolves when nothing of it is left that we know of. */
  readonly gone: Promise<void>;
}
