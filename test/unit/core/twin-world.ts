/** Random small worlds, as words; and the same worlds as the core sees them. */

import type { Situation } from '../../../src/core/decide/situation.ts';
import { situationOf } from '../../../src/core/decide/situation-of.ts';
import type { Ledger } from '../../../src/core/model/ledger.ts';
import type { Channel, Group, Probe, ServerFacts } from '../../../src/core/model/observation.ts';
import type { PublicationState } from '../../../src/core/model/publication.ts';
import type { ClusterSettings } from '../../../src/core/model/settings.ts';
import { newServer, type ServerMemory, withServer } from '../../../src/core/model/state.ts';
import type { MonoMs } from '../../../src/core/model/units.ts';
import { observe } from '../../../src/core/observe/observe.ts';
import {
  address,
  at,
  channelFrom,
  factsOf,
  fqdn,
  gtids,
  ledgerOf,
  offline,
  publicationSettings,
  random,
  refusing,
  seen,
  silent,
  stateOf,
  uuid,
} from '../../support/given.ts';

export interface TwinServer {
  readonly name: string;
  readonly contact: 'reachable' | 'alive' | 'unknown' | 'unobserved';
  /** Of one that refuses us: it says that it serves no client at all. */
  readonly servesNobody: boolean;
  /** It was asked before: its identity and its transactions are known, though not what it is now. */
  readonly known: boolean;
  /** By which of the switches that refuse writes. */
  readonly readOnly: boolean;
  readonly closedBy: 'read_only' | 'offline_mode' | 'innodb_force_recovery';
  /** `early`: and when it was seen read-only the last time, the published source was not known to be lost. */
  readonly promotionSeen: 'never' | 'early' | 'in-incident';
  /** It was seen to close, since it was seen writable. */
  readonly closeSeen: boolean;
  readonly candidateNever: boolean;
  readonly seenInLine: boolean;
  /** Transactions of the line that it has executed, from the first on. A stranger has none. */
  readonly executed: number;
  readonly channels: readonly TwinChannel[];
  readonly safeAddress: boolean;
  readonly group?: TwinGroup;
  /** Its address is another one of that server. */
  readonly sameAs?: string;
}

/** What a member says of its group. */
export interface TwinGroup {
  readonly name: 'A' | 'B';
  readonly self: 'ONLINE' | 'OFFLINE' | 'ERROR';
  /** The members in its view. */
  readonly lists: readonly string[];
  /** Those of them that are not online. */
  readonly unreachable: readonly string[];
  readonly primary?: string;
}

export interface TwinChannel {
  /** A member, somebody outside, or somebody whose identity is not known. */
  readonly to: string;
  readonly is: 'streaming' | 'silent' | 'connecting' | 'off';
  /** It was seen connected, and its source has answered since. */
  readonly met: boolean;
}

export interface TwinLedger {
  readonly cluster: 'shop' | 'stock';
  readonly epoch: number;
  /** A member, or db9, which is none. */
  readonly source: string;
  readonly was: readonly string[];
  readonly frozen: boolean;
  /** The mark is a transaction of this group; absent: one of db1. */
  readonly markedBy?: 'A' | 'B';
  readonly next?: { readonly server: string; readonly expired: boolean };
}

/** A server that is not in the configuration; who speaks of it may mean somebody else. */
export interface TwinUnlisted extends TwinServer {
  readonly isSomebodyElse: boolean;
}

export interface TwinWorld {
  readonly servers: readonly TwinServer[];
  readonly unlisted: readonly TwinUnlisted[];
  readonly zone: 'unread' | 'unreachable' | 'garbage' | 'read';
  readonly ledger?: TwinLedger;
  readonly nameHasAddress: boolean;
  readonly adopt: boolean;
  /** The move of the highest epoch that was ever seen. */
  readonly remembered?: { readonly epoch: number; readonly source: string; readonly lostForMs?: number };
  readonly command?: { readonly server: string; readonly force: boolean; readonly although: boolean };
  readonly gone: readonly string[];
  readonly flapping: boolean;
  readonly weakForMs?: number;
  readonly gtidGuard: 'warn' | 'hold';
}

/** Where the line's mark is: who has executed so many has it. */
export const markAt = 50;

