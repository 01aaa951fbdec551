/**
 * How a server is made the source by hand, in the manual's order (19.4.8): execute, detach, open. Or why not
 * now: no statement may make a second writable server, or open a stale one.
 */

import { closing, opening, restarting } from '../decide/advice.ts';
import { lacksOf } from '../decide/ahead.ts';
import { bindingsOf } from '../decide/candidates.ts';
import { leadsRound } from '../decide/circles.ts';
import { mayFollowItsGroup } from '../decide/group-words.ts';
import {
  belongsToLine,
  isPublished,
  isSuperseded,
  reachable,
  type Situation,
  tellsItsState,
} from '../decide/situation.ts';
import { isOurName, memberAt } from '../decide/spelled-servers.ts';
import { waitingOf } from '../decide/waiting.ts';
import { names } from '../model/decision.ts';
import type { Channel, ServerFacts } from '../model/observation.ts';
import { arePeers } from '../observe/multi-primary.ts';
import { isIdentifiedAs } from '../observe/source-of.ts';
import type { ServerView } from '../observe/topology.ts';

export type Promotion =
  | { readonly kind: 'stale' }
  /** `because`: there would be two writable servers, or may be. */
  | { readonly kind: 'obstacle'; readonly isPublished: boolean; readonly because: string }
  | {
      readonly kind: 'parts';
      readonly isPublished: boolean;
      readonly facts: ServerFacts;
      readonly channels: readonly ChannelPart[];
      /** Statements; empty: it is open. */
      readonly open: string;
    };

/** What becomes of one channel of the cluster. */
export interface ChannelPart {
  readonly channel: Channel;
  /** `the 3 transactions` that it must execute first; undefined: nothing waits. */
  readonly waiting: string | undefined;
  /** Channels of a circle stay. */
  readonly stays: boolean;
}

/** Undefined: it is a candidate, or no statement can make it one. */
export function promotionOf(situation: Situation, server: ServerView): Promotion | undefined {
  const { facts } = server;
  if (
    facts === undefined ||
    server.discovered !== undefined ||
    server.sameAs !== undefined ||
    server.settings.candidate === 'never'
  )
    return undefined;
  if (isSuperseded(situation, server)) return server.writable ? undefined : { kind: 'stale' };
  if (isOpenedByOthers(facts) || !belongsToLine(situation, server) || server.duplicate) return undefined;
  const back = isPublished(situation, server);
  const bound = bindingsOf(situation, server).map(({ channel }) => channel);
  const open = server.writable ? '' : opening(facts);
  if (server.writable ? bound.length === 0 : open === '') return undefined;
  const because = obstacleOf(situation, server);
  if (because !== undefined) return { kind: 'obstacle', isPublished: back, because };
  const left = back ? bound : facts.channels.filter((channel) => isOfCluster(situation, server, channel));
  return {
    kind: 'parts',
    isPublished: back,
    facts,
    channels: left.map((channel) => partOf(situation, server, channel)),
    open,
  };
}

/** What becomes of one channel when its server is made the source. */
function partOf(situation: Situation, server: ServerView, channel: Channel): ChannelPart {
  const upstream = server.upstreams.find((each) => each.channel === channel);
  const stays = upstream !== undefined && leadsRound(situation, server, upstream.member);
  return { channel, waiting: server.facts && waitingText(server.facts, channel), stays };
}

/** A cluster, a group or a service opens its servers itself. Some switches need a restart. */
const isOpenedByOthers = (facts: ServerFacts): boolean =>
  facts.group !== undefined ||
  facts.wsrep !== undefined ||
  facts.managed !== undefined ||
  restarting(facts).length > 0;

/**
 * Also a channel that is stopped or connecting: later it would bring a former source's stale writes. The only
 * channel of a server is the cluster's if nobody can tell its source; beside a channel of the cluster it is
 * another system's.
 */
export function isOfCluster(situation: Situation, server: ServerView, channel: Channel): boolean {
  const upstream = server.upstreams.find((each) => each.channel === channel);
  if (upstream?.outsider) return false;
  if (leadsToUs(situation, server, channel)) return true;
  const { channels = [] } = server.known ?? {};
  return upstream !== undefined && !channels.some((each) => leadsToUs(situation, server, each));
}

