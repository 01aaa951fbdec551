/** All that the decision looks at, for one publication at one moment: the zone, the servers as members of the line, and who could be the source. */

import type { Ledger, LedgerReading } from '../model/ledger.ts';
import { isWritable, type ServerFacts } from '../model/observation.ts';
import type { PublicationState } from '../model/publication.ts';
import type { PublicationSettings } from '../model/settings.ts';
import type { ClusterState } from '../model/state.ts';
import type { Now, ServerAddress } from '../model/units.ts';
import { isInAuroraTable, isWriterByTable, ownMembership, whoCount } from '../observe/membership.ts';
import { arePeers, firstOfEach, multiPrimaryOf, outsideMajority } from '../observe/multi-primary.ts';
import { leadsTo } from '../observe/source-of.ts';
import { type ServerView, type Topology, topologyOf, type Upstream } from '../observe/topology.ts';
import { isBelow, isInCircle, leadsBack, writableInCircle } from './circles.ts';
import { electionOf, isLeftToGroup, isOutOfGroup, isSecondary } from './elections.ts';
import { hasLineMark } from './line-mark.ts';
import { isPromotedInIncident } from './promotion.ts';

export interface Situation {
  readonly state: ClusterState;
  readonly publication: PublicationState;
  readonly settings: PublicationSettings;
  readonly topology: Topology;
  readonly now: Now;
  readonly reading: LedgerReading | undefined;
  readonly ledger: Ledger | undefined;
  /** The configured servers. */
  readonly members: readonly ServerView[];
  /** The member that the ledger names, by identity; by address only while nobody knows its identity. */
  readonly published: ServerView | undefined;
  /** Members that could be the source (rule 7), in configured order. */
  readonly candidates: readonly ServerView[];
  /** Members that are expected to answer: a majority of them must be seen. */
  readonly quorumSet: readonly ServerView[];
  readonly command: Commanded | undefined;
}

/** A server that a person or a failover tool named. */
export interface Commanded {
  readonly server: ServerAddress;
  readonly force: boolean;
  readonly althoughReadOnly?: true;
}

/** `topology` may be given where it is known already: it changes only with the observations, and it is half the work of a step. */
export function situationOf(
  state: ClusterState,
  publication: PublicationState,
  command: Commanded | undefined,
  now: Now,
  topology: Topology = topologyOf(state, now),
): Situation {
  const reading = publication.view?.ledger;
  const ledger = reading?.kind === 'ledger' ? reading.ledger : undefined;
  // What was discovered is evidence, but no member: it is not in the quorum set, and never published.
  // Nor is another address of a server that is counted already.
  const members = topology.servers.filter(
    (server) => server.discovered === undefined && server.sameAs === undefined,
  );
  const published = ledger && publishedView(members, ledger);
  const situation: { -readonly [K in keyof Situation]: Situation[K] } = {
    state,
    publication,
    settings: publication.settings,
    topology,
    now,
    reading,
    ledger,
    members,
    published,
    quorumSet: members.filter((server) => !publication.gone.has(server.address) && !saysOffline(server)),
    command,
    candidates: [],
  };
  situation.candidates = members.filter((server) => isCandidate(situation, server));
  return situation;
}

function publishedView(members: readonly ServerView[], ledger: Ledger): ServerView | undefined {
  // Two servers with one UUID (a copied data folder): the ledger's address tells which one was meant.
  const byId = members.filter((server) => server.id === ledger.uuid);
  const named = byId.find((server) => server.address === ledger.source) ?? byId[0];
  return (
    named ??
    members.find(
      (server) => server.address === ledger.source && (server.id === undefined || ledger.uuid === '-'),
    )
  );
}

const saysOffline = ({ facts }: ServerView): boolean =>
  facts !== undefined && ownMembership(facts)?.state === 'OFFLINE';

export const isPublished = (situation: Situation, server: ServerView): boolean =>
  situation.published?.address === server.address;

/** A former source that has not rejoined, by identity or by address: it may have come back under another UUID. */
export function isSuperseded(situation: Situation, server: ServerView): boolean {
  const was = situation.ledger?.was ?? [];
  if (was.length === 0 || isPublished(situation, server)) return false;
  const itself = [server, ...situation.topology.servers.filter(({ sameAs }) => sameAs === server.address)];
  return was.some((former) =>
    itself.some(({ id, address }) => former.uuid === id || former.address === address),
  );
}

