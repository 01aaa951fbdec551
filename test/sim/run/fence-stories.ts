/** Stories of old sources that are fenced, or must not be: each is told in a world with `fence:`. */

import type { Act } from '../world/script.ts';
import { alone, bothWays } from './tell.ts';

/** Again and again the source is lost, another is promoted, and the lost one comes back writable. */
const returns = (how: 'kill' | 'hang'): readonly Act[] =>
  [5000, 24_000].flatMap((at): Act[] => [
    { at, kind: 'lose-source', how, backMs: 5000, tail: 0 },
    { at: at + 1500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
    { at: at + 16_000, kind: 'mend', rebuild: true },
  ]);

/** Half of the replicas still stream from the old source when it goes on. */
const stillFollowed: readonly Act[] = [
  { at: 5000, kind: 'lose-source', how: 'hang', backMs: 4000, tail: 0 },
  { at: 6500, kind: 'failover', to: 0, mistake: 'no-repoint', stepMs: 20 },
  { at: 24_000, kind: 'mend', rebuild: true },
];

/** Again and again the old source comes back writable, rejoins, and is the source again a moment later. */
const thereAndBackAgain: readonly Act[] = [5000, 14_000, 23_000, 32_000].flatMap((at, round): Act[] => [
  { at, kind: 'lose-source', how: 'hang', backMs: 3000, tail: 0 },
  { at: at + 1500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
  { at: at + 3050 + 90 * round, kind: 'mend', rebuild: true },
  { at: at + 3400 + 150 * round, kind: 'switchover', to: 'former', mistake: 'none', stepMs: 100 },
]);

/** Another host is at the address of the old source, again and again. */
const swapped: readonly Act[] = [5000, 25_000].flatMap((at): Act[] => [
  { at, kind: 'lose-source', how: 'hang', backMs: 4000, tail: 0 },
  { at: at + 1500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
  ...[4050, 5100, 6150, 7200, 8250].map((after): Act => ({ at: at + after, kind: 'swap', forMs: 500 })),
  { at: at + 14_000, kind: 'mend', rebuild: true },
]);

/** An instance stands still while it fences; meanwhile the old source rejoins, and is the source again. */
const standsStillAndFences = (kind: 'stall' | 'suspend'): readonly Act[] =>
  [5000, 14_500, 24_000, 33_500].flatMap((at, round): Act[] => [
    { at, kind: 'lose-source', how: 'hang', backMs: 3000, tail: 0 },
    { at: at + 1500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
    { at: at + 3100 + 130 * round, kind, instance: 'east', forMs: 5000 },
    { at: at + 3100 + 130 * round, kind, instance: 'west', forMs: 5000 },
    { at: at + 4200, kind: 'mend', rebuild: true },
    { at: at + 5000, kind: 'switchover', to: 'former', mistake: 'none', stepMs: 100 },
  ]);

/** The server hangs between two statements of a fence, and goes on after it was repaired and promoted again. */
const hangsAgain: readonly Act[] = [5000, 18_000, 31_000].flatMap((at, round): Act[] => [
  { at, kind: 'lose-source', how: 'hang', backMs: 3000, tail: 0 },
  { at: at + 1500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
  { at: at + 3300 + 150 * round, kind: 'away', server: 0, how: 'hang', forMs: 5800, readOnly: false },
  { at: at + 11_000, kind: 'mend', rebuild: true },
]);

/** The zone is put back to a backup in which the old source is the source, while nobody watches. */
const putBack: readonly Act[] = [
  { at: 5000, kind: 'hand', edit: 'backup', to: 0, forMs: 15_000 },
  { at: 7000, kind: 'lose-source', how: 'kill', backMs: 18_000, tail: 0 },
  { at: 8500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
  { at: 36_000, kind: 'mend', rebuild: true },
];

/** Each instance sees another half of the servers; the old source is back for one of them only. */
const halfInSight: readonly Act[] = [
  { at: 5000, kind: 'cut', ways: bothWays('west', 'db1:3306', 'db2:3306'), forMs: 20_000 },
  { at: 5500, kind: 'lose-source', how: 'hang', backMs: 5000, tail: 0 },
  { at: 7500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
  { at: 30_000, kind: 'mend', rebuild: true },
];

/** A person makes the name follow another server before the new source is lost, without a word to the old one. */
const beforeTheMove: readonly Act[] = [5000, 25_000].flatMap((at): Act[] => [
  alone('west', at - 200, 15_000),
  { at, kind: 'lose-source', how: 'hang', backMs: 2500, tail: 0 },
  { at: at + 1900, kind: 'failover', to: 0, mistake: 'no-repoint', stepMs: 20 },
  { at: at + 14_000, kind: 'mend', rebuild: true },
]);

export const fenceStories: Readonly<Record<string, readonly Act[]>> = {
  'an old source that comes back is fenced': returns('kill'),
  'an old source that hung is fenced': returns('hang'),
  'an old source that others follow is not fenced': stillFollowed,
  'an old source that is the source again is not fenced': thereAndBackAgain,
  'another host at the address of an old source is not fenced': swapped,
  'a fence of before a stall takes no effect': standsStillAndFences('stall'),
  'a fence of before a sleep takes no effect': standsStillAndFences('suspend'),
  'a fence that a hanging server gets late takes no effect': hangsAgain,
  'a zone that was put back fences nobody': putBack,
  'two instances with different views fence alike': halfInSight,
  'nobody is fenced before the move is applied': beforeTheMove,
};
