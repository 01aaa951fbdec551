/** Stories that once broke a promise, told act by act: a seed would tell another one as soon as the dice change. */

import type { Act, Script, Weather } from './script.ts';
import { plainShape } from './script.ts';

export interface Story {
  readonly name: string;
  readonly script: Script;
}

const weather: Weather = {
  rttMs: 30,
  slow: 0.4,
  lost: 0,
  late: 0,
  twice: 0,
  forged: 0,
  readLagMs: 0,
  fudgeMs: 5000,
  probeTimeoutMs: 900,
  netTimeoutMs: 60_000,
};

function story(name: string, seed: number, acts: readonly Act[], change: Partial<Weather>): Story {
  return {
    name,
    script: { seed, shape: plainShape, weather: { ...weather, ...change }, acts, calmAt: 45_000, settledAt: 65_000, endAt: 70_000 },
  };
}

/** Again and again one instance stands still while the source becomes read-only and somebody takes the address away; the other one is not there to mend it. */
const standingStill = (kind: 'stall' | 'suspend'): readonly Act[] =>
  [5000, 14_700, 24_400, 34_100].flatMap((from, round): Act[] => {
    const at = from + 87 * round;
    return [
      { at, kind: 'crash', instance: 'east', forMs: 9000, forgets: false },
      { at, kind, instance: 'west', forMs: 7000 },
      { at: at + 3000, kind: 'hand', edit: 'no-address', to: 0, forMs: 0 },
      { at: at + 3100, kind: 'read-only', forMs: 5000 },
    ];
  });

/** Again and again the source hangs until another server was promoted, and comes back when the move to that one is on its way. */
const comingBack: readonly Act[] = [5000, 15_000, 25_000, 35_000].flatMap((at): Act[] => [
  { at: at - 200, kind: 'crash', instance: 'west', forMs: 9000, forgets: false },
  { at, kind: 'lose-source', how: 'hang', backMs: 4500, tail: 0 },
  { at: at + 1000, kind: 'failover', to: 1, mistake: 'no-repoint', stepMs: 20 },
  { at: at + 9000, kind: 'mend', rebuild: true },
]);

/** Chance still has the network's say, so each is told several times. */
const retold = (name: string, acts: readonly Act[], change: Partial<Weather> = {}): readonly Story[] =>
  Array.from({ length: 12 }, (_, index) => story(name, index + 1, acts, change));

export const stories: readonly Story[] = [
  // An answer lay in the socket while the process was stopped: 7 s old, it counted as fresh, and drift was repaired towards a read-only server.
  ...retold('an answer from before a stall is no evidence', standingStill('stall')),
  ...retold('an answer from before a sleep is no evidence', standingStill('suspend')),
  ...retold('a move without an answer is fenced', comingBack, { late: 0.7, slow: 0 }),
];
