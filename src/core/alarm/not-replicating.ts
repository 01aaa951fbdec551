/** Servers that get nothing of the published source while it is well: when it is gone, they are behind by all of that. */

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
import type { Alarm } from '../model/events.ts';
import type { Channel, ServerFacts } from '../model/observation.ts';
import { isPresent, ownMembership } from '../observe/membership.ts';
import type { ServerView } from '../observe/topology.ts';
import { type Break, breakOf, upstreamOf } from './broken-way.ts';

/**
 * The alarm `not-replicating`. At once where its channel from the published source is stopped, or fails, while that source is well: while it is away every replica's is. A receiver that is
 * just connecting has no error yet. After `settle` where its data come from nowhere else either: while replicas are being re-pointed, that is so for a moment.
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
      ? `; it was stopped, or never started. ${startingIt(server.facts, name)}`
      : ` (${lastError}).`;
  return `${server.address} does not replicate from the source ${published.address}: receiver ${receiver}, applier ${applier}${next}`;
}

/** Somebody may need it stopped: for a backup, or because it still has what was deleted on the source by mistake. */
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

/** Other alarms say it, or the server's own cluster keeps it. */
function isSaidElsewhere(situation: Situation, server: ServerView): boolean {
  const { facts, writable } = server;
  if (facts === undefined) return true;
  // The alarm `stale-source`.
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
    return `${address} replicates from ${next.address}, which does not follow ${source}: ${last === next ? 'it' : last?.address} ${why}`;
  }
  const error = channel?.lastError === undefined ? '' : ` (${channel.lastError})`;
  return `${address} ${why}${error}${kind === 'channel' ? '' : `, and gets nothing of ${source}`}`;
}

interface Case {
  readonly situation: Situation;
  readonly ways: Ways;
  readonly server: ServerView;
  readonly published: ServerView;
  readonly broken: Break;
}

/** What to do next. */
function remedy(which: Case): string {
  const { situation, server, published } = which;
  const { decision } = situation.publication;
  const { rejoins } = situation.publication.evidence;
  // Somebody may be about to make another server the source.
  if (decision.kind === 'hold')
    return `While it is in doubt who the source is (${decision.reason}), leave it as it is.`;
  const errant = rejoins.get(server.address)?.errant;
  const copy = rebuilding(server.known, published.address);
  if (errant !== undefined && errant > 0)
    return `It has transactions that ${published.address} lacks: ${saveFirst}, then ${copy}.`;
  const confined = server.known && confinement(server.known);
  if (confined !== undefined) return errant === undefined ? `${confined}.` : `${confined}, or ${copy}.`;
  return byStatements(which, errant, copy);
}

/** A server that has, or may have, transactions of its own is never made a replica: they would be lost, or spread. */
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
    return `Without GTIDs nobody can tell where it would have to begin: ${copy}.`;
  if (errant === undefined)
    return `Whether it has transactions that ${source} lacks is not known yet: look before it becomes a replica.`;
  const own =
    known.channels.find((channel) => upstreamOf(situation, channel) !== undefined) ?? broken.channel;
  const close = server.writable ? `${closing(server)}; ` : '';
  const either =
    broken.kind === 'channel' && beyond.length > 0
      ? `Mend that, or make it a replica of ${source}`
      : `To make it a replica of ${source}`;
  return `${either}: ${close}${following(known, source, own === undefined || known.channels.length === 0 ? undefined : own.name)}.`;
}

/** Nobody can join a group in which nobody is. */
const backIntoGroup = (situation: Situation, server: ServerView, source: string): string =>
  isLeftToGroup(situation, server)
    ? `To bring it back into its group: ${joining(server.known)}.`
    : `Nobody is in its group: that must be ${startAnewFrom(source)}; then bring it back: ${joining(server.known)}.`;

/** The server at the other end of its own channel has the source's data. */
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
  return isOff ? 'Mend what its error says, then start it.' : `See that it reaches ${upstream?.address}.`;
}
