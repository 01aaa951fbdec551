/** Draws random small worlds, in which the core and its twin decide. */

import { random } from '../../support/given.ts';
import type { TwinChannel, TwinGroup, TwinLedger, TwinServer, TwinWorld } from './twin-world.ts';

/**
 * The world of this number. Most of it is healthy in most things, so that the later rules are reached too.
 */
export function anyWorld(seed: number): TwinWorld {
  const dice = new Dice(seed);
  const names = ['db1', 'db2', 'db3', 'db4', 'db5'].slice(0, 2 + dice.pick(4));
  const source = dice.chance(4) ? 'db9' : dice.one(names);
  const isGroup = dice.chance(15);
  const members = withRefusals(
    new Dice(seed + 9_000_000),
    names.map((name) => anyServer(dice, name, { names, source, isGroup })),
  );
  const grouped = withCircle(new Dice(seed + 8_000_000), withGroups(new Dice(seed + 7_000_000), members));
  const { servers, unlisted } = withTwin(
    new Dice(seed + 6_000_000),
    withUnlisted(new Dice(seed + 5_000_000), grouped, source),
  );
  const isLost = dice.chance(6);
  const hasLedger = dice.chance(isLost ? 50 : 88);
  const although = new Dice(seed + 6_000_000).chance(50);
  return {
    servers,
    unlisted,
    zone: dice.chance(96) ? 'read' : dice.one(['unread', 'unreachable', 'garbage'] as const),
    ...(hasLedger
      ? { ledger: { ...anyLedger(dice, names, source), ...anyMark(new Dice(seed + 9_000_000)) } }
      : {}),
    nameHasAddress: hasLedger || dice.chance(20),
    adopt: dice.chance(50),
    ...(isLost
      ? {
          remembered: {
            epoch: 4,
            source: dice.one([...names, 'db9']),
            lostForMs: dice.one([0, 1500, 2999, 3000]),
          },
        }
      : {}),
    ...(dice.chance(12)
      ? { command: { server: dice.chance(95) ? dice.one(names) : 'db8', force: dice.chance(30), although } }
      : {}),
    gone: names.filter(() => dice.chance(5)),
    flapping: dice.chance(4),
    ...(dice.chance(40) ? { weakForMs: dice.one([10_000, 30_000]) } : {}),
    gtidGuard: dice.chance(20) ? 'hold' : 'warn',
  };
}

/** The same world, in which all other servers replicate from one that takes writes. */
export function withCrowd(seed: number, world: TwinWorld): TwinWorld {
  const dice = new Dice(seed + 4_000_000);
  const head = dice.one(world.servers).name;
  const servers = world.servers.map((server): TwinServer => {
    if (server.name === head)
      return { ...server, contact: 'reachable', known: true, readOnly: false, channels: [] };
    return { ...server, readOnly: true, channels: [{ to: head, is: 'streaming', met: dice.chance(70) }] };
  });
  return { ...world, servers };
}

class Dice {
  readonly pick: (below: number) => number;

  constructor(seed: number) {
    this.pick = random(seed);
  }

  chance(percent: number): boolean {
    return this.pick(100) < percent;
  }

  one<T>(values: readonly T[]): T {
    return values[this.pick(values.length)]!;
  }
}

/** What a server may replicate from, and whether it may be in a group. */
interface Company {
  readonly names: readonly string[];
  readonly source: string;
  readonly isGroup: boolean;
}

function anyServer(dice: Dice, name: string, { names, source, isGroup }: Company): TwinServer {
  const contact = dice.chance(60)
    ? 'reachable'
    : dice.one(['reachable', 'alive', 'unknown', 'unknown', 'unobserved'] as const);
  const isSource = name === source;
  const isStranger = !isSource && name !== 'db1' && dice.chance(10);
  const channels = dice.chance(isSource ? 15 : 60) ? 1 + dice.pick(2) : 0;
  return {
    name,
    contact,
    servesNobody: false,
    closedBy: 'read_only',
    known: contact === 'reachable' || dice.chance(75),
    readOnly: dice.chance(isSource ? 40 : 60),
    promotionSeen: dice.one(['never', 'never', 'never', 'early', 'in-incident', 'in-incident'] as const),
    closeSeen: dice.chance(30),
    candidateNever: dice.chance(5),
    seenInLine: dice.chance(50) && !isStranger,
    executed: isStranger ? 0 : dice.one([40, 100, 100, 100, 110]),
    channels: Array.from({ length: channels }, () => anyChannel(dice, names, source)),
    safeAddress: dice.chance(95),
    ...(isGroup && dice.chance(90) ? { group: anyGroup(dice, names) } : {}),
  };
}

/** Uses its own dice, so that everything else stays the same. */
const withRefusals = (dice: Dice, servers: readonly TwinServer[]): readonly TwinServer[] =>
  servers.map((server) => ({
    ...server,
    servesNobody: server.contact === 'alive' && dice.chance(40),
    channels: server.channels.map((channel) => ({ ...channel, met: dice.chance(70) })),
    closedBy: dice.one(['read_only', 'read_only', 'offline_mode', 'innodb_force_recovery'] as const),
  }));

