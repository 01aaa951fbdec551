/** Rule 13: no rule applied, so the name stays. The first reason that fits is the sentence. */

import { type Decision, hold, holdWhileAsking, names } from '../../model/decision.ts';
import type { ServerView } from '../../observe/topology.ts';
import { disqualification } from '../candidates.ts';
import { lostGroup } from '../elections.ts';
import { groupAwayWouldChange, lonePrimaryText } from '../group-words.ts';
import { provenStanding, unobserved } from '../rivals.ts';
import { belongsToLine, isSuperseded, reachable, type Situation, tellsItsState } from '../situation.ts';
import { provenCandidates, whoStillCount } from '../strong-evidence.ts';
import { sourceUnlisted } from '../unlisted.ts';

export function doubt(situation: Situation): Decision {
  return (
    publishedMayLive(situation) ??
    sourceUnlisted(situation) ??
    candidatesDoNotDo(situation) ??
    nobodyCould(situation)
  );
}

function publishedMayLive(situation: Situation): Decision | undefined {
  const { published, topology } = situation;
  if (published === undefined || tellsItsState(published)) return undefined;
  const followers = topology.followersOf(published.address);
  if (followers.length > 0) {
    const replicate = followers.length === 1 ? 'replicates' : 'replicate';
    const silent =
      published.contact === 'alive' ? `refuses us (${refusal(situation, published)})` : 'does not answer us';
    return hold(
      'published-source-alive',
      `${published.address} ${silent}, but ${names(followers)} still ${replicate} from it.`,
    );
  }
  if (published.contact === 'alive') {
    return hold(
      'published-source-alive',
      `${published.address} lives, but refuses us: ${refusal(situation, published).replace(/\.$/, '')}.`,
    );
  }
  const counting = published.contact === 'unknown' ? whoStillCount(situation, published) : [];
  if (counting.length > 0) {
    const still = counting.length === 1 ? 'still counts' : 'still count';
    return hold(
      'published-source-alive',
      `${published.address} does not answer us, but ${names(counting)} ${still} it among the members of the cluster.`,
    );
  }
  return minorityView(situation, published);
}

function minorityView({ quorumSet }: Situation, published: ServerView): Decision | undefined {
  if (published.contact === 'unobserved')
    return holdWhileAsking(`${published.address} has not been observed yet.`);
  const rest = quorumSet.filter((member) => member.address !== published.address);
  const seen = reachable(rest).length;
  if (rest.length === 0 || seen > rest.length / 2) return undefined;
  return hold(
    'minority-view',
    `${published.address} does not answer, and only ${seen} of ${rest.length} other servers ${seen === 1 ? 'answers' : 'answer'}: our own network may be the cause.`,
  );
}

function refusal({ state }: Situation, server: ServerView): string {
  const probe = state.servers.get(server.address)?.latest?.probe;
  if (probe?.kind !== 'alive') return 'it answered with an error';
  // Most messages begin with the address, which the sentence has already.
  const { message } = probe.failure;
  return message.startsWith(server.address)
    ? message.slice(server.address.length).replace(/^:? /, '')
    : message;
}

function candidatesDoNotDo(situation: Situation): Decision | undefined {
  const { candidates } = situation;
  const proven = provenCandidates(situation);
  const rivals = proven.length > 0 ? provenStanding(situation) : [];
  if (proven.length + rivals.length > 1) {
    const away =
      rivals.length === 0
        ? ''
        : ` ${names(rivals)} ${rivals.length === 1 ? 'was writable at its' : 'were writable at their'} last answer.`;
    return hold(
      'two-sources',
      `Each of ${names([...proven, ...rivals])} could be the source: make all but one read-only.${away}`,
    );
  }
  const waiting = unobserved(situation);
  if (proven.length > 0 && waiting.length > 0) {
    return holdWhileAsking(
      `${names(proven)} could be the source, but ${names(waiting)} ${waiting.length === 1 ? 'is' : 'are'} still being asked: ${waiting.length === 1 ? 'its' : 'their'} state is not known yet.`,
    );
  }
  if (candidates.length === 0) return undefined;
  const lost = lostGroup(situation);
  if (lost !== undefined && !candidates.some((candidate) => lost.includes(candidate)))
    return hold('unproven-candidate', lostGroupText(situation, lost));
  const lone = lonePrimaryText(situation);
  if (lone !== undefined) return hold('unproven-candidate', `${publishedWords(situation)}. ${lone}`);
  return hold(
    'unproven-candidate',
    `${publishedWords(situation)}${followerWords(situation)}, but nothing proves that another server is the source now.`,
  );
}

function publishedWords(situation: Situation): string {
  const { published } = situation;
  if (published === undefined) return 'The published source is not known';
  return `${published.address} ${disqualification(situation, published) ?? 'is there'}${isClosedByRestart(situation, published) ? ' since it was restarted' : ''}`;
}

/** `Uptime` counts whole seconds. */
const unnoticedMs = 1000;

/** Its process began after it was lost, and nobody was seen to close it. */
const isClosedByRestart = (
  { now }: Situation,
  { facts, writable, lostAskedAt, closedAt }: ServerView,
): boolean =>
  facts !== undefined &&
  !writable &&
  closedAt === undefined &&
  facts.uptimeSeconds * 1000 + unnoticedMs < now.mono - (lostAskedAt ?? now.mono);

function followerWords({ published, topology }: Situation): string {
  const followers = published ? topology.followersOf(published.address) : [];
  return followers.length === 0
    ? ''
    : ` (${names(followers)} ${followers.length === 1 ? 'replicates' : 'replicate'} from it)`;
}

/** A silent group may be lost or cut off, and an election elsewhere does not tell which. */
const lostGroupText = (situation: Situation, lost: readonly ServerView[]): string =>
  `${silentGroupWords(situation, lost)}. An election in another group does not tell which of the two is true: only a person can.`;

const silentGroupWords = ({ published }: Situation, lost: readonly ServerView[]): string =>
  `No member of the group of ${published?.address} answers (${names(lost)}): the group is lost, or we cannot reach it`;

function nobodyCould(situation: Situation): Decision {
  const { members } = situation;
  const former = members.filter((member) => member.writable && isSuperseded(situation, member));
  if (former.length > 0)
    return hold('superseded-source', `${publishedWords(situation)}, and only a former source is writable.`);
  const strangers = members.filter((member) => member.writable && !belongsToLine(situation, member));
  if (strangers.length > 0)
    return hold(
      'stranger',
      `${publishedWords(situation)}, and only a server that does not belong to its replication line is writable.`,
    );
  const lost = lostGroup(situation);
  if (lost !== undefined)
    return hold(
      'no-candidate',
      `${silentGroupWords(situation, lost)}. ${groupAwayWouldChange(situation).join(' ')}`,
    );
  return hold('no-candidate', `${publishedWords(situation)}, and no other server could be the source.`);
}
