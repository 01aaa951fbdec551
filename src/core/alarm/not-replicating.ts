/** The alarm `not-replicating`: a server gets nothing from the published source while that source is well. */

import {
  closing,
  confinement,
  following,
  joining,
  rebuilding,
  saveFirst,
  startAnewFrom,
  starting,
} from '../decide/advice.ts';
import { isLeftToGroup } from '../decide/elections.ts';
import { type Ways, waysToSource } from '../decide/replica-lag.ts';
import { isSuperseded, type Situation } from '../decide/situation.ts';
import { waitingOf, waitingWords } from '../decide/waiting.ts';
import type { Alarm } from '../model/events.ts';
import type { Channel, ServerFacts } from '../model/observation.ts';
import { isPresent, ownMembership } from '../observe/membership.ts';
import type { ServerView } from '../observe/topology.ts';
import { type Break, breakOf, upstreamOf } from './broken-way.ts';

/**
 * At once if its channel from the published source is stopped or has an error. After `settle` if no other way
 * brings the data either: while replicas are re-pointed, that is so for a moment.
 */
export function notReplicatingAlarm(situation: Situation, server: ServerView): readonly Alarm[] {
  const sentence = stoppedSentence(situation, server) ?? waylessSentence(situation, server);
  return sentence === undefined ? [] : [{ code: 'not-replicating', subject: server.address, sentence }];
}

function stoppedSentence(situation: Situation, server: ServerView): string | undefined {
  const { published } = situation;
  if (published?.facts === undefined || !published.writable || server.facts === undefined) return undefined;
  const stopped = server.facts.channels.find(
    (channel) => upstreamOf(situation, channel) === published && isStopped(channel),
  );
  if (stopped === undefined) return undefined;
  const { receiver, applier, lastError, name } = stopped;
  const next =
    lastError === undefined
      ? `. It was stopped, or never started. ${startingIt(server.facts, name)}`
      : ` (${lastError}).`;
  return `${server.address} does not replicate from the source ${published.address}: receiver ${receiver}, applier ${applier}${next}`;
}

/** Somebody may need it stopped: for a backup, or to save data that were deleted on the source by mistake. */
function startingIt(facts: ServerFacts, channel: string): string {
  const confined = confinement(facts);
  return confined === undefined ? `If nobody needs it stopped: ${starting(facts, channel)}` : `${confined}.`;
}

const isStopped = ({ receiver, applier, lastError }: Channel): boolean =>
  receiver === 'off' || applier === 'off' || (receiver === 'connecting' && lastError !== undefined);

function waylessSentence(situation: Situation, server: ServerView): string | undefined {
  const { published, publication, now, state } = situation;
  const since = publication.evidence.wayless.get(server.address);
  if (published === undefined || since === undefined || now.mono - since < state.settings.watch.settleMs)
    return undefined;
  if (isSaidElsewhere(situation, server)) return undefined;
  const ways = waysToSource(situation);
  const broken = breakOf(situation, ways, server);
  if (broken.kind === 'unknown') return undefined;
  return `${what(server, published, broken)}. ${remedy({ situation, ways, server, published, broken })}`;
}

/** Another alarm says it, or the server's own cluster takes care of it. */
function isSaidElsewhere(situation: Situation, server: ServerView): boolean {
  const { facts, writable } = server;
  if (facts === undefined) return true;
  // By the alarm `stale-source`.
  if (isSuperseded(situation, server) && (writable || errantOf(situation, server) > 0)) return true;
  if (facts.channels.length > 0) return false;
  return (
    writable || facts.wsrep !== undefined || facts.managed !== undefined || isPresent(ownMembership(facts))
  );
}

const errantOf = ({ publication }: Situation, { address }: ServerView): number =>
  publication.evidence.rejoins.get(address)?.errant ?? 0;

function what(
  { address }: ServerView,
  published: ServerView,
  { through, kind, why, channel }: Break,
): string {
  const [, next] = through;
  const source = `the source ${published.address}`;
  if (next !== undefined) {
    const last = through.at(-1);
    return `${address} replicates from ${next.address}, which does not follow ${source}: ${last?.address} ${why}`;
  }
  const error = channel?.lastError === undefined ? '' : ` (${channel.lastError})`;
  return `${address} ${why}${error}${kind === 'channel' ? '' : `, and gets nothing from ${source}`}`;
}

