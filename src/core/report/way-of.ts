/** The way of a server's data: server by server up to the source, or to where the way is broken. */

import { breakOf } from '../alarm/broken-way.ts';
import { hopsFrom, type Ways } from '../decide/replica-lag.ts';
import type { Situation } from '../decide/situation.ts';
import type { ServerView } from '../observe/topology.ts';
import type { ServerSnapshot } from './snapshot-types.ts';

/** Null for the source, for a server that does not answer, and while there is no source. */
export function wayOf(situation: Situation, ways: Ways, server: ServerView): ServerSnapshot['way'] {
  if (server.facts === undefined) return null;
  const hops = hopsFrom(ways, server.address).map(({ upstream, how, lagSeconds }) => ({
    server: upstream,
    how,
    lagSeconds: finite(lagSeconds),
  }));
  if (hops.length > 0)
    return {
      hops,
      broken: null,
      sentence: `${server.address} gets its data ${hops.map(hopWords).join(', which gets it ')}`,
    };
  if (ways.has(server.address) || ways.size === 0) return null;
  const { through, why } = breakOf(situation, ways, server);
  const upstreams = through
    .slice(1)
    .map(({ address }) => ({ server: address, how: 'channel' as const, lagSeconds: null }));
  const broken = `${through.at(-1)?.address} ${why}`;
  const froms = upstreams.map((upstream) => `from ${upstream.server}`).join(', which gets it ');
  const rest = froms === '' ? '' : `; it gets its data ${froms}`;
  return {
    hops: upstreams,
    broken,
    sentence: `${server.address} gets nothing from the source: ${broken}${rest}`,
  };
}

type HopSnapshot = NonNullable<ServerSnapshot['way']>['hops'][number];

/** JSON knows no Infinity. */
export const finite = (seconds: number | undefined): number | null =>
  seconds === undefined || !Number.isFinite(seconds) ? null : seconds;

const hopWords = ({ server, how, lagSeconds }: HopSnapshot): string =>
  `from ${server} (${how === 'channel' ? '' : `${howWords[how]}, `}${lagSeconds === null ? 'lag unknown' : `lag ${lagSeconds} s`})`;

const howWords = { group: 'by their group', galera: 'by Galera', aurora: 'by Aurora' } as const;
