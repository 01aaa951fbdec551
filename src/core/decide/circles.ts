/** Circles of replication: two or more servers, each of which replicates from the next. Only a writable one puts anything in. */

import type { ServerView } from '../observe/topology.ts';
import type { Situation } from './situation.ts';

/** The members that a server streams from, by fresh answers. */
const sourcesOf = ({ members, topology }: Situation, server: ServerView): readonly ServerView[] =>
  members.filter((source) => source !== server && topology.followersOf(source.address).includes(server));

/** Every server above this one, and itself: its sources, their sources, and so on; not beyond a server that `passes` does not let by. */
function allAbove(
  server: ServerView,
  sources: (member: ServerView) => readonly ServerView[],
  passes: (member: ServerView) => boolean = () => true,
): ReadonlySet<ServerView> {
  const above = new Set([server]);
  for (const next of above) if (passes(next)) for (const source of sources(next)) above.add(source);
  return above;
}

/** Whether a server's source gets all that it has, over read-only members, from this very server: then the server is no replica of it. */
export const leadsBack = (situation: Situation, server: ServerView, source: ServerView): boolean =>
  allAbove(
    source,
    (member) => sourcesOf(situation, member),
    (member) => !member.writable,
  ).has(server);

/** The same where others in the circle may be writable as well. */
export const isInCircle = (situation: Situation, server: ServerView, source: ServerView): boolean =>
  allAbove(source, (member) => sourcesOf(situation, member)).has(server);

/** The same of a channel, by the member that it leads to. */
export const leadsRound = (situation: Situation, server: ServerView, member: string | undefined): boolean =>
  situation.members.some((source) => source.address === member && isInCircle(situation, server, source));

/** Members that are writable in one circle with that server, be it writable or not. */
export const writableInCircle = (situation: Situation, server: ServerView): readonly ServerView[] =>
  situation.members.filter(
    (member) =>
      member !== server &&
      member.writable &&
      isInCircle(situation, server, member) &&
      isInCircle(situation, member, server),
  );

/** Whether a server has a way of channels that are not off, by the newest answers, up to that one. */
export const isBelow = ({ members }: Situation, server: ServerView, top: ServerView): boolean =>
  allAbove(server, ({ upstreams }) =>
    members.filter(({ address }) => upstreams.some(({ member }) => member === address)),
  ).has(top);
