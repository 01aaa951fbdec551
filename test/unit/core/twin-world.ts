/** A small world in words, and the situation that the core sees in it. */

import type { Situation } from '../../../src/core/decide/situation.ts';
import { situationOf } from '../../../src/core/decide/situation-of.ts';
import { withZone } from '../../../src/core/model/changed-publication.ts';
import type { Ledger } from '../../../src/core/model/ledger.ts';
import type { Channel, Group, Probe, ServerFacts } from '../../../src/core/model/observation.ts';
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
  type PublicationOver,
  publicationSettings,
  refusing,
  seen,
  silent,
  stateOf,
  uuid,
} from '../../support/given.ts';

export interface TwinServer {
  readonly name: string;
  readonly contact: 'reachable' | 'alive' | 'unknown' | 'unobserved';
  /** Of a server that refuses us: it says that it serves no client at all. */
  readonly servesNobody: boolean;
  /** The server was asked before: its identity and its transactions are known, but not its present state. */
  readonly known: boolean;
  /** The switch that refuses writes. */
  readonly readOnly: boolean;
  readonly closedBy: 'read_only' | 'offline_mode' | 'innodb_force_recovery';
  /** `early`: at the last read-only answer, the published source was not known to be lost. */
  readonly promotionSeen: 'never' | 'early' | 'in-incident';
  /** The server was seen to close after it was seen writable. */
  readonly closeSeen: boolean;
  readonly candidateNever: boolean;
  readonly seenInLine: boolean;
  /**
   * The number of transactions of the line that the server has executed, from the first on. A stranger has
   * none.
   */
  readonly executed: number;
  readonly channels: readonly TwinChannel[];
  readonly safeAddress: boolean;
  readonly group?: TwinGroup;
  /** The address leads to the server of this name. */
  readonly sameAs?: string;
}

/** What a member says of its group. */
export interface TwinGroup {
  readonly name: 'A' | 'B';
  readonly self: 'ONLINE' | 'OFFLINE' | 'ERROR';
  /** The members in its view. */
  readonly lists: readonly string[];
  /** The members in its view that are not ONLINE. */
  readonly unreachable: readonly string[];
  readonly primary?: string;
}

export interface TwinChannel {
  /** A member, an outsider, or a server whose identity is not known. */
  readonly to: string;
  readonly is: 'streaming' | 'silent' | 'connecting' | 'off';
  /** The channel was seen connected, and its source has answered since. */
  readonly met: boolean;
}

export interface TwinLedger {
  readonly cluster: 'shop' | 'stock';
  readonly epoch: number;
  /** A member, or db9, which is no member. */
  readonly source: string;
  readonly was: readonly string[];
  readonly frozen: boolean;
  /** The mark is a transaction of this group; absent: a transaction of db1. */
  readonly markedBy?: 'A' | 'B';
  readonly next?: { readonly server: string; readonly expired: boolean };
}

/** A server that is not in the configuration. A server that mentions it may mean another server. */
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

/**
 * The number of the transaction that is the mark of the line: a server that executed as many has the mark.
 */
export const markAt = 50;

const groupNames = { A: 'aaaaaaaa-aaaa-11f1-8000-000000000000', B: 'bbbbbbbb-aaaa-11f1-8000-000000000000' };

/** The world as the core sees it: rows become facts, and time becomes memories. */
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
  const read = state.publications.get('ns1')!;
  const { view } = read.zone;
  const ledgerOfGarbage = { kind: 'unreadable', why: 'is garbage' } as const;
  const publication = withZone(read, {
    view:
      world.zone === 'unread' || !view
        ? undefined
        : world.zone === 'garbage'
          ? { ...view, ledger: ledgerOfGarbage }
          : view,
  });
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
}: TwinWorld): PublicationOver {
  const ago = (ms: number) => (1 - ms) as MonoMs;
  const seenInLine = [...servers, ...unlisted].filter((server) => server.seenInLine);
  return {
    evidence: {
      line: new Set(seenInLine.map((server) => uuid(server.name))),
      gone: new Set(gone.map(address)),
      weakSince: weakForMs === undefined ? undefined : ago(weakForMs),
    },
    limits: { flapping },
    zone: {
      remembered: remembered && {
        nameserver: 'ns1',
        epoch: remembered.epoch,
        source: address(remembered.source),
        uuid: uuid(remembered.source),
      },
      // The read at 0 shows that the ledger is still lost.
      lostSince: remembered?.lostForMs === undefined ? undefined : ((0 - remembered.lostForMs) as MonoMs),
      failure: zone === 'unreachable' ? { code: 'timeout', message: 'no answer' } : undefined,
    },
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

/** The newest probe did not find the server writable. */
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
