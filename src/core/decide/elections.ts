/**
 * Single-primary groups: who elects in which group, and which group decides. A configuration may have several groups (an InnoDB ClusterSet): a vote belongs to the group
 * that its voter is in, and only the group of the published source says who the source is (docs/decisions/018).
 */

import { hasMajority, isOnlineIn, isPresent, ownMembership } from '../observe/membership.ts';
import { isBelieved, type ServerView } from '../observe/topology.ts';
import type { Situation } from './situation.ts';

/** The single-primary group that a server is set up for, as its newest answer says, whether it is a member now or not. */
export const groupNameOf = ({ known }: ServerView): string | undefined =>
  known?.group?.singlePrimary ? known.group.name : undefined;

const ownElector = ({ known }: ServerView) =>
  known?.group?.singlePrimary ? ownMembership(known) : undefined;

/** By its own word. Somebody made it writable by hand: that elects nobody. */
export function isSecondary(server: ServerView): boolean {
  const own = ownElector(server);
  return isPresent(own) && own?.role === 'SECONDARY';
}

/** By its own word it is set up for a single-primary group, and is not in it: OFFLINE, ERROR, or not started since its process began. */
export const isOutOfGroup = (server: ServerView): boolean =>
  groupNameOf(server) !== undefined && !isPresent(ownElector(server));

/** Its group goes on, somewhere: a server that became writable without the group was made so by hand, or began a group of its own (bootstrap). */
export const isLeftToGroup = ({ topology }: Situation, server: ServerView): boolean =>
  groupNameOf(server) !== undefined &&
  topology.servers.some(
    (member) =>
      isBelieved(member) &&
      member.facts !== undefined &&
      groupNameOf(member) === groupNameOf(server) &&
      isPresent(ownElector(member)),
  );

/**
 * The group of the published source. Where its newest answer names none, or there was no answer since we began: the group that the ledger's mark names, because a group
 * commits under its own name. Otherwise nobody knows which of several groups it was, or whether the only group that answers replicates from it.
 */
export function publishedGroup({ members, published, ledger }: Situation): string | undefined {
  const own = published && groupNameOf(published);
  return own ?? members.map(groupNameOf).find((group) => group !== undefined && group === ledger?.line?.uuid);
}

/** The member that a majority of the published source's group, several of its members, agree on as PRIMARY. */
export function groupPrimary(situation: Situation): ServerView | undefined {
  const group = publishedGroup(situation);
  return group === undefined ? undefined : electedIn(situation, group);
}

/** Why a server is the primary of the group that decides, or, before the first publication, of its own group; undefined: it is not. */
export function electionOf(situation: Situation, server: ServerView): string | undefined {
  const group = groupNameOf(server);
  if (group === undefined || (situation.ledger !== undefined && group !== publishedGroup(situation)))
    return undefined;
  if (electedIn(situation, group) === server) return 'a majority of its group says PRIMARY';
  return isLastOf(situation, group, server)
    ? 'it is PRIMARY, and every other server says that it is not in this group'
    : undefined;
}

/** Not an elector: a server that says itself that it is out of the group. One that was never asked may well be in. */
const mayElect = (group: string, server: ServerView): boolean =>
  server.known === undefined ||
  (groupNameOf(server) === group && !(server.facts !== undefined && isOutOfGroup(server)));

function electedIn({ members }: Situation, group: string): ServerView | undefined {
  const electors = members.filter((member) => mayElect(group, member));
  const votes = electors.flatMap((member) => voteOf(member) ?? []);
  // One member that was expelled, or left alone, agrees with itself: that is nobody's majority.
  const needed = Math.max(Math.floor(electors.length / 2) + 1, 2);
  return members.find(
    (member) => groupNameOf(member) === group && votes.filter((vote) => vote === member.id).length >= needed,
  );
}

/**
 * A group that shrank in order down to one. Nobody is left to agree, so each other server must say now that it is not in this group, and the last one must not count it any
 * more: the views may differ for a while. Silence is no leave.
 */
function isLastOf({ members }: Situation, group: string, server: ServerView): boolean {
  const vote = voteOf(server);
  if (vote === undefined || vote !== server.id) return false;
  const listed = server.facts?.group?.members.map(({ id }) => id) ?? [];
  return members.every(
    (other) =>
      other === server ||
      (isElsewhere(group, other) && !(other.id !== undefined && listed.includes(other.id))),
  );
}

/**
 * A member that says that it is PRIMARY, of the group that decides, where the word of some silent ones lacks: these. One of them may be out of the group, or elect with others.
 * undefined: it is no such member, or one that answers does not agree either.
 */
export function silentBeside(situation: Situation, server: ServerView): readonly ServerView[] | undefined {
  const group = groupNameOf(server);
  if (
    group === undefined ||
    group !== publishedGroup(situation) ||
    voteOf(server) !== server.id ||
    electionOf(situation, server) !== undefined
  )
    return undefined;
  const open = situation.members.filter((other) => other !== server && !isElsewhere(group, other));
  return open.length > 0 && open.every(({ contact }) => contact !== 'reachable') ? open : undefined;
}

const isElsewhere = (group: string, { known, facts }: ServerView): boolean =>
  (known?.group !== undefined && known.group.name !== group) ||
  (facts !== undefined && !isPresent(ownMembership(facts)));

/** An expelled member is not believed. */
function voteOf({ facts }: ServerView): string | undefined {
  if (facts?.group === undefined || !isOnlineIn(facts.group, facts.id) || !hasMajority(facts.group))
    return undefined;
  const primaries = facts.group.members.filter(
    (other) => other.role === 'PRIMARY' && other.state === 'ONLINE',
  );
  return primaries.length === 1 ? primaries[0]?.id : undefined;
}

/** The members of the published source's group, where none of them is known to live; undefined: it is in no group, or one of them lives. */
export function lostGroup(situation: Situation): readonly ServerView[] | undefined {
  const group = publishedGroup(situation);
  const members = situation.members.filter((member) => group !== undefined && groupNameOf(member) === group);
  return members.length > 0 && members.every(({ contact }) => contact === 'unknown') ? members : undefined;
}
