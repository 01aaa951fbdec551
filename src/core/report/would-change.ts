/** What would change the decision, with this cluster's names and the very command or statement where one is known: for people, nothing decides on it. */

import { closing, follow, forget, ofTheCopy, thaw } from '../decide/advice.ts';
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
import { type Decision, names } from '../model/decision.ts';
import { ledgerName } from '../model/ledger.ts';
import type { HoldReason, PointToReason } from '../model/vocabulary.ts';
import { firstOfEach, multiPrimaryOf } from '../observe/multi-primary.ts';
import type { ServerView } from '../observe/topology.ts';
import { whyNotWritten } from '../publish/refusals.ts';
import { bestReplica, couldBePromoted } from './promote-by-hand.ts';

type Explanation = (situation: Situation) => readonly string[];

/** One to three short sentences. */
export function wouldChange(situation: Situation, decision: Decision): readonly string[] {
  if (decision.kind === 'hold') return holds[decision.reason](situation);
  return decision.reason === 'steady' ? steady(situation) : moving[decision.reason](situation);
}

const holds: Readonly<Record<HoldReason, Explanation>> = {
  'ledger-unknown': unknownLedger,
  'foreign-ledger': ({ settings, ledger }) => [
    `Give one of the two clusters another name: source.name in the configuration of this one, or of ${ledger?.cluster ?? 'the other one'}.`,
    `Where that cluster is gone for good: delete the TXT RRset of ${ledgerName(settings.source)}, and set adopt: true.`,
  ],
  'foreign-rrset': ({ settings }) => [
    `adopt: true under publish in the configuration of this cluster takes ${settings.source.name} over.`,
    `Or delete the RRsets of ${settings.source.name}: then it is published anew.`,
  ],
  'ledger-lost': lostLedger,
  frozen: (situation) => [`${thaw(situation)} lets it move again; nothing else does, not even a command.`],
  'unknown-source': unknownSource,
  'two-sources': twoSources,
  'published-source-alive': publishedAlive,
  'minority-view': minorityView,
  'unproven-candidate': unproven,
  'superseded-source': (situation) => [
    ...goingBack(situation),
    ...closeFirst(situation, isStale(situation)),
    ...byForce(situation, 'holds the right data', isStale(situation)),
  ],
  stranger: (situation) => [
    `Promote a server of the line${bestReplica(situation)}.`,
    ...byForce(
      situation,
      'is meant to take over',
      (member) => member.writable && !belongsToLine(situation, member),
    ),
  ],
  settling: (situation) => [
    `Time: it must last for settle, ${situation.state.settings.watch.settleMs / 1000} s. An answer of ${published(situation)} ends it.`,
    `At once, if ${published(situation)} is gone for certain: ${followOneOf(situation, situation.candidates)}`,
  ],
  'no-candidate': noCandidate,
  'candidate-behind': candidateBehind,
  flapping: (situation) => [
    `${thaw(situation)} lets it move by itself again, once the tools that fight are found.`,
    `Or name the source: ${follow(situation)}`,
  ],
  'unsafe-address': (situation) => [
    `An address that clients can reach: mend what the host name of ${target(situation)?.address ?? 'that server'} resolves to, or set publish: for it.`,
    ...(situation.publication.decision.sentence.includes('loopback')
      ? ['Loopback addresses are published only with allow_loopback: true.']
      : []),
  ],
  'ledger-full': (situation) => [
    'One former source less: one of them becomes a replica of the source again, and catches up.',
    ...(situation.ledger?.was ?? [])
      .slice(0, 1)
      .map((former) => `One that will not come back: ${forget(situation, former)}`),
  ],
};

/** The update that does it is on its way, unless something stands in its way. */
const inMotion: Explanation = ({ state, publication }) => {
  if (state.settings.mode === 'observe')
    return ['This instance only observes and writes nothing: mode: active lets it move the name.'];
  const refused = whyNotWritten(publication);
  const onItsWay =
    'Nothing is needed: the update is on its way. Until it is in the zone, a change of what the servers say calls it back.';
  return refused.length > 0 ? refused : [onItsWay];
};

const moving: Readonly<Record<Exclude<PointToReason, 'steady'>, Explanation>> = {
  'first-source': inMotion,
  commanded: inMotion,
  'group-primary': inMotion,
  'followers-moved': inMotion,
  switchover: inMotion,
  failover: inMotion,
  'ledger-restored': inMotion,
};

const published = ({ published: source, ledger }: Situation): string =>
  source?.address ?? ledger?.source ?? 'the published source';

const others = (situation: Situation): readonly ServerView[] =>
  situation.members.filter((member) => !isPublished(situation, member));

/** Whom a move would go to. */
const target = (situation: Situation): ServerView | undefined =>
  provenCandidates(situation)[0] ?? situation.candidates[0];

