/** The decision: an ordered table, the first rule that applies (docs/DECISIONS.md has the same rows). Reads a situation, remembers nothing. */

import { type Decision, hold, holdWhileAsking, names, pointTo } from '../model/decision.ts';
import { isoTime, type ServerAddress } from '../model/units.ts';
import { arePeers, firstOfEach } from '../observe/multi-primary.ts';
import type { ServerView } from '../observe/topology.ts';
import { follow } from './advice.ts';
import { writableInCircle } from './circles.ts';
import { doubt } from './doubt.ts';
import { electionOf, groupPrimary, isLeftToGroup } from './elections.ts';
import {
  foreignLedger,
  foreignRrset,
  frozen,
  lostLedger,
  unknownSource,
  unreadableLedger,
} from './ledger-rules.ts';
import { mayHaveRivals, standing } from './rivals.ts';
import {
  belongsToLine,
  bindingsOf,
  disqualification,
  isPublished,
  isSuperseded,
  otherWriters,
  provenCandidates,
  reachable,
  type Situation,
  strongEvidence,
  tellsItsState,
  whoStillCount,
} from './situation.ts';
import { othersUnlisted, sourceUnlisted } from './unlisted.ts';
import { wayBack } from './way-back.ts';

type Rule = (situation: Situation) => Decision | undefined;

const rules: readonly Rule[] = [
  unreadableLedger,
  foreignLedger,
  foreignRrset,
  lostLedger,
  frozen,
  commanded,
  announced,
  firstSource,
  unknownSource,
  groupAgrees,
  followersMoved,
  publishedIsCandidate,
  switchover,
  failover,
];

/** What the name shall do. Guards against unsafe moves come after this (guard.ts). */
export function decide(situation: Situation): Decision {
  for (const rule of rules) {
    const decision = rule(situation);
    if (decision) return decision;
  }
  return doubt(situation);
}

/** Rule 4, a command: the server must be able to be the source, but nothing needs to prove that it was promoted; unless it is forced. */
function commanded(situation: Situation): Decision | undefined {
  const { command, members } = situation;
  if (command === undefined) return undefined;
  const server = members.find((member) => member.address === command.server);
  if (server === undefined) return hold('no-candidate', notAMember(situation, command.server));
  const closed = command.force && !command.althoughReadOnly ? knownReplica(situation, server) : undefined;
  if (closed !== undefined) return hold('no-candidate', closed);
  if (command.force) return pointTo('commanded', server, `${server.address} was named by command, by force.`);
  const back = wayBack(situation, server);
  if (back !== undefined)
    return pointTo(
      'commanded',
      server,
      `${server.address} was named by command, and is writable; nothing is lost, since ${back}.`,
    );
  const wrong = disqualification(situation, server);
  if (wrong === undefined)
    return pointTo('commanded', server, `${server.address} was named by command, and is writable.`);
  const reason = isSuperseded(situation, server)
    ? 'superseded-source'
    : belongsToLine(situation, server)
      ? 'no-candidate'
      : 'stranger';
  const next =
    reason === 'no-candidate' || !server.writable
      ? `What it lacks: source-dns explain ${situation.state.settings.cluster}`
      : `Only if it holds the right data: ${follow(situation, server, true)}`;
  return hold(reason, `${server.address} was named by command, but it ${wrong}. ${next}`);
}

function notAMember({ topology }: Situation, address: ServerAddress): string {
  const sameAs = topology.servers.find((server) => server.address === address)?.sameAs;
  return sameAs === undefined
    ? `${address} is no server of this cluster.`
    : `${address} and ${sameAs} are one server, which is counted as ${sameAs}: name ${sameAs}.`;
}

/** Force overrides what is unknown, not what was just seen: that the server takes no writes, or replicates from another one. */
function knownReplica(situation: Situation, server: ServerView): string | undefined {
  const { published, candidates, members } = situation;
  if (server.contact !== 'reachable') return undefined;
  const [binding] = bindingsOf(situation, server);
  if (server.writable && binding === undefined) return undefined;
  const upstream = members.find((member) => member.address === binding?.member);
  const source = [...candidates, upstream].find((member) => member?.writable && member !== server);
  const replicates = binding ? ` and replicates from ${binding.member ?? binding.channel.sourceAddress}` : '';
  const truth =
    source &&
    (source === published
      ? ` The source is ${source.address}, which is published.`
      : ` If ${source.address} is the source: ${follow(situation, source)}`);
  const state = server.writable ? 'writable' : 'read-only';
  return `${server.address} was named by force, but was just seen: it is ${state}${replicates}.${truth ?? ''} If clients shall get it all the same: ${follow(situation, server, true)} --although-read-only`;
}