function leadsToUs(situation: Situation, server: ServerView, channel: Channel): boolean {
  const upstream = server.upstreams.find((each) => each.channel === channel);
  if (upstream?.outsider) return false;
  return (
    isOurName(situation, channel.sourceAddress) ||
    memberAt(situation, channel.sourceAddress) !== undefined ||
    situation.members.some(
      ({ address, known }) =>
        address === upstream?.member || (known !== undefined && isIdentifiedAs(channel, known)),
    )
  );
}

/** Channels that bring the data of another system, or may do so. No procedure stops them. */
export const foreignChannels = (situation: Situation, server: ServerView): readonly Channel[] =>
  (server.known?.channels ?? []).filter((channel) => !isOfCluster(situation, server, channel));

/** Why there would be two writable servers, or may be; undefined: there is none. */
function obstacleOf(situation: Situation, server: ServerView): string | undefined {
  const { published, members, quorumSet } = situation;
  const { decision } = situation.publication;
  const source = decision.kind === 'point-to' ? decision.source : published?.address;
  const writers = members.filter(
    (other) => other !== server && mayWrite(situation, other) && !arePeers(members, other, server),
  );
  const writer = writers.find(({ address }) => address === source) ?? writers[0];
  if (writer) {
    if (writer.address === source) return `the source ${source} takes writes`;
    const mend = isSuperseded(situation, writer)
      ? `first close it (${closing(writer)})`
      : `if it is not the source, first close it (${closing(writer)})`;
    return `${writer.address} takes writes: ${mend}`;
  }
  if (published === undefined || published === server || tellsItsState(published)) return undefined;
  const followers = situation.topology.followersOf(published.address);
  if (followers.length > 0)
    return `the source ${published.address} is alive: ${names(followers)} still ${followers.length === 1 ? 'replicates' : 'replicate'} from it`;
  if (published.contact === 'alive')
    return `the source ${published.address} is alive, although it refuses us`;
  if (published.contact === 'unobserved') return `the source ${published.address} is still being asked`;
  const rest = quorumSet.filter((member) => member !== published);
  return reachable(rest).length > rest.length / 2
    ? undefined
    : `only ${reachable(rest).length} of ${rest.length} other servers answer us, so the source may be alive`;
}

/**
 * A server with writes that the promoted one would lack: the source, a possible source, or a former source.
 *
 * - Not a stranger: it has another history.
 * - Not a `candidate: never` with a channel of the cluster: it is a writable replica, for reports.
 */
export const mayWrite = (situation: Situation, other: ServerView): boolean =>
  other.writable &&
  (other.settings.candidate !== 'never' ||
    !other.facts?.channels.some((channel) => isOfCluster(situation, other, channel))) &&
  (isSuperseded(situation, other) || belongsToLine(situation, other));

/** What it has received but not executed; undefined: nothing. */
export function waitingText(facts: ServerFacts, channel: Channel): string | undefined {
  const waiting = waitingOf(facts, channel);
  if (waiting === undefined) return undefined;
  if (waiting.kind !== 'counted') return 'all';
  return waiting.count === 1 ? 'the transaction' : `the ${waiting.count} transactions`;
}

/** Whether the name would follow its promotion without a command. */
export const couldBePromoted = (situation: Situation, member: ServerView): boolean =>
  member.contact === 'reachable' &&
  member.settings.candidate !== 'never' &&
  !member.duplicate &&
  !isSuperseded(situation, member) &&
  mayFollowItsGroup(situation, member) &&
  belongsToLine(situation, member);

/** The replicas that lack nothing, if that is known. */
export function bestReplica(situation: Situation): string {
  const ready = situation.members.filter(
    (member) =>
      !isPublished(situation, member) &&
      member.contact === 'reachable' &&
      member.settings.candidate !== 'never',
  );
  const best = ready.filter((member) => {
    const lacks = lacksOf(situation, member);
    // What it has received it executes before it is opened.
    return lacks !== undefined && lacks.received === null;
  });
  return best.length === 0 || best.length === ready.length
    ? ''
    : ` (${names(best)} ${best.length === 1 ? 'is' : 'are'} the most advanced)`;
}
