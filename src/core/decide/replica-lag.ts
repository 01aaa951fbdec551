/**
 * How far behind the source a server's data are, by the whole way on which they come to it: what decides whether it is read from (docs/decisions/015). The worst hop of a way counts, for
 * the time that a transaction is late is measured from its commit on the source; of several ways the best one counts.
 */

import type { ServerAddress } from '../model/units.ts';
import type { ServerView } from '../observe/topology.ts';
import { type Hop, hopsOf } from './hops.ts';
import { isPublished, isSuperseded, type Situation } from './situation.ts';

/** A server's best way to the source. */
interface Way {
  /** Of its worst hop; Infinity: data come, but nobody knows how late. */
  readonly lagSeconds: number;
  /** Its first hop; absent where the way ends. */
  readonly hop?: Hop;
}

/** The ways of all servers that have one, with those of the ends. */
export type Ways = ReadonlyMap<ServerAddress, Way>;

/**
 * The ways that lead to one of these ends; of each end it is given how many seconds its data are old. No way leads through a former source that has not rejoined, for it may hold
 * transactions that nobody else has.
 */
export function waysTo(situation: Situation, ends: ReadonlyMap<ServerAddress, number>): Ways {
  const ways = new Map<ServerAddress, Way>(
    [...ends].map(([address, lagSeconds]) => [address, { lagSeconds }]),
  );
  if (ends.size === 0) return ways;
  const passable = new Set(
    situation.topology.servers
      .filter((server) => isPassable(situation, server))
      .map(({ address }) => address),
  );
  const hops = hopsOf(situation).filter(
    ({ replica, upstream }) => !ends.has(replica) && (ends.has(upstream) || passable.has(upstream)),
  );
  // A way gets only better, so this ends, also where servers replicate in a circle.
  for (let found = betterWays(ways, hops); found.length > 0; found = betterWays(ways, hops)) {
    for (const [address, way] of found) if (isBetter(way, ways.get(address))) ways.set(address, way);
  }
  return ways;
}

/** The hops from a server to the end of its way, its own first; empty where it has no way, or is the end of it. */
export function hopsFrom(ways: Ways, server: ServerAddress): readonly Hop[] {
  const hops: Hop[] = [];
  for (let hop = ways.get(server)?.hop; hop !== undefined; hop = ways.get(hop.upstream)?.hop) hops.push(hop);
  return hops;
}

/** What one more hop brings. Of two ways that are equally good the shorter one is found first. */
const betterWays = (ways: Ways, hops: readonly Hop[]): readonly (readonly [ServerAddress, Way])[] =>
  hops.flatMap((hop) => {
    const rest = ways.get(hop.upstream);
    if (rest === undefined) return [];
    const way = { lagSeconds: Math.max(hop.lagSeconds, rest.lagSeconds), hop };
    return isBetter(way, ways.get(hop.replica)) ? [[hop.replica, way] as const] : [];
  });

const isBetter = (way: Way, known: Way | undefined): boolean =>
  known === undefined || way.lagSeconds < known.lagSeconds;

/** A move makes the published source a former one. */
const isPassable = (situation: Situation, server: ServerView): boolean =>
  !isSuperseded(situation, server) && !isPublished(situation, server);

/** The ways to the source as it is: the published one, or the one that would be published. */
export function waysToSource(situation: Situation): Ways {
  const { published, publication } = situation;
  const { decision } = publication;
  const source = published?.address ?? (decision.kind === 'point-to' ? decision.source : undefined);
  return waysTo(situation, new Map(source === undefined ? [] : [[source, 0]]));
}
