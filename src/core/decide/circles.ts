/** Circles of replication: each of two or more servers replicates from the next. */

import type { ServerView } from '../observe/topology.ts';
import type { Situation } from './situation.ts';

/** The members that a server streams from, by fresh answers. */
const sourcesOf = ({ members, topology }: Situation, server: ServerView): readonly ServerView[] =>
  members.filter((source) => source !== server && topology.followersOf(source.address).includes(server));

/** A server, its sources, their sources, and so on, up to servers that do not pass. */
function allAbove(
  server: ServerView,
  sources: (member: ServerView) => readonly ServerView[],
  passes: (member: ServerView) => boolean = () => true,
): ReadonlySet<ServerView> {
  const above = new Set([server]);
  for (const next of above) if (passes(next)) for (const source of sources(next)) above.add(source);
  return above;
}

/** Whether the source gets all data from this server, over read-only members: then it is no replica. */
export const leadsBack = (situation: Situation, server: ServerView, source: ServerView): boolean =>
  allAbove(
    source,
    (member) => sourcesOf(situation, member),
    (member) => !member.writable,
  ).has(server);

/** The same, but others in the circle may be writable too. */
export const isInCircle = (situation: Situation, server: ServerView, source: ServerView): boolean =>
  allAbove(source, (member) => sourcesOf(situation, member)).has(server);

/** The same, by the member that a channel leads to. */
export const leadsRound = (situation: Situation, server: ServerView, member: string | undefined): boolean =>
  situation.members.some((source) => source.address === member && isInCircle(situation, server, source));

/** Writable members in one circle with that server, which may be read-only itself. */
export const writableInCircle = (situation: Situation, server: ServerView): readonly ServerView[] =>
  situation.members.filter(
    (member) =>
      member !== server &&
      member.writable &&
      isInCircle(situation, server, member) &&
      isInCircle(situation, member, server),
  );

/** The server, and the members that its channels lead to, and theirs, by the newest answers. */
export const upwards = ({ members }: Situation, server: ServerView): ReadonlySet<ServerView> =>
  allAbove(server, ({ upstreams }) =>
    members.filter(({ address }) => upstreams.some(({ member }) => member === address)),
  );

/** Whether channels lead from a server up to that one, by the newest answers. */
export const isBelow = (situation: Situation, server: ServerView, top: ServerView): boolean =>
  upwards(situation, server).has(top);
