/** Rule 7: which servers could be the source, and why the others could not. */

import { isWritable, type ServerFacts } from '../model/observation.ts';
import { ownMembership } from '../observe/membership.ts';
import { arePeers, outsideMajority } from '../observe/multi-primary.ts';
import type { ServerView, Upstream } from '../observe/topology.ts';
import { isInCircle, leadsBack, writableInCircle } from './circles.ts';
import { isOutOfGroup, isSecondary } from './elections.ts';
import { belongsToLine, isPublished, isSuperseded, type Situation } from './situation.ts';

export const isCandidate = (situation: Situation, server: ServerView): boolean =>
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
