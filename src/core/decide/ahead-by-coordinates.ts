/** Which server is ahead without GTIDs: by file and position in one server's binary log. */

import type { Channel, Coordinates } from '../model/observation.ts';
import type { ServerAddress } from '../model/units.ts';
import { isIdentifiedAs } from '../observe/source-of.ts';
import type { ServerView } from '../observe/topology.ts';
import { isAtOrAfter } from '../observe/waypoint.ts';
import type { Lack, Lacks } from './lack.ts';
import type { Situation } from './situation.ts';

/** How far a server is in one server's binary log. */
interface Progress {
  readonly log: ServerAddress;
  readonly executed: Coordinates | undefined;
  readonly received: Coordinates | undefined;
}

/** Undefined: no other server is in a log that this server is in. */
export function lacksByCoordinates(
  situation: Situation,
  member: ServerView,
  others: readonly ServerView[],
): Lacks | undefined {
  const theirs = others.flatMap((other) =>
    progressOf(situation, other).map((progress) => ({ server: other.address, progress })),
  );
  const shared = progressOf(situation, member)
    .map((own) => ({ own, theirs: theirs.filter(({ progress }) => progress.log === own.log) }))
    .filter((log) => log.theirs.length > 0);
  if (shared.length === 0) return undefined;
  const furthest = (which: 'executed' | 'received'): Lack | null => {
    for (const { own, theirs: all } of shared) {
      const lack = lackIn(
        own[which],
        all.map(({ server, progress }) => ({ server, at: progress[which] })),
      );
      if (lack) return lack;
    }
    return null;
  };
  return { executed: furthest('executed'), received: furthest('received') };
}

function lackIn(
  own: Coordinates | undefined,
  others: readonly { readonly server: ServerAddress; readonly at: Coordinates | undefined }[],
): Lack | null {
  let most: { server: ServerAddress; at: Coordinates } | undefined;
  for (const { server, at } of others) {
    if (own === undefined || at === undefined || !isBehind(most?.at ?? own, at)) continue;
    most = { server, at };
  }
  if (most === undefined || own === undefined) return null;
  return {
    server: most.server,
    bytes: most.at.file === own.file ? most.at.position - own.position : undefined,
  };
}

/** False also for files of two series. */
const isBehind = (one: Coordinates, other: Coordinates): boolean =>
  isAtOrAfter(other, one) && !isAtOrAfter(one, other);

/** In its sources' logs by its channels, and at the end of its own log. */
function progressOf(situation: Situation, { address, facts }: ServerView): readonly Progress[] {
  const channels = (facts?.channels ?? []).map((channel) => ({
    log: logOf(situation, channel),
    executed: channel.applied,
    received: channel.received,
  }));
  const end = facts?.binlogEnd;
  return end ? [...channels, { log: address, executed: end, received: end }] : channels;
}

/** The server whose binary log a channel reads: by identity if there is one, also if the receiver is off. */
const logOf = ({ members }: Situation, channel: Channel): ServerAddress =>
  members.find(({ known }) => known && isIdentifiedAs(channel, known))?.address ?? channel.sourceAddress;
