/** What the history keeps of one call of a hook: a program or URL that was told of a move or an alarm. */

import type { AlarmCode } from './vocabulary.ts';

export interface HookRecord {
  /** Where the configuration has the hook, e.g. `after_move[0]`. */
  readonly place: string;
  /** The program, or the scheme, host and port of the URL: the rest may be a secret. */
  readonly hook: string;
  readonly about: HookSubject;
  /** `dropped`: never called, or not to its end, because of a bound or because source-dns stops. */
  readonly outcome: 'done' | 'failed' | 'timed-out' | 'dropped';
  /** What the hook answered, or why not. */
  readonly sentence: string;
  /** What to do next. */
  readonly hint?: string | undefined;
  readonly exitCode?: number | undefined;
  /** The signal that ended the program. */
  readonly signal?: string | undefined;
  /** The HTTP status. */
  readonly status?: number | undefined;
  /** How often it was called. */
  readonly attempts: number;
  /** From the first attempt to the end of the last one, in milliseconds. */
  readonly ms: number;
  /** The end of what the program printed, or the beginning of what the URL answered; printable. */
  readonly output?: string | undefined;
  /** So many calls of this hook in a row have failed; absent below 2. */
  readonly inARow?: number | undefined;
  /** `dropped`: so many calls; `about` is the last of them. */
  readonly count?: number | undefined;
}

export type HookSubject =
  | { readonly kind: 'move'; readonly epoch: number }
  | { readonly kind: 'alarm'; readonly code: AlarmCode; readonly subject: string; readonly raised: boolean };