interface Case {
  readonly situation: Situation;
  readonly ways: Ways;
  readonly server: ServerView;
  readonly published: ServerView;
  readonly broken: Break;
}

function remedy(which: Case): string {
  const { situation, server, published } = which;
  const { decision } = situation.publication;
  const { rejoins } = situation.publication.evidence;
  // Somebody may be about to make another server the source.
  if (decision.kind === 'hold') return `Leave it as it is while the source is in doubt (${decision.reason}).`;
  const errant = rejoins.get(server.address)?.errant;
  const copy = rebuilding(server.known, published.address);
  if (errant !== undefined && errant > 0)
    return `It has transactions that ${published.address} lacks: ${saveFirst}, then ${copy}.`;
  const confined = server.known && confinement(server.known);
  if (confined !== undefined) return errant === undefined ? `${confined}.` : `${confined}, or ${copy}.`;
  return byStatements(which, errant, copy);
}

/** Never for a server that may have transactions of its own: they would be lost or spread. */
function byStatements(
  { situation, ways, server, published, broken }: Case,
  errant: number | undefined,
  copy: string,
): string {
  const { known } = server;
  const source = published.address;
  const [, ...beyond] = broken.through;
  if (beyond.length === 0 && isMendable(ways, broken)) return mending(broken, server);
  if (broken.kind === 'out' && beyond.length === 0 && known?.group?.name === published.known?.group?.name)
    return backIntoGroup(situation, server, source);
  if (known?.gtidExecuted === undefined || published.known?.gtidExecuted === undefined)
    return `Without GTIDs nobody can tell where it must begin: ${copy}.`;
  if (errant === undefined)
    return `It is not known yet whether it has transactions that ${source} lacks. Check this before you make it a replica.`;
  const own =
    known.channels.find((channel) => upstreamOf(situation, channel) !== undefined) ?? broken.channel;
  const received = receivedSentence(situation, server, published);
  if (received !== undefined) return received;
  const close = server.writable ? `${closing(server)}; ` : '';
  const either =
    broken.kind === 'channel' && beyond.length > 0
      ? `Correct that, or make it a replica of ${source}`
      : `To make it a replica of ${source}`;
  return `${either}: ${close}${following(known, source, own === undefined || known.channels.length === 0 ? undefined : own.name)}.`;
}

/** CHANGE deletes what a channel has received but not executed: that may be the last copy. */
function receivedSentence(
  situation: Situation,
  { known }: ServerView,
  published: ServerView,
): string | undefined {
  for (const channel of known?.channels ?? []) {
    const waiting = known && waitingOf(known, channel);
    if (known === undefined || waiting === undefined || waiting.kind === 'unknown') continue;
    if (upstreamOf(situation, channel) === undefined) continue;
    const error = channel.applierError === undefined ? '' : ' and mend the error of its applier,';
    const start =
      channel.applier === 'on'
        ? 'wait until it has'
        : `run ${starting(known, channel.name, ' SQL_THREAD')}, and wait until it has`;
    return `It has received ${waitingWords(waiting)} that it has not executed, and they may be the last copy. Before its source is changed,${error} ${start} executed them. If ${published.address} lacks them then, they are transactions of its own.`;
  }
  return undefined;
}

/** A server cannot join a group that has no members. */
const backIntoGroup = (situation: Situation, server: ServerView, source: string): string =>
  isLeftToGroup(situation, server)
    ? `To bring it back into its group: ${joining(server.known)}. ${noBootstrap}`
    : `Nobody is in its group: the group must be ${startAnewFrom(source)}. Then bring the server back: ${joining(server.known)}. ${noBootstrap}`;

const noBootstrap = 'Its group_replication_bootstrap_group must be OFF: else it begins a second group.';

/** The upstream of its own channel has the source's data. */
const isMendable = (ways: Ways, { kind, upstream }: Break): boolean =>
  kind === 'channel' &&
  upstream !== undefined &&
  upstream.contact === 'reachable' &&
  ways.has(upstream.address);

function mending({ channel, upstream }: Break, { known }: ServerView): string {
  if (channel === undefined || known === undefined) return '';
  const isOff = channel.receiver === 'off' || channel.applier === 'off';
  if (isOff && channel.lastError === undefined)
    return `It was stopped, or never started. ${startingIt(known, channel.name)}`;
  return isOff
    ? 'Remove the cause of its error, then start it.'
    : `Make sure that it can reach ${upstream?.address}.`;
}
