/** How far a server's data are behind the source: by the worst hop of its best way (docs/decisions/015). */

import type { ServerAddress } from '../model/units.ts';
import type { ServerView } from '../observe/topology.ts';
import { type Hop, hopsOf } from './hops.ts';
import { isPublished, isSuperseded, type Situation } from './situation.ts';

/** A server's best way to the source. */
interface Way {
  /** Of its worst hop. Infinity: data flow with an unknown lag. */
  readonly lagSeconds: number;
  /** Its first hop; absent at the end of the way. */
  readonly hop?: Hop;
}

/** The ways of all servers that have one, ends included. */
export type Ways = ReadonlyMap<ServerAddress, Way>;

/**
 * The ways to one of these ends, each with the age of its data in seconds. No way leads through a former
 * source that has not rejoined: it may have transactions of its own.
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
  // Ways only get better, so this ends even in a circle.
  for (let found = betterWays(ways, hops); found.length > 0; found = betterWays(ways, hops)) {
    for (const [address, way] of found) if (isBetter(way, ways.get(address))) ways.set(address, way);
  }
  return ways;
}

/** The hops from a server to the end of its way, its own first; empty: it has none, or is the end. */
export function hopsFrom(ways: Ways, server: ServerAddress): readonly Hop[] {
  const hops: Hop[] = [];
  for (let hop = ways.get(server)?.hop; hop !== undefined; hop = ways.get(hop.upstream)?.hop) hops.push(hop);
  return hops;
}

/** The ways with one more hop. Of two equally good ways the shorter one is found first. */
const betterWays = (ways: Ways, hops: readonly Hop[]): readonly (readonly [ServerAddress, Way])[] =>
  hops.flatMap((hop) => {
    const rest = ways.get(hop.upstream);
    if (rest === undefined) return [];
    const way = { lagSeconds: Math.max(hop.lagSeconds, rest.lagSeconds), hop };
    return isBetter(way, ways.get(hop.replica)) ? [[hop.replica, way] as const] : [];
  });

const isBetter = (way: Way, known: Way | undefined): boolean =>
  known === undefined || way.lagSeconds < known.lagSeconds;

/** After a move the published source is a former one. */
const isPassable = (situation: Situation, server: ServerView): boolean =>
  !isSuperseded(situation, server) && !isPublished(situation, server);

/** The ways to the published source, or to the server that would be published. */
export function waysToSource(situation: Situation): Ways {
  const { published, publication } = situation;
  const { decision } = publication;
  const source = published?.address ?? (decision.kind === 'point-to' ? decision.source : undefined);
  return waysTo(situation, new Map(source === undefined ? [] : [[source, 0]]));
}
