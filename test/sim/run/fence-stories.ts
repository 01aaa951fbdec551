/** Stories of old sources that are fenced, or must not be: each is told in a world with `fence:`. */

import type { Act, Weather } from '../world/script.ts';
import { alone, bothWays } from './tell.ts';

/** Again and again the source is lost, another is promoted, and the lost one comes back writable. */
const returns = (how: 'kill' | 'hang'): readonly Act[] =>
  [5000, 24_000].flatMap((at): Act[] => [
    { at, kind: 'lose-source', how, backMs: 5000, tail: 0 },
    { at: at + 1500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
    { at: at + 16_000, kind: 'mend', rebuild: true },
  ]);

/** source-dns saw the source promoted. Later its process hangs, and goes on after the name has moved on. */
const promotedBefore: readonly Act[] = [
  { at: 5000, kind: 'switchover', to: 0, mistake: 'none', stepMs: 20 },
  { at: 12_000, kind: 'lose-source', how: 'hang', backMs: 5000, tail: 0 },
  { at: 13_500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
  { at: 36_000, kind: 'mend', rebuild: true },
];

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

/** The server hangs between two statements of a fence, and goes on when nobody waits any more. */
const hangsAgain: readonly Act[] = [5000, 18_000, 31_000].flatMap((at, round): Act[] => [
  { at, kind: 'lose-source', how: 'hang', backMs: 3000, tail: 0 },
  { at: at + 1500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
  { at: at + 4400 + 200 * round, kind: 'away', server: 0, how: 'hang', forMs: 5800, readOnly: false },
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

/** An old source comes back while updates take long: somebody has just edited the zone. */
const duringUpdate: readonly Act[] = [5000, 25_000].flatMap((at): Act[] => [
  { at, kind: 'lose-source', how: 'hang', backMs: 6000, tail: 0 },
  { at: at + 1500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
  ...[5000, 6000, 7000, 8000].map(
    (after): Act => ({ at: at + after, kind: 'hand', edit: 'ttl', to: 0, forMs: 0 }),
  ),
  { at: at + 14_000, kind: 'mend', rebuild: true },
]);

/** The nameserver answers nobody when the old source comes back. */
const nameserverAway: readonly Act[] = [
  { at: 5000, kind: 'lose-source', how: 'hang', backMs: 11_000, tail: 0 },
  { at: 6500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
  { at: 9500, kind: 'crash-nameserver', when: 'now', forMs: 12_000 },
  { at: 30_000, kind: 'mend', rebuild: true },
];

/** In the place of a replica is an empty, writable server, after the source was moved. */
const replaced: readonly Act[] = [
  { at: 5000, kind: 'switchover', to: 0, mistake: 'none', stepMs: 20 },
  { at: 15_000, kind: 'stranger', server: 2 },
  { at: 30_000, kind: 'mend', rebuild: true },
];

/** The old source is set up as a replica, keeps its own transactions, and is opened again. */
const openedAgain: readonly Act[] = [
  { at: 5000, kind: 'lose-source', how: 'hang', backMs: 3000, tail: 0 },
  { at: 6500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
  { at: 8050, kind: 'mend', rebuild: false },
  { at: 14_000, kind: 'writable', server: 0, reset: true, forMs: 15_000 },
];

/** A replica that never got anything is opened, and every instance begins anew. */
const openedThenRestarted: readonly Act[] = [
  { at: 5000, kind: 'lose-source', how: 'hang', backMs: 3000, tail: 0 },
  { at: 6500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
  { at: 9000, kind: 'cut', ways: bothWays('db1:3306', 'db2:3306'), forMs: 30_000 },
  { at: 9500, kind: 'mend', rebuild: false },
  { at: 12_000, kind: 'writable', server: 0, reset: true, forMs: 20_000 },
  alone('east', 17_000, 2500),
  alone('west', 17_000, 2500),
];

/**
 * The old source has rejoined while nobody watched. Then people take the new source for lost, promote the old
 * one, and let one replica follow. This replica dies before the new source goes on.
 */
const promotedAgain: readonly Act[] = [
  { at: 5000, kind: 'lose-source', how: 'kill', backMs: 4000, tail: 0 },
  { at: 6500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
  alone('east', 8900, 3600),
  alone('west', 8900, 3600),
  { at: 9100, kind: 'mend', rebuild: true },
  { at: 11_000, kind: 'lose-source', how: 'hang', backMs: 10_000, tail: 0 },
  { at: 11_500, kind: 'failover', to: 0, mistake: 'half', stepMs: 20 },
  { at: 17_000, kind: 'away', server: 2, how: 'kill', forMs: 20_000, readOnly: true },
];

/** The old source is a replica again. People take the new source for lost, and promote the old source. */
const promotedBack: readonly Act[] = [
  { at: 5000, kind: 'lose-source', how: 'kill', backMs: 4000, tail: 0 },
  { at: 6500, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
  { at: 9100, kind: 'mend', rebuild: true },
  { at: 14_000, kind: 'lose-source', how: 'hang', backMs: 10_000, tail: 0 },
  { at: 14_500, kind: 'failover', to: 0, mistake: 'no-repoint', stepMs: 20 },
  { at: 36_000, kind: 'mend', rebuild: true },
];

/** One instance reads of the first move after the second promotion. The other is away. */
const promotedBackUnread: readonly Act[] = [
  { at: 4000, kind: 'cut', ways: bothWays('east', 'ns1'), forMs: 14_000 },
  alone('west', 9300, 16_000),
  ...promotedBack,
];

/** And what people promoted restarts, writable. */
const promotedBackRestarts: readonly Act[] = [
  ...promotedBackUnread,
  { at: 20_500, kind: 'away', server: 0, how: 'kill', forMs: 1500, readOnly: false },
];

/** No instance sees that the old source replicates, or that it is promoted. */
const promotedBackUnseen: readonly Act[] = [
  ...(['east', 'west'] as const).map(
    (instance): Act => ({ at: 8500, kind: 'cut', ways: bothWays(instance, 'db1:3306'), forMs: 9000 }),
  ),
  ...promotedBack,
];

/** The source goes on soon after the name has left it, while the resolver still has its address. */
const back = (at: number): readonly Act[] => [
  { at, kind: 'lose-source', how: 'hang', backMs: 2000, tail: 0 },
  { at: at + 600, kind: 'failover', to: 0, mistake: 'none', stepMs: 20 },
];

/** The clients come back to the old source, which stays closed for long. */
const comeBack: readonly Act[] = [...back(5000), { at: 40_000, kind: 'mend', rebuild: true }];

/**
 * The clients come back, and the old source is a replica when no cache has its address any more. It has
 * transactions of its own, so it does not rejoin before it is rebuilt.
 */
const comeBackAndFollows: readonly Act[] = [5000, 24_000].flatMap((at): Act[] => [
  ...back(at),
  { at: at + 4500, kind: 'mend', rebuild: false },
  { at: at + 14_000, kind: 'mend', rebuild: true },
]);

/** The clients come back, and people open the old source for them, and close it again. */
const comeBackAndOpened: readonly Act[] = [
  ...back(5000),
  { at: 9000, kind: 'writable', server: 0, reset: true, forMs: 8000 },
  { at: 40_000, kind: 'mend', rebuild: true },
];

interface FenceStory {
  readonly acts: readonly Act[];
  readonly change?: Partial<Weather>;
}

/** The way to a server takes so long that much can happen on it. */
const far = { rttMs: 300 };

/** By their names. */
export const fenceStories: Readonly<Record<string, FenceStory>> = {
  'an old source that comes back is fenced': { acts: returns('kill') },
  'an old source that hung is fenced': { acts: returns('hang') },
  'an old source that was promoted before the move is fenced': { acts: promotedBefore },
  'an old source that others follow is not fenced': { acts: stillFollowed },
  'an old source that is the source again is not fenced': { acts: thereAndBackAgain, change: far },
  'an old source that is opened by people is not fenced': { acts: openedAgain },
  'what people opened is not fenced after a restart': { acts: openedThenRestarted },
  'what people promoted is not fenced when its replica dies': { acts: promotedAgain },
  'what people promoted before the ledger was read is not fenced': { acts: promotedBackUnread },
  'what people promoted and restarted is not fenced': { acts: promotedBackRestarts },
  'what people promoted while nobody saw it is not fenced': { acts: promotedBackUnseen },
  'another host at the address of an old source is not fenced': { acts: swapped, change: far },
  'a server that replaces a replica is not fenced': { acts: replaced },
  'a fence of before a stall takes no effect': { acts: standsStillAndFences('stall') },
  'a fence of before a sleep takes no effect': { acts: standsStillAndFences('suspend') },
  'a fence that a hanging server gets late takes no effect': { acts: hangsAgain, change: far },
  'clients that come back to a fenced source are ended': { acts: comeBack },
  'clients that come back to a source that replicates are left': { acts: comeBackAndFollows },
  'clients that come back to a source that is opened are left': { acts: comeBackAndOpened },
  'a zone that was put back fences nobody': { acts: putBack },
  'two instances with different views fence alike': { acts: halfInSight },
  'nobody is fenced while an update is on its way': { acts: duringUpdate, change: { late: 0.9 } },
  'nobody is fenced while the ledger is unknown': { acts: nameserverAway },
};
