/**
 * Stories that once broke a promise, told act by act: a seed tells another story as soon as the dice change.
 */

import { type Act, plainShape, type Script, type Shape, type Weather } from '../world/script.ts';
import { fenceStories } from './fence-stories.ts';
import { alone, bothWays } from './tell.ts';

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
  waits: 0,
  crowdMs: 0,
  netTimeoutMs: 60_000,
};

/**
 * Again and again one instance stands still while the source becomes read-only and somebody takes the address
 * away. The other instance is not there to mend it.
 */
const standingStill = (kind: 'stall' | 'suspend'): readonly Act[] =>
  [5000, 14_700, 24_400, 34_100].flatMap((from, round): Act[] => {
    const at = from + 87 * round;
    return [
      { at, kind: 'crash', instance: 'east', forMs: 9000, forgets: false },
      { at, kind, instance: 'west', forMs: 7000 },
      { at: at + 3000, kind: 'hand', edit: 'no-address', to: 0, forMs: 0 },
      // After a stall the only answer is the old one, which waits in the socket.
      kind === 'suspend'
        ? { at: at + 3100, kind: 'read-only', forMs: 5000 }
        : { at: at + 3100, kind: 'lose-source', how: 'hang', backMs: 6500, tail: 0 },
    ];
  });

/**
 * Again and again the source hangs until another server is promoted, and comes back while the move to that
 * server is on its way.
 */
const comingBack: readonly Act[] = [5000, 15_000, 25_000, 35_000].flatMap((at): Act[] => [
  alone('west', at - 200, 9500),
  { at, kind: 'lose-source', how: 'hang', backMs: 2800, tail: 0 },
  { at: at + 700, kind: 'failover', to: 1, mistake: 'no-repoint', stepMs: 20 },
  { at: at + 9000, kind: 'mend', rebuild: true },
]);

/**
 * Again and again the connection to the nameserver breaks, a move waits for a new connection, and the source
 * comes back meanwhile.
 */
const backBeforeItLeft: readonly Act[] = [5000, 15_000, 25_000, 35_000].flatMap((at, round): Act[] => [
  alone('west', at - 200, 9500),
  { at, kind: 'lose-source', how: 'kill', backMs: 1900 + 150 * round, tail: 0 },
  { at: at + 1150, kind: 'crash-nameserver', when: 'now', forMs: 30 },
  { at: at + 1200, kind: 'failover', to: 1, mistake: 'no-repoint', stepMs: 20 },
  { at: at + 9000, kind: 'mend', rebuild: true },
]);

/** The only instance sees the promoted server, but neither the source nor the others. */
const fewInSight: readonly Act[] = [
  alone('west', 4800, 12_000),
  { at: 5000, kind: 'cut', ways: bothWays('east', 'db1:3306', 'db3:3306', 'db4:3306'), forMs: 9000 },
  { at: 5100, kind: 'lose-source', how: 'hang', backMs: 20_000, tail: 0 },
  { at: 6500, kind: 'failover', to: 0, mistake: 'no-repoint', stepMs: 20 },
];

/**
 * The only instance does not see the source, but the replicas do. Somebody promotes another server before the
 * source is read-only.
 */
const heardByOthers: readonly Act[] = [
  alone('west', 3800, 12_000),
  { at: 4000, kind: 'switchover', to: 0, mistake: 'promote-first', stepMs: 3500 },
  { at: 5000, kind: 'cut', ways: bothWays('east', 'db1:3306'), forMs: 9000 },
];

/** While no instance watches, the zone is made anew, without anything of ours. */
const zoneMadeAnew: readonly Act[] = [
  { at: 5000, kind: 'switchover', to: 0, mistake: 'none', stepMs: 20 },
  alone('east', 14_000, 6000),
  alone('west', 14_000, 6500),
  { at: 15_000, kind: 'hand', edit: 'everything', to: 0, forMs: 0 },
];

/**
 * Somebody takes the ledger away, it is published anew, the whole zone is lost, and the first ledger is put
 * back. Then somebody freezes the name as it is.
 */
const frozenAsItIs: readonly Act[] = [
  { at: 5000, kind: 'switchover', to: 0, mistake: 'none', stepMs: 20 },
  { at: 8000, kind: 'hand', edit: 'no-ledger', to: 0, forMs: 14_000 },
  { at: 20_000, kind: 'hand', edit: 'everything', to: 0, forMs: 0 },
  { at: 23_000, kind: 'freeze', instance: 'west', forMs: 8000 },
];

/**
 * A new source is lost before any instance saw it. The old source, already a replica of the new source, comes
 * back writable, and somebody takes the address away.
 */
