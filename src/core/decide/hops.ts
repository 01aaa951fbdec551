/** The single steps by which data go from one server to the next: a replication channel, or the membership of one cluster. By the newest answers. */

import { isWritable, type ServerFacts } from '../model/observation.ts';
import type { ServerAddress } from '../model/units.ts';
import { hasMajority, isInAuroraTable, isOnlineIn, isPresentIn } from '../observe/membership.ts';
import { arePeers } from '../observe/multi-primary.ts';
import { isBelieved, type ServerView } from '../observe/topology.ts';
import type { Situation } from './situation.ts';

/** One step: `replica` gets its data from `upstream`. */
export interface Hop {
  readonly replica: ServerAddress;
  readonly upstream: ServerAddress;
  readonly how: 'channel' | 'group' | 'galera' | 'aurora';
  /** How far `replica` may be behind `upstream`, seconds; Infinity: data flow, but nobody knows how late they are. */
  readonly lagSeconds: number;
}

/** All steps on which data flow now, as far as the servers that are asked tell. */
export function hopsOf(situation: Situation): readonly Hop[] {
  const { servers } = situation.topology;
  const believed = servers.filter((server) => server.known !== undefined && isBelieved(server));
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

/**
 * Seconds by which the newest answer is older than `fresh_for`. While a server does not answer, its lag may have grown by a second in every second, and no more: so a short silence of
 * a server in the middle does not cut off the servers below it, and a long one does.
 */
function staleness({ state, now }: Situation, { contact, observedAt }: ServerView): number {
  if (contact === 'reachable') return 0;
  // The clock did not count while the machine slept.
  if (observedAt === undefined || observedAt <= state.staleBefore) return Number.POSITIVE_INFINITY;
  return Math.max(0, now.mono - observedAt - state.settings.watch.freshForMs) / 1000;
}

/** A delayed channel has no lag until the next write; but then it will have. */
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

/** To every other member of the cluster that it is in. */
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
  // Flow control keeps the queue of a synced node short, so it counts as in step.
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