const anyChannel = (dice: Dice, names: readonly string[], source: string): TwinChannel => ({
  to: dice.chance(70) ? source : dice.one([...names, 'outside', 'nobody']),
  is: dice.one(['streaming', 'streaming', 'streaming', 'silent', 'connecting', 'connecting', 'off']),
  met: true,
});

/**
 * In one world of four, adds one or two servers outside of the configuration; some members replicate from
 * them.
 */
function withUnlisted(
  dice: Dice,
  members: readonly TwinServer[],
  source: string,
): Pick<TwinWorld, 'servers' | 'unlisted'> {
  if (!dice.chance(25)) return { servers: members, unlisted: [] };
  const names = ['db21.lan', 'db22.lan'].slice(0, 1 + dice.pick(2));
  const followed = members.map((server) => server.name);
  const unlisted = names.map((name) => ({
    ...anyServer(dice, name, { names: followed, source, isGroup: false }),
    isSomebodyElse: dice.chance(15),
  }));
  const redirected = (channel: TwinChannel) =>
    dice.chance(20) ? { ...channel, to: dice.one(names) } : channel;
  return {
    servers: members.map((server) => ({ ...server, channels: server.channels.map(redirected) })),
    unlisted,
  };
}

/**
 * Changes the groups: in one world of four there are two groups, in another one the group has shrunk to one
 * member.
 */
function withGroups(dice: Dice, servers: readonly TwinServer[]): readonly TwinServer[] {
  const kind = dice.one(['one', 'one', 'two', 'shrunk'] as const);
  const [last] = servers.filter((server) => server.group);
  return servers.map((server, index) => {
    const { group, ...rest } = server;
    if (group === undefined || kind === 'one' || last === undefined) return server;
    if (kind === 'two') {
      const isB = index * 2 >= servers.length;
      const lists = servers
        .filter((_, other) => other * 2 >= servers.length === isB)
        .map((other) => other.name);
      return {
        ...rest,
        group: {
          ...group,
          name: isB ? 'B' : 'A',
          lists,
          primary: dice.chance(80) ? lists[0]! : dice.one(lists),
        },
      };
    }
    if (server === last)
      return {
        ...rest,
        group: { ...group, self: 'ONLINE', lists: [server.name], unreachable: [], primary: server.name },
      };
    return {
      ...rest,
      group: { ...group, self: dice.one(['OFFLINE', 'OFFLINE', 'OFFLINE', 'ERROR', 'ONLINE'] as const) },
    };
  });
}

type Servers = Pick<TwinWorld, 'servers' | 'unlisted'>;

/** In one world of twenty, lets the last address, and so the channels to it, lead to the first server. */
function withTwin(dice: Dice, { servers, unlisted }: Servers): Servers {
  const [first] = servers;
  const last = servers.at(-1);
  if (!dice.chance(5) || !first?.known || last === undefined) return { servers, unlisted };
  const redirected = <T extends TwinServer>(server: T): T => ({
    ...server,
    channels: server.channels.map((channel) =>
      channel.to === last.name ? { ...channel, to: first.name } : channel,
    ),
  });
  const twins = [...servers.slice(0, -1), { ...last, known: true, sameAs: first.name }];
  return { servers: twins.map(redirected), unlisted: unlisted.map(redirected) };
}

/**
 * In one world of ten, lets the first three or four servers replicate in a circle; most of them are
 * read-only.
 */
function withCircle(dice: Dice, servers: readonly TwinServer[]): readonly TwinServer[] {
  const circle = servers.slice(0, 3 + dice.pick(2));
  if (!dice.chance(10) || circle.length < 3) return servers;
  return servers.map((server, index) => {
    const from = circle[(index + circle.length - 1) % circle.length]!.name;
    if (index >= circle.length) return server;
    const is = dice.chance(90) ? 'streaming' : 'connecting';
    return { ...server, readOnly: index > 0 && dice.chance(80), channels: [{ to: from, is, met: true }] };
  });
}

const anyGroup = (dice: Dice, names: readonly string[]): TwinGroup => ({
  name: 'A',
  lists: names,
  self: dice.one(['ONLINE', 'ONLINE', 'ONLINE', 'ERROR', 'OFFLINE'] as const),
  unreachable: dice.chance(70) ? [] : [dice.one(names)],
  ...(dice.chance(90) ? { primary: dice.chance(70) ? names[1]! : dice.one(names) } : {}),
});

const anyMark = (dice: Dice): Pick<TwinLedger, 'markedBy'> =>
  dice.chance(30) ? { markedBy: dice.one(['A', 'A', 'B'] as const) } : {};

const eightFormers = ['db11', 'db12', 'db13', 'db14', 'db15', 'db16', 'db17', 'db18'];

function anyLedger(dice: Dice, names: readonly string[], source: string): TwinLedger {
  return {
    cluster: dice.chance(3) ? 'stock' : 'shop',
    epoch: 1 + dice.pick(3),
    source,
    was: dice.chance(3) ? eightFormers : names.filter((name) => name !== source && dice.chance(15)),
    frozen: dice.chance(3),
    ...(dice.chance(8) ? { next: { server: dice.one(names), expired: dice.chance(30) } } : {}),
  };
}
