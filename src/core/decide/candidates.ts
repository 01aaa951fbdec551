/** Rule 7: which servers could be the source, and why the others could not. */

import { isWritable, type ServerFacts } from '../model/observation.ts';
import { ownMembership } from '../observe/membership.ts';
import { arePeers, outsideMajority } from '../observe/multi-primary.ts';
import type { ServerView, Upstream } from '../observe/topology.ts';
import { isInCircle, leadsBack, upwards, writableInCircle } from './circles.ts';
import { isOutOfGroup, isSecondary } from './elections.ts';
import { belongsToLine, isPublished, isSuperseded, type Situation } from './situation.ts';

export const isCandidate = (situation: Situation, server: ServerView): boolean =>
  disqualification(situation, server) === undefined;

/** Why a server cannot be the source, in words; undefined for a candidate. */
export function disqualification(situation: Situation, server: ServerView): string | undefined {
  if (server.sameAs !== undefined) return `is ${server.sameAs} under another address`;
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

/** What in its own state keeps a server from being the source, whatever its configuration says. */
export function defect(situation: Situation, server: ServerView): string | undefined {
  const lasting = lastingDefect(situation, server);
  if (lasting !== undefined) return lasting;
  const [binding] = bindingsOf(situation, server);
  return (
    binding &&
    `is a replica of ${binding.member ?? binding.channel.sourceAddress} (receiver ${binding.channel.receiver})`
  );
}

/** The defects that no end of a replication mends. */
export function lastingDefect(situation: Situation, server: ServerView): string | undefined {
  if (server.duplicate) return 'has the same server UUID as another server';
  if (isSecondary(server)) return 'is a secondary of its group';
  const outside = server.known && outsideMajority(server.known);
  if (outside !== undefined) return outside;
  if (isSuperseded(situation, server)) return 'is a former source that has not rejoined';
  return belongsToLine(situation, server) ? undefined : 'does not belong to the replication line';
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

/** An upstream outside the inventory does not bind. An upstream that cannot be identified does. */
function binds(situation: Situation, server: ServerView, upstream: Upstream): boolean {
  if (upstream.outsider || upstream.member === server.address) return false;
  const source = situation.members.find((member) => member.address === upstream.member);
  if (source === undefined) return true;
  if (isPublished(situation, server) && isPassive(situation, server, upstream, source)) return false;
  if (upstream.state === 'connecting')
    return !(source.contact === 'unknown' && isLeft(situation, server, source));
  // A circle: over read-only members the channel leads back to the server itself. For the published server,
  // and for the server that a command names, the others in the circle may be writable too.
  const isChosen = isPublished(situation, server) || situation.command?.server === server.address;
  return !(leadsBack(situation, server, source) || (isChosen && isInCircle(situation, server, source)));
}

/** A read-only member of a circle with the published source, running, stopped or dead. */
const isPassive = (
  situation: Situation,
  server: ServerView,
  upstream: Upstream,
  source: ServerView,
): boolean =>
  source.known !== undefined &&
  !isWritable(source.known) &&
  wasThere(upstream, source) &&
  !leadsElsewhere(situation, source, server);

/** Its channels lead to other members, and surely not to that server: these have told their channels. */
function leadsElsewhere(situation: Situation, source: ServerView, server: ServerView): boolean {
  const above = upwards(situation, source);
  return above.size > 1 && !above.has(server) && [...above].every(({ known }) => known !== undefined);
}

/** It has answered since this channel leads to it: an older answer may be from before its promotion. */
const wasThere = ({ metAt }: Upstream, { observedAt }: ServerView): boolean =>
  metAt !== undefined && observedAt !== undefined && observedAt >= metAt;

/** The receiver looks for a dead source: the published one, or the one that the published server followed. */
const isLeft = (situation: Situation, server: ServerView, source: ServerView): boolean =>
  isPublished(situation, source) || (isPublished(situation, server) && isSuperseded(situation, source));

/** Other servers that could write: candidates that are no peers, and writable servers in its circle. */
export const otherWriters = (situation: Situation, server: ServerView): readonly ServerView[] => {
  const { members, candidates } = situation;
  const circle = writableInCircle(situation, server);
  return members.filter(
    (member) =>
      member !== server &&
      ((candidates.includes(member) && !arePeers(members, member, server)) || circle.includes(member)),
  );
};