/** The world of that number. Most are healthy in most things, so that the later rules are reached too. */
export function anyWorld(seed: number): TwinWorld {
  const dice = new Dice(seed);
  const names = ['db1', 'db2', 'db3', 'db4', 'db5'].slice(0, 2 + dice.pick(4));
  const source = dice.chance(4) ? 'db9' : dice.one(names);
  const isGroup = dice.chance(15);
  const members = withRefusals(
    new Dice(seed + 9_000_000),
    names.map((name) => anyServer(dice, name, names, source, isGroup)),
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

function anyServer(
  dice: Dice,
  name: string,
  names: readonly string[],
  source: string,
  isGroup: boolean,
): TwinServer {
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

/** Dice of their own: so all else stays as it was. */
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

/** In one world of four, one or two servers outside of the configuration; some members replicate from them. */
function withUnlisted(
  dice: Dice,
  members: readonly TwinServer[],
  source: string,
): Pick<TwinWorld, 'servers' | 'unlisted'> {
  if (!dice.chance(25)) return { servers: members, unlisted: [] };
  const names = ['db21.lan', 'db22.lan'].slice(0, 1 + dice.pick(2));
  const followed = members.map((server) => server.name);
  const unlisted = names.map((name) => ({
    ...anyServer(dice, name, followed, source, false),
    isSomebodyElse: dice.chance(15),
  }));
  const redirected = (channel: TwinChannel) =>
    dice.chance(20) ? { ...channel, to: dice.one(names) } : channel;
  return {
    servers: members.map((server) => ({ ...server, channels: server.channels.map(redirected) })),
    unlisted,
  };
}

/** Where there are groups: in one world of four there are two of them, in another one the group has shrunk to one member. */
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

/** In one world of twenty the last address leads to the first server: so do the channels to it. */
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

/** In one world of ten the first three or four servers replicate in a circle; most of them are read-only. */
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

const groupNames = { A: 'aaaaaaaa-aaaa-11f1-8000-000000000000', B: 'bbbbbbbb-aaaa-11f1-8000-000000000000' };

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

/** The same as the core is told it: rows became facts, and time made memories. */
export function situationOfWorld(world: TwinWorld): Situation {
  const ledger = world.ledger && ledgerFrom(world.ledger);
  const shown = world.servers.map((server) => {
    const same = world.servers.find((other) => other.name === server.sameAs);
    return { at: server.name, ...(same ? { ...same, contact: server.contact } : server) };
  });
  const settings: Partial<ClusterSettings> = {
    gtidGuard: world.gtidGuard,
    servers: world.servers.map(({ name, candidateNever }) => ({
      address: address(name),
      candidate: candidateNever ? 'never' : 'auto',
    })),
    publications: [publicationSettings({ adopt: world.adopt })],
    discoverWithin: [{ kind: 'suffix', suffix: '.lan' }],
  };
  const known = stateOf({
    servers: Object.fromEntries(shown.map((server) => [server.at, probeOf(server)])),
    settings,
    ...(ledger ? { ledger } : {}),
    rrsets: world.nameHasAddress
      ? [{ name: fqdn('source.example.'), type: 'A', ttlSeconds: 5, rdata: ['192.0.2.1'] }]
      : [],
    publication: publicationFrom(world),
    memory: Object.fromEntries(shown.map((server) => [server.at, memoryOf(server)])),
  });
  const state = world.unlisted.reduce((some, server) => withServer(some, discoveredFrom(server)), known);
  const { ...unread, zone: { view } } = state.publications.get('ns1')!;
  const garbage = { kind: 'unreadable', why: 'is garbage' } as const;
  const publication =
    world.zone === 'unread' || !view
      ? unread
      : { ...unread, view: world.zone === 'garbage' ? { ...view, ledger: garbage } : view };
  const command = world.command && {
    server: address(world.command.server),
    force: world.command.force,
    ...(world.command.although ? ({ althoughReadOnly: true } as const) : {}),
  };
  return situationOf(state, publication, at(1), { command });
}

function discoveredFrom(server: TwinUnlisted): ServerMemory {
  const claims = [server.isSomebodyElse ? uuid('db33') : uuid(server.name)];
  const found = newServer(
    {
      address: address(server.name),
      candidate: 'never',
      discovered: { by: address('db1'), how: 'replicas', claims },
    },
    at(-1).mono,
  );
  const probe = probeOf(server);
  return {
    ...(probe ? observe(found, probe, at(0)).memory : found),
    ...memoryOf(server),
    mentioned: { firstAt: at(-5000).mono, lastAt: at(0).mono },
  };
}

function ledgerFrom({ cluster, epoch, source, was, frozen, next, markedBy }: TwinLedger): Ledger {
  return ledgerOf(source, {
    cluster,
    epoch,
    line: { uuid: markedBy ? groupNames[markedBy] : uuid('db1'), gno: markAt },
    was: was.map((name) => ({ uuid: uuid(name), address: address(name) })),
    ...(frozen ? { frozen: { by: 'root', reason: 'rack' } } : {}),
    ...(next
      ? {
          next: {
            uuid: uuid(next.server),
            until: next.expired ? '2026-11-22T11:29:00.000Z' : '2026-11-22T11:31:00.000Z',
          },
        }
      : {}),
  });
}

function publicationFrom({
  servers,
  unlisted,
  remembered,
  gone,
  flapping,
  weakForMs,
  zone,
}: TwinWorld): Partial<PublicationState> {
  const ago = (ms: number) => (1 - ms) as MonoMs;
  return {
    line: new Set(
      [...servers, ...unlisted].filter((server) => server.seenInLine).map((server) => uuid(server.name)),
    ),
    gone: new Set(gone.map(address)),
    flapping,
    ...(weakForMs === undefined ? {} : { weakSince: ago(weakForMs) }),
    ...(remembered
      ? {
          remembered: {
            nameserver: 'ns1',
            epoch: remembered.epoch,
            source: address(remembered.source),
            uuid: uuid(remembered.source),
          },
        }
      : {}),
    // What was read at 0 shows that it is still lost.
    ...(remembered?.lostForMs === undefined ? {} : { lostSince: (0 - remembered.lostForMs) as MonoMs }),
    ...(zone === 'unreachable' ? { readFailure: { code: 'timeout', message: 'no answer' } } : {}),
  };
}

function probeOf(server: TwinServer): Probe | undefined {
  if (server.contact === 'reachable') return seen(factsFrom(server));
  return { alive: server.servesNobody ? offline : refusing, unknown: silent, unobserved: undefined }[
    server.contact
  ];
}
const olderAnswer = (server: TwinServer) => ({
  facts: { ...factsFrom(server), uptimeSeconds: 995 },
  factsAt: at(-5000).mono,
});
const longConnected = {
  source: '',
  on: true,
  since: at(-100_000).mono,
  metAt: at(-100_000).mono,
  witnessed: true,
};
function memoryOf(server: TwinServer): Partial<ServerMemory> {
  return {
    addresses: [server.safeAddress ? `192.0.2.${server.name.slice(2)}` : '127.0.0.1'],
    ...(server.known && !server.readOnly ? promotionOf(server) : {}),
    receiving: new Map(
      server.channels.flatMap((channel, index) => (channel.met ? [[`c${index}`, longConnected]] : [])),
    ),
    ...(isLost(server) ? { lostAskedAt: at(-10).mono } : {}),
    ...(server.known && server.readOnly && server.closeSeen
      ? { closedAt: { mono: at(-1).mono, wall: at(-1).wall } }
      : {}),
    ...(server.known && server.contact !== 'reachable' ? olderAnswer(server) : {}),
  };
}

/** Its newest probe did not find it writable. */
const isLost = ({ contact, known, readOnly }: TwinServer): boolean =>
  contact === 'unknown' || contact === 'alive' || (known && readOnly);

const promotionOf = ({ promotionSeen }: TwinServer): Partial<ServerMemory> =>
  promotionSeen === 'never'
    ? {}
    : { promotedAt: at(-8).mono, shutAskedAt: at(promotionSeen === 'early' ? -11 : -9).mono };

function factsFrom({ name, readOnly, closedBy, executed, channels, group }: TwinServer): ServerFacts {
  return factsOf(name, {
    home: address(name),
    readOnly: readOnly && closedBy === 'read_only',
    offlineMode: readOnly && closedBy === 'offline_mode',
    ...(readOnly && closedBy === 'innodb_force_recovery'
      ? { switches: [{ variable: closedBy, value: '4' }] }
      : {}),
    channels: channels.map((channel, index) => ({ ...channelOf(channel), name: `c${index}` })),
    gtidExecuted: gtids(
      executed === 0 ? 'db77:1-9' : `db1:1-${executed},${groupNames.A}:1-100,${groupNames.B}:1-100`,
    ),
    ...(group ? { group: groupFrom(name, group) } : {}),
  });
}

function channelOf({ to, is }: TwinChannel): Channel {
  const receiver = is === 'connecting' || is === 'off' ? is : 'on';
  const channel = channelFrom(to === 'outside' ? 'db99' : to, {
    receiver,
    heardAgoMs: is === 'silent' ? 60_000 : 100,
  });
  if (to !== 'nobody') return channel;
  const { sourceId: _none, ...rest } = channel;
  return { ...rest, sourceAddress: address('source.example') };
}

function groupFrom(own: string, { name, self, lists, unreachable, primary }: TwinGroup): Group {
  const stateOfMember = (other: string) =>
    other === own ? self : unreachable.includes(other) ? 'UNREACHABLE' : 'ONLINE';
  return {
    name: groupNames[name],
    singlePrimary: true,
    members: lists.map((other) => ({
      id: uuid(other),
      state: stateOfMember(other),
      role: other === primary ? 'PRIMARY' : 'SECONDARY',
    })),
  };
}
