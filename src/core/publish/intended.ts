/** One update that is to be written, and what every kind of it needs. */

import type { Situation } from '../decide/situation.ts';
import type { Move } from '../model/events.ts';
import type { Ledger } from '../model/ledger.ts';
import { type Failure, splitAddress } from '../model/observation.ts';
import { type MonoMs, plusMs, type ServerAddress } from '../model/units.ts';
import type { WriteKind } from '../model/vocabulary.ts';
import type { Wanted } from '../model/zone.ts';
import type { ServerView } from '../observe/topology.ts';

/** One update to be planned and sent. */
export interface Write {
  readonly what: WriteKind;
  /** The same for every attempt at the same thing. */
  readonly aim: string;
  readonly sentence: string;
  readonly ledger: Ledger;
  readonly wanted: readonly Wanted[];
  readonly move?: Omit<Move, 'appliedAt' | 'sentAt' | 'decidedAt'> | undefined;
  /** Why the replicas' name and the SRV RRset are not among what is wanted. */
  readonly leftOut?: Failure | undefined;
  /** When its evidence stops being fresh. */
  readonly notAfter: MonoMs;
}

/** The port that clients use there. */
export const portOf = (address: ServerAddress): number => splitAddress(address).port;

/** When what was observed of the server stops being fresh. */
export const freshUntil = (situation: Situation, server: ServerView): MonoMs =>
  plusMs(server.observedAt ?? situation.now.mono, situation.state.settings.watch.freshForMs);

/** The ledger with a change that is no move: the same epoch, a new try. */
export const rewritten = (situation: Situation, ledger: Ledger, change: Partial<Ledger> = {}): Ledger => ({
  ...ledger,
  try: situation.now.token,
  ...change,
});