/** Seen in the line (settle.ts), or it shows by itself that it is of it. The published source belongs; before the first publication the line does not count. */
export function belongsToLine(situation: Situation, server: ServerView): boolean {
  const { ledger, publication } = situation;
  if (ledger === undefined || isPublished(situation, server)) return true;
  if (server.id !== undefined && publication.line.has(server.id)) return true;
  if (server.known === undefined) return false;
  return (
    (ledger.line !== undefined && hasLineMark(server.known, ledger.line)) ||
    isInAuroraTable(server.known, ledger.uuid)
  );
}

/** Rule 7. */
const isCandidate = (situation: Situation, server: ServerView): boolean =>
  disqualification(situation, server) === undefined;

/** Why a server cannot be the source, in words; undefined for a candidate. */
export function disqualification(situation: Situation, server: ServerView): string | undefined {
  if (server.sameAs !== undefined) return `is ${server.sameAs}, by another address`;
  if (server.servesNobody) return 'lets no client in';
  if (server.contact !== 'reachable') return contactWords[server.contact];
  if (!server.writable) return (server.facts && whyNotWritable(server, server.facts)) ?? 'is read-only';
  return unfitness(situation, server);
}

function whyNotWritable(server: ServerView, facts: ServerFacts): string | undefined {
  if (facts.offlineMode) return 'is in offline_mode';
  if (isOutOfGroup(server))
    return `is read-only and ${ownMembership(facts)?.state ?? 'OFFLINE'} in its group`;
  if (facts.readOnly || facts.superReadOnly) return 'is read-only';
  const { switches = [] } = facts;
  if (switches.length > 0)
    return `refuses writes (${switches.map(({ variable, value }) => `${variable} = ${value}`).join(', ')})`;
  return outsideMajority(facts);
}

/** Why a server cannot be the source however writable it is; undefined: it can. */
export function unfitness(situation: Situation, server: ServerView): string | undefined {
  if (server.settings.candidate === 'never') return 'is configured as candidate: never';
  return defect(situation, server);
}

/** What of its own state keeps a server from being the source, whatever the configuration says of it. */
export function defect(situation: Situation, server: ServerView): string | undefined {
  if (server.duplicate) return 'has the same server UUID as another server';
  if (isSecondary(server)) return 'is a secondary of its group';
  const outside = server.known && outsideMajority(server.known);
  if (outside !== undefined) return outside;
  if (isSuperseded(situation, server)) return 'is a former source that has not rejoined';
  if (!belongsToLine(situation, server)) return 'does not belong to the replication line';
  const [binding] = bindingsOf(situation, server);
  return (
    binding &&
    `is a replica of ${binding.member ?? binding.channel.sourceAddress} (receiver ${binding.channel.receiver})`
  );
}

const contactWords = {
  reachable: 'answers',
  alive: 'lives, but refuses us',
  unknown: 'does not answer',
  unobserved: 'has not been observed yet',
} as const;

/** The channels that make the server a replica. */
export const bindingsOf = (situation: Situation, server: ServerView): readonly Upstream[] =>
  server.upstreams.filter((upstream) => binds(situation, server, upstream));

/** Whether this channel makes the server a replica. An upstream outside the inventory does not; one that cannot be identified counts as a member. */
function binds(situation: Situation, server: ServerView, upstream: Upstream): boolean {
  if (upstream.outsider || upstream.member === server.address) return false;
  const source = situation.members.find((member) => member.address === upstream.member);
  if (source === undefined) return true;
  // The published source is no replica of who takes no writes: that is the passive half of a ring, be it there, stopped or dead.
  if (
    isPublished(situation, server) &&
    source.known !== undefined &&
    !isWritable(source.known) &&
    wasThere(upstream, source)
  )
    return false;
  if (upstream.state === 'connecting')
    return !(source.contact === 'unknown' && isLeft(situation, server, source));
  // A ring of co-sources, or a longer circle: over read-only members the channel leads back to the server itself. Where others in it are writable the published one is no replica either, nor the one that a person names.
  const isChosen = isPublished(situation, server) || situation.command?.server === server.address;
  return !(leadsBack(situation, server, source) || (isChosen && isInCircle(situation, server, source)));
}