const followOneOf = (situation: Situation, servers: readonly ServerView[], force = false): string =>
  follow(situation, servers.length === 1 ? servers[0] : undefined, force);

const orOneOf = (servers: readonly ServerView[]): string =>
  servers.length === 1 ? names(servers) : 'one of them';

/** What is writable in vain is closed before another server is opened. */
function closeFirst(situation: Situation, which: (member: ServerView) => boolean): readonly string[] {
  const writable = situation.members.filter(which);
  if (writable.length === 0) return [];
  const could = others(situation).some((member) => couldBePromoted(situation, member));
  const then = could
    ? `then promote an up-to-date replica${bestReplica(situation)}`
    : `until ${published(situation)} answers again`;
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

/** A former source that is writable in vain. */
const isStale =
  (situation: Situation) =>
  (member: ServerView): boolean =>
    member.writable && isSuperseded(situation, member) && wayBack(situation, member) === undefined;

/** A move by mistake is undone with a plain command. */
const goingBack: Explanation = (situation) =>
  situation.members
    .filter((member) => wayBack(situation, member) !== undefined)
    .map((member) => `Back to ${member.address}: ${follow(situation, member)}`);

function steady(situation: Situation): readonly string[] {
  const source = published(situation);
  const rest = others(situation);
  if (rest.length === 0) return [`Nothing by itself: ${source} is the only server.`];
  const one = rest.length === 1 ? names(rest) : 'one of the others';
  // A server that could not be the source is refused.
  const peers = situation.candidates.filter((candidate) => candidate !== situation.published);
  const byHand = peers.length === 0 ? [] : [`By hand: ${followOneOf(situation, peers)}`];
  if (situation.published?.known?.managed?.kind === 'aurora')
    return [`A failover by the service: it makes ${one} the writer.`, ...byHand];
  if (situation.published && isLeftToGroup(situation, situation.published))
    return [
      "The group's choice of another primary, by itself or by: SELECT group_replication_set_as_primary('UUID')",
      ...byHand,
    ];
  if (multiPrimaryOf(situation.published?.known) !== undefined)
    return [
      `${source} no longer writes for its cluster: then the first of its peers, in configured order.`,
      ...byHand,
    ];
  return [
    `A switchover: first ${source} becomes read-only${situation.published ? ` (${closing(situation.published)})` : ''}, then ${one} executes all that it lacks, and is promoted.`,
    `A failover: ${source} does not answer, nobody replicates from it any more, and ${one} is promoted.`,
    ...byHand,
  ];
}

function unknownLedger({ publication, reading, settings }: Situation): readonly string[] {
  const { failure: readFailure } = publication.zone;
  const hints = readFailure?.hint ? [readFailure.hint] : [];
  if (readFailure)
    return [`An answer of nameserver ${settings.nameserver}: it is asked again all the time.`, ...hints];
  if (reading === undefined) return [`The first answer of nameserver ${settings.nameserver}.`];
  return [
    `Upgrade this instance to the version that wrote the ledger, or mend the TXT RRset of ${ledgerName(settings.source)}.`,
  ];
}

function unknownSource(situation: Situation): readonly string[] {
  const { ledger, published: source } = situation;
  const unlisted = unlistedSources(situation);
  const isLedgers = ledger !== undefined && source === undefined;
  return [
    isLedgers
      ? `Add ${ledger.source} to the servers of this configuration, as ${ledger.by} has it.`
      : `Add ${names(unlisted)} to servers in the configuration of every instance, and send each SIGHUP: it reads its configuration again.`,
    `Or name one of this configuration's servers: ${follow(situation)}`,
  ];
}

function lostLedger(situation: Situation): readonly string[] {
  const { publication, state } = situation;
  const source = publication.zone.remembered?.source ?? 'the server that it named';
  return [
    `By itself: once ${source} is writable, replicates from nobody, and the loss has lasted for fresh_for (${state.settings.watch.freshForMs / 1000} s).`,
    `Or restore the zone from where epoch ${publication.zone.remembered?.epoch ?? '?'} is in it.`,
    `Or name the source: ${follow(situation)}`,
  ];
}

function twoSources(situation: Situation): readonly string[] {
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
    `Or name the one that is meant: ${followOneOf(situation, rivals)}`,
    ...(situation.ledger === undefined
      ? []
      : ['Or more than half of the other servers replicate from one of them.']),
  ];
}

function unproven(situation: Situation): readonly string[] {
  const { candidates, published: source } = situation;
  const lone = lonePrimaryWouldChange(situation);
  if (lone !== undefined) return lone;
  const closable = ungrouped(candidates);
  const [first] = closable;
  const again =
    source?.facts && !source.writable && ungrouped([source]).length > 0
      ? `; then ${source.address} can be opened again: see what it lacks`
      : '';
  const seen =
    first === undefined ? '' : `, or a promotion that is seen while ${published(situation)} is not writable`;
  return [
    `If ${orOneOf(candidates)} was promoted: ${followOneOf(situation, candidates)}`,
    `Evidence would do as well: another server that replicates from it${seen}.`,
    ...(first ? [`If not, on ${names(closable)}: ${closing(first)}${again}`] : []),
  ];
}