/** Rule 4, an announcement in the ledger: it moves when that server becomes writable. */
function announced(situation: Situation): Decision | undefined {
  const { ledger, candidates, now } = situation;
  const next = ledger?.next;
  // Both are ISO 8601 in UTC, so they compare as text.
  if (next === undefined || next.until < isoTime(now.wall)) return undefined;
  const server = candidates.find((candidate) => candidate.id === next.uuid);
  return server && !isPublished(situation, server)
    ? pointTo('commanded', server, `${server.address} was announced by a failover tool, and is writable now.`)
    : undefined;
}

/** Rule 5. */
function firstSource(situation: Situation): Decision | undefined {
  const { ledger, quorumSet, members } = situation;
  if (ledger !== undefined) return undefined;
  const could = [...situation.candidates, ...standing(situation), ...writersInCircles(situation)];
  const candidates = firstOfEach(members, [...new Set(could)]);
  const [first, ...others] = candidates;
  // The first publication is in no hurry: a server that was not asked yet may be writable too.
  const waiting = quorumSet.filter((member) => member.contact === 'unobserved');
  if (waiting.length > 0)
    return holdWhileAsking(
      `Nothing is published yet, and ${names(waiting)} ${waiting.length === 1 ? 'has' : 'have'} not been observed yet.`,
    );
  if (others.length > 0)
    return hold(
      'two-sources',
      `Nothing is published yet, and ${names(candidates)} are all writable: make all but the source read-only.`,
    );
  const seen = reachable(quorumSet).length;
  if (seen <= quorumSet.length / 2)
    return hold(
      'minority-view',
      `Nothing is published yet, and only ${seen} of ${quorumSet.length} servers ${seen === 1 ? 'is' : 'are'} seen.`,
    );
  if (first === undefined || !situation.candidates.includes(first))
    return (
      sourceUnlisted(situation) ??
      hold('no-candidate', `Nothing is published yet, and ${nobodyYet(situation)}.`)
    );
  // Somebody may have begun a group of one member while the others elect.
  if (isLeftToGroup(situation, first) && electionOf(situation, first) === undefined)
    return hold(
      'no-candidate',
      `Nothing is published yet, and ${first.address} is writable, but no majority of the configured group members says that it is the primary.`,
    );
  const writable = situation.candidates.length;
  const said =
    writable === 1
      ? 'the only writable server of'
      : `the first of ${writable} writable peers of one cluster, among`;
  return pointTo(
    'first-source',
    first,
    `${first.address} is ${said} ${quorumSet.length}${writable === 1 ? '' : ' servers'}.`,
  );
}

/** Of several servers that write in one circle each is a replica of the others, and could be the source as well as they. */
const writersInCircles = (situation: Situation): readonly ServerView[] =>
  situation.members.filter(
    (member) =>
      member.writable &&
      member.settings.candidate !== 'never' &&
      writableInCircle(situation, member).length > 0,
  );

function nobodyYet(situation: Situation): string {
  const away = standing(situation);
  if (away.length > 0)
    return `${names(away)} ${away.length === 1 ? 'was' : 'were'} writable at the last answer, and must answer again`;
  return situation.members.some((member) => member.writable)
    ? 'no writable server could be the source'
    : 'no server is writable';
}

/** Rule 8. */
function groupAgrees(situation: Situation): Decision | undefined {
  const primary = groupPrimary(situation);
  if (primary === undefined || !situation.candidates.includes(primary)) return undefined;
  if (isPublished(situation, primary)) return steady(primary, 'a majority of the group says PRIMARY');
  return pointTo(
    'group-primary',
    primary,
    `A majority of the group agrees that ${primary.address} is the primary.`,
  );
}

const steady = (server: ServerView, because: string): Decision =>
  pointTo('steady', server, `${server.address} is the source: ${because}.`);

/**
 * Rule 9. Replicas of several sources may be a majority for two servers: then they say nothing, but for the published one. Nor does it matter of which member of a
 * multi-primary cluster others replicate.
 */
function followersMoved(situation: Situation): Decision | undefined {
  const { members, candidates, topology, published } = situation;
  const followed = members.filter(
    (member) =>
      (candidates.includes(member) || !tellsItsState(member)) && isFollowedByMost(situation, member),
  );
  const candidate = followed.find((member) => isPublished(situation, member)) ?? followed[0];
  if (candidate === undefined || !candidates.includes(candidate)) return undefined;
  if (!isPublished(situation, candidate) && strongEvidence(situation, candidate).length === 0)
    return undefined;
  const said = followedWords(
    topology.followersOf(candidate.address).length,
    othersThan(situation, candidate),
    members.length - 1,
  );
  if (isPublished(situation, candidate)) return steady(candidate, said);
  if (published && candidates.includes(published) && arePeers(members, published, candidate))
    return undefined;
  return followed.length > 1
    ? undefined
    : pointTo('followers-moved', candidate, `${candidate.address} is writable, and ${said}.`);
}

