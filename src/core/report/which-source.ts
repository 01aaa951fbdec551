/** What would end a hold when we do not know which server is the source. */

import { bestReplica, couldBePromoted } from '../advise/promotion.ts';
import { closing, follow, forget, ofTheCopy } from '../decide/advice.ts';
import { candidateLacks, formerSourceOf } from '../decide/ahead.ts';
import { otherWriters } from '../decide/candidates.ts';
import { isLeftToGroup } from '../decide/elections.ts';
import {
  groupAwayWouldChange,
  isGroupAway,
  lonePrimaryWouldChange,
  ungrouped,
} from '../decide/group-words.ts';
import { provenStanding, unobserved } from '../decide/rivals.ts';
import { belongsToLine, isPublished, isSuperseded, reachable, type Situation } from '../decide/situation.ts';
import { provenCandidates, whoStillCount } from '../decide/strong-evidence.ts';
import { justFound, unlistedSources } from '../decide/unlisted.ts';
import { wayBack } from '../decide/way-back.ts';
import { names } from '../model/decision.ts';
import { firstOfEach } from '../observe/multi-primary.ts';
import type { ServerView } from '../observe/topology.ts';

export const published = ({ published: source, ledger }: Situation): string =>
  source?.address ?? ledger?.source ?? 'the published source';

export const others = (situation: Situation): readonly ServerView[] =>
  situation.members.filter((member) => !isPublished(situation, member));

/** The server to which a move would go. */
export const target = (situation: Situation): ServerView | undefined =>
  provenCandidates(situation)[0] ?? situation.candidates[0];

export const followOneOf = (situation: Situation, servers: readonly ServerView[], force = false): string =>
  follow(situation, servers.length === 1 ? servers[0] : undefined, force);

const orOneOf = (servers: readonly ServerView[]): string =>
  servers.length === 1 ? names(servers) : 'one of them';

export const supersededSource = (situation: Situation): readonly string[] => [
  ...goingBack(situation),
  ...closeFirst(situation, isStale(situation)),
  ...byForce(situation, 'holds the right data', isStale(situation)),
];

export const stranger = (situation: Situation): readonly string[] => [
  `Promote a server of the line${bestReplica(situation)}.`,
  ...byForce(
    situation,
    'is meant to take over',
    (member) => member.writable && !belongsToLine(situation, member),
  ),
];

/** A writable server that cannot be the source is closed before another one is opened. */
function closeFirst(situation: Situation, which: (member: ServerView) => boolean): readonly string[] {
  const writable = situation.members.filter(which);
  if (writable.length === 0) return [];
  const could = others(situation).some((member) => couldBePromoted(situation, member));
  const then = could
    ? `then promote an up-to-date replica${bestReplica(situation)}`
    : `and wait until ${published(situation)} answers again`;
  return [`Close ${names(writable)} (${writable.slice(0, 1).map(closing)}), ${then}.`];
}

function byForce(
  situation: Situation,
  only: string,
  which: (member: ServerView) => boolean,
): readonly string[] {
  const servers = situation.members.filter(which);
  return servers.length === 0
    ? []
    : [`Only if ${orOneOf(servers)} ${only}: ${followOneOf(situation, servers, true)}`];
}

/** A writable former source to which the name cannot simply go back. */
const isStale =
  (situation: Situation) =>
  (member: ServerView): boolean =>
    member.writable && isSuperseded(situation, member) && wayBack(situation, member) === undefined;

/** A command without force undoes a move by mistake. */
const goingBack = (situation: Situation): readonly string[] =>
  situation.members
    .filter((member) => wayBack(situation, member) !== undefined)
    .map((member) => `To move the name back to ${member.address}: ${follow(situation, member)}`);

export function unknownSource(situation: Situation): readonly string[] {
  const { ledger, published: source } = situation;
  const unlisted = unlistedSources(situation);
  const isLedgers = ledger !== undefined && source === undefined;
  return [
    isLedgers
      ? `Add ${ledger.source} to the servers of this configuration, as in the configuration of instance ${ledger.by}.`
      : `Add ${names(unlisted)} to servers in the configuration of every instance. Then send each SIGHUP: it reads its configuration again.`,
    `Or name one of this configuration's servers: ${follow(situation)}`,
  ];
}

export function twoSources(situation: Situation): readonly string[] {
  const { members, candidates, published: source } = situation;
  const isSourceThere = source !== undefined && candidates.includes(source);
  const could = isSourceThere ? otherWriters(situation, source) : firstOfEach(members, candidates);
  const rivals = [...could, ...provenStanding(situation)].filter((member) => member !== source);
  const [first] = rivals;
  return [
    ...(source?.duplicate ? [`${ofTheCopy}.`] : []),
    ...(first
      ? [
          `${isSourceThere ? `On ${names(rivals)}` : `On all but the source (${names(rivals)})`}: ${closing(first)}`,
        ]
      : []),
    `Or name the source: ${followOneOf(situation, rivals)}`,
    ...(situation.ledger === undefined
      ? []
      : ['Or by itself: when more than half of the other servers replicate from one of them.']),
  ];
}