const lostInSwitchover: readonly Act[] = [
  { at: 10_000, kind: 'switchover', to: 0, mistake: 'none', stepMs: 20 },
  { at: 10_015, kind: 'lose-source', how: 'hang', backMs: 12_000, tail: 0 },
  { at: 10_100, kind: 'away', server: 0, how: 'kill', forMs: 1000, readOnly: false },
  { at: 12_000, kind: 'hand', edit: 'no-address', to: 0, forMs: 0 },
];

/** The only other server is replaced by an empty, writable server; then the source is gone. */
const replacedByStranger: readonly Act[] = [
  { at: 6000, kind: 'stranger', server: 1 },
  { at: 9000, kind: 'lose-source', how: 'kill', backMs: 25_000, tail: 0 },
];

/**
 * The primary leaves first, the group elects, and shrinks to one member. While the source is away, somebody
 * bootstraps a stray member by mistake.
 */
const leavingInOrder: readonly Act[] = [
  { at: 6000, kind: 'leave', server: 0, forMs: 20_000 },
  { at: 9000, kind: 'leave', server: 1, forMs: 8000 },
  { at: 13_000, kind: 'lose-source', how: 'kill', backMs: 6000, tail: 0 },
  { at: 15_000, kind: 'failover', to: 0, mistake: 'two', stepMs: 20 },
];

/** The address record of the source leads nowhere when the resolver is asked again, and is put right. */
const ledNowhere: readonly Act[] = [
  { at: 20_000, kind: 'resolver', server: 0, says: 'nobody', forMs: 13_000 },
];

/** Two host names are exchanged while an instance starts, and put right later. */
const exchangedAtStart: readonly Act[] = [
  { at: 6000, kind: 'resolver', server: 0, says: 'other', forMs: 9000 },
  { at: 6000, kind: 'resolver', server: 1, says: 'other', forMs: 9000 },
  alone('west', 6500, 1500),
];

/** The host name of a replica leads to another member while an instance starts, and is put right later. */
const ledToAnotherAtStart: readonly Act[] = [
  { at: 6000, kind: 'resolver', server: 1, says: 'other', forMs: 9000 },
  alone('west', 6500, 1500),
];

/** A typing mistake: the command names a replica of a healthy source. */
const namedByForce: readonly Act[] = [{ at: 6000, kind: 'follow', instance: 'east', to: 1, force: true }];

/** A silent replica is named by force while its host name leads to another server. */
const namedByForceAstray: readonly Act[] = [
  { at: 27_000, kind: 'away', server: 1, how: 'hang', forMs: 14_000, readOnly: true },
  { at: 27_500, kind: 'resolver', server: 1, says: 'other', forMs: 13_000 },
  { at: 34_000, kind: 'follow', instance: 'east', to: 1, force: true },
];

/**
 * The old source commits beside the new source, with GTIDs. Then it is asked for these GTIDs in a mode that
 * gives none any more.
 */
const modesChange: readonly Act[] = [4500, 12_000, 19_500, 27_000].flatMap((at): Act[] => [
  { at, kind: 'switchover', to: 0, mistake: 'promote-first', stepMs: 20 },
  { at: at + 6000, kind: 'mend', rebuild: true },
]);

/**
 * Planned switchovers, there and back: each old source lags as a replica, and lacks what was written
 * meanwhile.
 */
const thereAndBack: readonly Act[] = [5000, 13_000, 21_000, 29_000].map(
  (at): Act => ({ at, kind: 'switchover', to: 0, mistake: 'none', stepMs: 700 }),
);

/**
 * The source runs with innodb_force_recovery, and somebody takes its address away. No instance may put the
 * address back: no client could write there.
 */
const closedBySwitch: readonly Act[] = [6000, 17_000, 28_000].flatMap((at): Act[] => [
  {
    at,
    kind: 'switch',
    variable: 'innodb_force_recovery',
    refuses: false,
    promotes: false,
    to: 0,
    forMs: 8000,
  },
  { at: at + 3000, kind: 'hand', edit: 'no-address', to: 0, forMs: 0 },
]);

/**
 * The source refuses connections (too many), and somebody promotes a replica beside it. Clients may still
 * write to the source.
 */
const refusesUsAlone: readonly Act[] = [6000, 18_000, 30_000].flatMap((at): Act[] => [
  { at, kind: 'away', server: 0, how: 'refuse', forMs: 7000, readOnly: false },
  { at: at + 2000, kind: 'failover', to: 0, mistake: 'no-repoint', stepMs: 20 },
  { at: at + 9000, kind: 'mend', rebuild: true },
]);

/**
 * A reporting replica is promoted beside the source. Then the source restarts, read-only as its configuration
 * file says.
 */
const restartedReadOnly: readonly Act[] = [6000, 19_000, 32_000].flatMap((at): Act[] => [
  { at, kind: 'writable', server: 2, reset: true, forMs: 9000 },
  { at: at + 3000, kind: 'restart', who: 'source', downMs: 600, readOnly: true },
]);