/** Those that do not answer are not counted, and it is said that there are more. */
const followedWords = (followers: number, counted: number, others: number): string =>
  `${followers} of ${counted} other servers ${counted < others ? 'that answer ' : ''}replicate from it`;

const isFollowedByMost = (situation: Situation, server: ServerView): boolean =>
  situation.topology.followersOf(server.address).length > othersThan(situation, server) / 2;

/** One that was not asked yet (we have just begun) counts as another server: it may follow somebody else, or be the source. */
const othersThan = (situation: Situation, server: ServerView): number =>
  [...situation.members, ...othersUnlisted(situation)].filter(
    ({ contact, address }) =>
      (contact === 'reachable' || contact === 'unobserved') && address !== server.address,
  ).length;

/** Rule 10. */
function publishedIsCandidate(situation: Situation): Decision | undefined {
  const { published, candidates } = situation;
  if (published === undefined || !candidates.includes(published)) return undefined;
  const others = otherWriters(situation, published);
  const peers = candidates.filter((candidate) => candidate !== published && !others.includes(candidate));
  if (others.length === 0)
    return steady(
      published,
      `it is published and writable, and ${peers.length === 0 ? 'no other server could be' : `only its peers in one cluster could be as well (${names(peers)})`}`,
    );
  return hold(
    'two-sources',
    `${published.address} is published and writable, and ${others.length === 1 ? 'another server' : `${others.length} other servers`} could be the source as well: only one of them may be writable.`,
  );
}

/** Rule 11. */
function switchover(situation: Situation): Decision | undefined {
  const { published } = situation;
  const [proven, ...others] = provenCandidates(situation);
  if (published === undefined || !tellsItsState(published) || proven === undefined || others.length > 0)
    return undefined;
  if (mayHaveRivals(situation)) return undefined;
  // Only its own word is a step down. That it has a UUID twin is another server's word.
  if (published.duplicate && published.writable)
    return hold(
      'two-sources',
      `${published.address} is published and writable, and ${proven.address} could be the source as well. Another server has the UUID of ${published.address}, which is no step down.`,
    );
  return pointTo(
    'switchover',
    proven,
    `${published.address} ${disqualification(situation, published)}, and ${proven.address} is writable: ${strongEvidence(situation, proven).join('; ')}.`,
  );
}

/** Rule 12. */
function failover(situation: Situation): Decision | undefined {
  const { published, candidates, topology, quorumSet, publication, state, now } = situation;
  if (published?.contact !== 'unknown' || topology.followersOf(published.address).length > 0)
    return undefined;
  if (whoStillCount(situation, published).length > 0) return undefined;
  const rest = quorumSet.filter((member) => member.address !== published.address);
  if (reachable(rest).length <= rest.length / 2) return undefined;
  if (mayHaveRivals(situation)) return undefined;
  const [proven, ...others] = provenCandidates(situation);
  if (others.length > 0) return undefined;
  if (proven)
    return pointTo(
      'failover',
      proven,
      `${published.address} does not answer, nobody replicates from it, and ${proven.address} is writable: ${strongEvidence(situation, proven).join('; ')}.`,
    );
  const [weak, ...more] = candidates;
  if (weak === undefined || more.length > 0 || !isClusterOfTwo(situation)) return undefined;
  const lasted = publication.weakSince === undefined ? 0 : now.mono - publication.weakSince;
  const { settleMs } = state.settings.watch;
  if (lasted < settleMs)
    return hold(
      'settling',
      `${published.address} does not answer, and nothing proves that the only other server is the source now: waiting until that has lasted ${settleMs / 1000} s.`,
    );
  return pointTo(
    'failover',
    weak,
    `${published.address} has not answered for ${settleMs / 1000} s, and ${weak.address}, the only other server, is writable.`,
  );
}

const isClusterOfTwo = (situation: Situation): boolean => situation.members.length === 2;

/** Whether the weak evidence of a cluster of two is there now: settle.ts remembers since when. */
export function isWeakFailover(situation: Situation): boolean {
  const decision = failover({
    ...situation,
    publication: { ...situation.publication, weakSince: situation.now.mono },
  });
  return (
    decision?.reason === 'settling' ||
    (decision?.reason === 'failover' && provenCandidates(situation).length === 0)
  );
}