export function unproven(situation: Situation): readonly string[] {
  const { candidates, published: source } = situation;
  const lone = lonePrimaryWouldChange(situation);
  if (lone !== undefined) return lone;
  const closable = ungrouped(candidates);
  const [first] = closable;
  const again =
    source?.facts && !source.writable && ungrouped([source]).length > 0
      ? `. Then ${source.address} can be opened again: see why it is not a candidate.`
      : '';
  const seen =
    first === undefined ? '' : `, or its promotion is seen while ${published(situation)} is not writable`;
  return [
    `If ${orOneOf(candidates)} was promoted: ${followOneOf(situation, candidates)}`,
    ...(first ? [`If not, on ${names(closable)}: ${closing(first)}${again}`] : []),
    `Or by itself: when another server replicates from it${seen}.`,
  ];
}

export function publishedAlive(situation: Situation): readonly string[] {
  const { published: source, state } = situation;
  if (source === undefined) return [];
  const probe = state.servers.get(source.address)?.latest?.probe;
  const hint = probe?.kind === 'alive' ? probe.failure.hint : undefined;
  return [
    `${source.address} must answer us.${hint === undefined ? '' : ` ${hint}`}`,
    `To replace it: ${replacement(situation, source)}`,
    ...(situation.candidates.length === 0
      ? []
      : [
          `If ${orOneOf(situation.candidates)} was promoted in its place: ${followOneOf(situation, situation.candidates)}`,
        ]),
  ];
}

function replacement(situation: Situation, source: ServerView): string {
  const followers = situation.topology.followersOf(source.address);
  const then = situation.candidates.length === 0 ? ', then promote another server' : '';
  if (followers.length > 0)
    return `end its mysqld${then}. No server may replicate from it any more (now ${names(followers)}).`;
  const counting = source.contact === 'unknown' ? whoStillCount(situation, source) : [];
  if (counting.length > 0)
    return `${names(counting)} must no longer count it among the members of their cluster.`;
  return `close it (${closing(source)}) or end its mysqld${then}.`;
}

const whetherAnswers = (servers: readonly ServerView[]): string =>
  `Wait for one probe: it shows whether ${names(servers)} ${servers.length === 1 ? 'answers' : 'answer'}.`;

export function minorityView(situation: Situation): readonly string[] {
  const waiting = [...unobserved(situation), ...justFound(situation)];
  if (waiting.length > 0) return [whetherAnswers(waiting)];
  const { published: source, quorumSet, ledger, publication } = situation;
  const counted = quorumSet.filter((member) => member !== source || source.contact === 'reachable');
  const unseen = counted.filter((member) => member.contact !== 'reachable');
  const seen = reachable(counted).length;
  if (publication.zone.movedElsewhereAt !== undefined && seen > counted.length / 2)
    return [
      `Wait for one probe: each server must answer again after the move by ${ledger?.by ?? 'another instance'}.`,
    ];
  return [
    `More servers must answer, of ${names(unseen)}: ${seen} of ${counted.length} ${counted.length < quorumSet.length ? 'other ' : ''}servers is no majority.`,
    'Check the network of this machine, and those servers.',
    ...unseen
      .slice(0, 1)
      .map((member) => `Only if ${member.address} is gone for good: ${forget(situation, member)}`),
  ];
}

export function noCandidate(situation: Situation): readonly string[] {
  const { published: source } = situation;
  const first = situation.candidates[0];
  if (situation.ledger === undefined && first)
    return [`A majority of the group must name ${first.address} as its primary.`];
  const could = others(situation).some((member) => couldBePromoted(situation, member));
  const follows = `the name follows it${bestReplica(situation)}.`;
  // Only a person can tell the copy from the original. A promotion now would make a second source.
  if (source?.duplicate && source.contact === 'reachable') return [`${ofTheCopy}.`];
  if (isGroupAway(situation))
    return [
      ...groupAwayWouldChange(situation),
      ...(could ? [`Or promote a server that is in no group: ${follows}`] : []),
    ];
  const back =
    source && others(situation).length > 0
      ? [`Or make ${source.address} the source again: see why it is not a candidate.`]
      : [];
  if (could) {
    const another =
      source && isLeftToGroup(situation, source)
        ? 'let its group make another member the primary'
        : 'promote another server';
    // A source that was restarted read-only still has all its data.
    if (source?.facts)
      return [
        `Make ${source.address} the source again: see why it is not a candidate.`,
        `Or ${another}: ${follows}`,
      ];
    return [`Promote a server: ${follows}`, ...back];
  }
  const former = others(situation).filter(
    (member) => member.facts !== undefined && isSuperseded(situation, member),
  );
  return [
    'No server that answers can be promoted: see why each is not a candidate.',
    ...back,
    ...former
      .slice(0, 1)
      .map(
        (member) =>
          `Only if ${member.address} holds the right data: open it, then ${follow(situation, member, true)}`,
      ),
  ];
}

export function candidateBehind(situation: Situation): readonly string[] {
  const waiting = unobserved(situation);
  if (waiting.length > 0) return [whetherAnswers(waiting)];
  const candidate = target(situation);
  if (candidate === undefined) return [];
  const lacks = candidateLacks(situation, candidate);
  const ahead = lacks?.executed?.server;
  const holder = situation.members.find(({ address }) => address === ahead);
  const former = holder && formerSourceOf(situation, holder);
  return [
    ...(former
      ? [
          `${ahead} replicates from the former source ${former.address}: its additional transactions may be stale writes.`,
        ]
      : []),
    ...(ahead === undefined || former
      ? []
      : [
          `Close ${candidate.address} (${closing(candidate)}). Then promote ${ahead}, or let ${candidate.address} get from it what it lacks.`,
        ]),
    `To give these transactions up: ${follow(situation, candidate, true)}`,
  ];
}