/** A failover tool announces the server that it promotes two seconds later, and its mistake never. */
const announcedFirst: readonly Act[] = [6000, 20_000].flatMap((at): Act[] => [
  { at, kind: 'announce', instance: 'east', server: 1 },
  { at: at + 2000, kind: 'switchover', to: 0, mistake: 'none', stepMs: 700 },
  { at: at + 9000, kind: 'announce', instance: 'west', server: 2 },
]);

/**
 * The way to the source is cut for a moment, and the new connection to it waits behind others. Meanwhile a
 * replica is promoted beside the source, which never stopped.
 */
const waitsForItsTurn: readonly Act[] = [8000, 26_000].flatMap((at): Act[] => [
  { at, kind: 'cut', ways: [...bothWays('east', 'db1:3306'), ...bothWays('west', 'db1:3306')], forMs: 1500 },
  { at: at + 1500, kind: 'writable', server: 1, reset: true, forMs: 12_000 },
]);

/** Tells a story with several seeds: the network still behaves by chance. */
function retold(
  name: string,
  acts: readonly Act[],
  change: Partial<Weather> = {},
  shape: Partial<Shape> = {},
): readonly Story[] {
  const world = { shape: { ...plainShape, ...shape }, weather: { ...weather, ...change } };
  const times = { calmAt: 45_000, settledAt: 65_000, endAt: 70_000 };
  return Array.from({ length: 12 }, (_, index) => ({
    name,
    script: { seed: index + 1, ...world, chapters: [{ acts, ...times }] },
  }));
}

const fair: Partial<Weather> = { slow: 0, rttMs: 5 };

export const stories: readonly Story[] = [
  // An answer lay in the socket while the process was stopped. The answer was 7 s old, counted as fresh, and
  // drift was repaired towards a read-only server.
  ...retold('an answer from before a stall is no evidence', standingStill('stall'), {
    slow: 0.8,
    probeTimeoutMs: 4900,
  }),
  ...retold('an answer from before a sleep is no evidence', standingStill('suspend')),
  ...retold('a move without an answer is fenced off', comingBack, { ...fair, late: 0.7, fudgeMs: 10_000 }),
  ...retold('a move that has not left is called back', backBeforeItLeft, { slow: 0, rttMs: 450 }),
  ...retold('a minority view moves nothing', fewInSight, fair),
  ...retold('a source that others hear keeps the name', heardByOthers, fair),
  ...retold('the epoch is remembered where the zone forgot it', zoneMadeAnew, fair),
  ...retold('a source that a switch closed gets no write', closedBySwitch, fair),
  ...retold('a source that refuses us alone keeps the name', refusesUsAlone, fair),
  ...retold(
    'a source whose connection waits keeps the name',
    waitsForItsTurn,
    { ...fair, waits: 0.9 },
    { servers: 2 },
  ),
  ...retold('a frozen name is not restored', frozenAsItIs, fair),
  ...retold('a source that tries to reach the next source is a replica', lostInSwitchover, fair),
  ...retold('a promotion beside a source that restarts proves nothing', restartedReadOnly, fair),
  ...retold('a stranger in a cluster of two does not get the name', replacedByStranger, fair, { servers: 2 }),
  ...retold('a member that left its group does not get the name', leavingInOrder, fair, {
    group: true,
    servers: 3,
  }),
  ...retold('a host name leads nowhere, and the name stays', ledNowhere, fair, { resolves: true }),
  ...retold('servers get their own names back', exchangedAtStart, fair, { resolves: true, servers: 2 }),
  ...retold('a server that was asked as another one gets its own name', ledToAnotherAtStart, fair, {
    resolves: true,
    replicas: 'keep',
  }),
  ...retold('a replica is named by force, and nothing moves', namedByForce, fair),
  ...retold('a silent server is not published with the address of another', namedByForceAstray, fair, {
    resolves: true,
  }),
  ...retold('an announced server gets the name when it takes writes', announcedFirst, fair, { servers: 3 }),
  // A former source had GTIDs that the new source lacked. Both were in OFF_PERMISSIVE by then, and only
  // places in the binary log were compared.
  ...retold(
    'a former source is asked for its GTIDs in every mode',
    modesChange,
    { ...fair, rttMs: 30 },
    { servers: 3, gtidMode: 'changing', delayMs: 1500 },
  ),
  ...retold('a former source that lags has not rejoined: OFF', thereAndBack, fair, {
    servers: 3,
    gtidMode: 'OFF',
    delayMs: 1500,
  }),
  ...retold('a former source that lags has not rejoined: permissive', thereAndBack, fair, {
    servers: 3,
    gtidMode: 'OFF_PERMISSIVE',
    delayMs: 1500,
  }),
  ...Object.entries(fenceStories).flatMap(([name, { acts, change }]) =>
    retold(name, acts, { ...fair, rttMs: 30, ...change }, { fences: true }),
  ),
];
