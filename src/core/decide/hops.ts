/** One step on which data go between two servers: a channel, or membership of one cluster. */

import { isWritable, type ServerFacts } from '../model/observation.ts';
import type { ServerAddress } from '../model/units.ts';
import { hasMajority, isInAuroraTable, isOnlineIn, isPresentIn } from '../observe/membership.ts';
import { arePeers } from '../observe/multi-primary.ts';
import { isBelieved, type ServerView } from '../observe/topology.ts';
import type { Situation } from './situation.ts';

export interface Hop {
  readonly replica: ServerAddress;
  readonly upstream: ServerAddress;
  readonly how: 'channel' | 'group' | 'galera' | 'aurora';
  /** How far `replica` may be behind `upstream`. Infinity: data flow with an unknown lag. */
  readonly lagSeconds: number;
}

/** All hops on which data flow now, by the newest answers. */
export function hopsOf(situation: Situation): readonly Hop[] {
  const { servers } = situation.topology;
  const believed = servers.filter(isAsked);
  const addresses = new Set(believed.map(({ address }) => address));
  return believed.flatMap((server) => {
    const olderSeconds = staleness(situation, server);
    const hops = [
      ...channelHops(server).filter(({ upstream }) => addresses.has(upstream)),
      ...memberHops(situation, server, believed),
    ];
    return olderSeconds === 0
      ? hops
      : hops.map((hop): Hop => ({ ...hop, lagSeconds: hop.lagSeconds + olderSeconds }));
  });
}

/** Seconds since the newest answer got older than `fresh_for`: the lag may have grown by as much since. */
function staleness({ state, now }: Situation, { contact, observedAt }: ServerView): number {
  if (contact === 'reachable') return 0;
  // The clock stopped while the machine slept.
  if (observedAt === undefined || observedAt <= state.staleBefore) return Number.POSITIVE_INFINITY;
  return Math.max(0, now.mono - observedAt - state.settings.watch.freshForMs) / 1000;
}

const isAsked = (server: ServerView): boolean => server.known !== undefined && isBelieved(server);

/** Whether one channel brings data from that source to the server: one of the steps of `hopsOf`. */
export const isFedBy = (source: ServerView, server: ServerView): boolean =>
  isAsked(source) &&
  isAsked(server) &&
  channelHops(server).some(({ upstream }) => upstream === source.address);

/** A delayed channel shows no lag before the next write. */
function channelHops({ address, upstreams }: ServerView): readonly Hop[] {
  return upstreams.flatMap(
    ({ state, member, channel: { applier, lagSeconds = Number.POSITIVE_INFINITY, delaySeconds = 0 } }) =>
      state === 'streams' && member !== undefined && member !== address && applier === 'on'
        ? [
            {
              replica: address,
              upstream: member,
              how: 'channel' as const,
              lagSeconds: Math.max(lagSeconds, delaySeconds),
            },
          ]
        : [],
  );
}

/** Hops to the other members of its cluster. */
function memberHops(
  { members }: Situation,
  server: ServerView,
  others: readonly ServerView[],
): readonly Hop[] {
  const { known, address } = server;
  if (known === undefined || !(known.group || known.wsrep || known.managed)) return [];
  const to = (
    how: Hop['how'],
    lagSeconds: number,
    isMember: (other: ServerView) => boolean,
  ): readonly Hop[] =>
    others
      .filter((other) => other.address !== address && isMember(other))
      .map((other) => ({ replica: address, upstream: other.address, how, lagSeconds }));
  const { group, wsrep } = known;
  if (group && isOnlineIn(group, known.id) && hasMajority(group))
    return to('group', group.lagSeconds ?? Number.POSITIVE_INFINITY, ({ id }) => isPresentIn(group, id));
  // Flow control keeps the queue of a synced node short: no lag.
  if (wsrep?.state === 'synced' && !wsrep.desynced && isWritable(known))
    return to('galera', 0, (other) => arePeers(members, server, other));
  const lagSeconds = auroraLag(known);
  return lagSeconds === undefined
    ? []
    : to('aurora', lagSeconds, ({ id }) => id !== undefined && isInAuroraTable(known, id));
}

const auroraLag = (facts: ServerFacts): number | undefined =>
  isWritable(facts)
    ? undefined
    : facts.managed?.members.find(({ name }) => name === facts.managed?.self)?.lagSeconds;