/** It has answered since this channel leads to it: an answer from before is no word of a ring, for the source may be on its way there. */
const wasThere = ({ metAt }: Upstream, { observedAt }: ServerView): boolean =>
  metAt !== undefined && observedAt !== undefined && observedAt >= metAt;

/** A receiver that still looks for a dead source: the published one, or, once the server itself is published, the one that it took over from. */
const isLeft = (situation: Situation, server: ServerView, source: ServerView): boolean =>
  isPublished(situation, source) || (isPublished(situation, server) && isSuperseded(situation, source));

/** The zone names an epoch before the highest that we remember: it was restored from a copy, or published anew by somebody who had forgotten. */
export const isLedgerBehind = ({ ledger, publication }: Situation): boolean =>
  ledger !== undefined && ledger.epoch < (publication.remembered?.epoch ?? 0);

/** What shows that a candidate was meant to be the source; empty: nothing but that it is writable. */
export function strongEvidence(situation: Situation, server: ServerView): readonly string[] {
  const evidence: string[] = [];
  if (isPromotedInIncident(situation.published, server) && !isLeftToGroup(situation, server))
    evidence.push('its promotion was seen');
  const followers = situation.topology.followersOf(server.address);
  if (followers.length > 0 && !isStillReplicaOfPublished(situation, server))
    evidence.push(
      `${followers.map((follower) => follower.address).join(', ')} ${followers.length === 1 ? 'replicates' : 'replicate'} from it`,
    );
  const election = electionOf(situation, server);
  if (election !== undefined) evidence.push(election);
  const cluster = multiPrimaryOf(server.known);
  if (cluster !== undefined && cluster === publishedCluster(situation))
    evidence.push(`it writes in the same cluster as ${situation.ledger?.source}`);
  if (server.known && isWriterByTable(server.known))
    evidence.push("its cluster's own table names it the writer");
  return evidence;
}

/**
 * An intermediate source, one that looks for the dead published one too, or one in a circle with it: its replicas were there before, and show nothing. So do those of one whose
 * channel is only stopped, unless its promotion was seen in this incident: an intermediate source that is broken keeps its replicas, too.
 */
function isStillReplicaOfPublished(situation: Situation, server: ServerView): boolean {
  const { published } = situation;
  if (published === undefined || server === published) return false;
  return (
    isBelow(situation, server, published) ||
    (isStoppedReplicaOf(server, published) && !isPromotedInIncident(published, server))
  );
}

const isStoppedReplicaOf = ({ known }: ServerView, source: ServerView): boolean =>
  known?.channels.some((channel) => channel.receiver === 'off' && leadsTo(channel, source)) ?? false;

/** The multi-primary cluster of the published source; where that has not been seen since we began, the ledger's mark tells. */
const publishedCluster = ({ published, ledger }: Situation): string | undefined =>
  published?.known ? multiPrimaryOf(published.known) : ledger?.line?.uuid;

/** Members that still count the silent published source among those that are present in their cluster. The ledger tells who it is, also where it was never seen. */
export const whoStillCount = (
  { members, ledger, state }: Situation,
  published: ServerView,
): readonly ServerView[] => {
  const id = published.id ?? ledger?.uuid;
  return whoCount(
    members,
    { ...published, ...(id === undefined ? {} : { id }) },
    state.settings.watch.freshForMs,
  );
};

/** The candidates that something shows to be meant as the source: one of each multi-primary cluster. */
export const provenCandidates = (situation: Situation): readonly ServerView[] =>
  firstOfEach(
    situation.members,
    situation.candidates.filter((candidate) => strongEvidence(situation, candidate).length > 0),
  );

/** Who could write beside that server: candidates that do not write in the same cluster as it does, and who is writable in one circle with it. */
export const otherWriters = (situation: Situation, server: ServerView): readonly ServerView[] => {
  const { members, candidates } = situation;
  const circle = writableInCircle(situation, server);
  return members.filter(
    (member) =>
      member !== server &&
      ((candidates.includes(member) && !arePeers(members, member, server)) || circle.includes(member)),
  );
};

/** What it is now is known from its own words: it answered, or it refused in words that say that it serves nobody. */
export const tellsItsState = ({ contact, servesNobody }: ServerView): boolean =>
  contact === 'reachable' || servesNobody;
export const reachable = (servers: readonly ServerView[]): readonly ServerView[] =>
  servers.filter((server) => server.contact === 'reachable');
