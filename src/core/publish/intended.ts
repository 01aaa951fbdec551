/** One update to write, and what every kind of update needs. */

import type { Situation } from '../decide/situation.ts';
import type { Move } from '../model/events.ts';
import type { Ledger } from '../model/ledger.ts';
import { type Failure, splitAddress } from '../model/observation.ts';
import { type MonoMs, plusMs, type ServerAddress } from '../model/units.ts';
import type { WriteKind } from '../model/vocabulary.ts';
import type { Wanted } from '../model/zone.ts';
import type { ServerView } from '../observe/topology.ts';

export interface Write {
  readonly what: WriteKind;
  /** The same for every attempt at the same thing. */
  readonly aim: string;
  readonly sentence: string;
  readonly ledger: Ledger;
  readonly wanted: readonly Wanted[];
  readonly move?: Omit<Move, 'appliedAt' | 'sentAt' | 'decidedAt'> | undefined;
  /** Why the side names are not in `wanted`. */
  readonly leftOut?: Failure | undefined;
  /** When its evidence is no longer fresh. */
  readonly notAfter: MonoMs;
}

export const portOf = (address: ServerAddress): number => splitAddress(address).port;

/** When the newest observation of the server is no longer fresh. */
export const freshUntil = (situation: Situation, server: ServerView): MonoMs =>
  plusMs(server.observedAt ?? situation.now.mono, situation.state.settings.watch.freshForMs);

/** The ledger with a change that is not a move: the same epoch, a new try. */
export const rewritten = (situation: Situation, ledger: Ledger, change: Partial<Ledger> = {}): Ledger => ({
  ...ledger,
  try: situation.now.token,
  ...change,
});