function publishedAlive(situation: Situation): readonly string[] {
  const { published: source, state } = situation;
  if (source === undefined) return [];
  const probe = state.servers.get(source.address)?.latest?.probe;
  const hint = probe?.kind === 'alive' ? probe.failure.hint : undefined;
  return [
    `An answer of ${source.address} to us.${hint === undefined ? '' : ` ${hint}`}`,
    `If it is to be replaced: ${replacement(situation, source)}`,
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
    return `end its mysqld${then}. Nobody may replicate from it any more (now ${names(followers)}).`;
  const counting = source.contact === 'unknown' ? whoStillCount(situation, source) : [];
  if (counting.length > 0)
    return `that ${names(counting)} no longer ${counting.length === 1 ? 'counts' : 'count'} it among the members of their cluster.`;
  return `close it (${closing(source)}) or end its mysqld${then}.`;
}

function minorityView(situation: Situation): readonly string[] {
  const waiting = [...unobserved(situation), ...justFound(situation)];
  if (waiting.length > 0)
    return [`The answer of ${names(waiting)}, or that none comes: known within one probe.`];
  const { published: source, quorumSet, ledger, publication } = situation;
  const counted = quorumSet.filter((member) => member !== source || source.contact === 'reachable');
  const unseen = counted.filter((member) => member.contact !== 'reachable');
  const seen = reachable(counted).length;
  if (publication.zone.movedElsewhereAt !== undefined && seen > counted.length / 2)
    return [
      `An answer of each server that is younger than the move by ${ledger?.by ?? 'another instance'}: known within one probe.`,
    ];
  return [
    `More answers, of ${names(unseen)}: ${seen} of ${counted.length} ${counted.length < quorumSet.length ? 'other ' : ''}servers is no majority.`,
    'Mend the network of this machine, or look at those servers.',
    ...unseen
      .slice(0, 1)
      .map((member) => `Only if ${member.address} is gone for good: ${forget(situation, member)}`),
  ];
}

function noCandidate(situation: Situation): readonly string[] {
  const { published: source } = situation;
  const first = situation.candidates[0];
  if (situation.ledger === undefined && first)
    return [`That a majority of the group names ${first.address} as its primary.`];
  const could = others(situation).some((member) => couldBePromoted(situation, member));
  const follows = `the name follows it${bestReplica(situation)}.`;
  // A copy is told from its original only by a person; a promotion beside them would make a second source.
  if (source?.duplicate && source.contact === 'reachable') return [`${ofTheCopy}.`];
  if (isGroupAway(situation))
    return [
      ...groupAwayWouldChange(situation),
      ...(could ? [`Or promote a server of no group: ${follows}`] : []),
    ];
  const back =
    source && others(situation).length > 0
      ? [`Or ${source.address} is the source again: see what it lacks.`]
      : [];
  if (could) {
    const another =
      source && isLeftToGroup(situation, source)
        ? 'its group makes another member the primary'
        : 'promote another server';
    // One that was restarted read-only has all that it ever had.
    if (source?.facts)
      return [
        `Either ${source.address} is the source again: see what it lacks.`,
        `Or ${another}: ${follows}`,
      ];
    return [`Promote a server: ${follows}`, ...back];
  }
  const former = others(situation).filter(
    (member) => member.facts !== undefined && isSuperseded(situation, member),
  );
  return [
    'No server that answers could be promoted: see what each of them lacks.',
    ...back,
    ...former
      .slice(0, 1)
      .map(
        (member) =>
          `Only if ${member.address} holds the right data: open it, then ${follow(situation, member, true)}`,
      ),
  ];
}

function candidateBehind(situation: Situation): readonly string[] {
  const waiting = unobserved(situation);
  if (waiting.length > 0) return [`The answer of ${names(waiting)}, or that none comes.`];
  const candidate = target(situation);
  if (candidate === undefined) return [];
  const lacks = candidateLacks(situation, candidate);
  const ahead = lacks?.executed?.server;
  const holder = situation.members.find(({ address }) => address === ahead);
  const former = holder && formerSourceOf(situation, holder);
  return [
    ...(former
      ? [
          `${ahead} replicates from the former source ${former.address}: what it has more may be stale writes.`,
        ]
      : []),
    ...(ahead === undefined || former
      ? []
      : [
          `Close ${candidate.address} (${closing(candidate)}); then promote ${ahead}, or let ${candidate.address} get from it what it lacks.`,
        ]),
    `To give these transactions up: ${follow(situation, candidate, true)}`,
  ];
}
