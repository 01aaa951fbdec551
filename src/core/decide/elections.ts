/** Elections in single-primary groups: only the published source's group decides (docs/decisions/018). */

import { hasMajority, isOnlineIn, isPresent, ownMembership } from '../observe/membership.ts';
import { isBelieved, type ServerView } from '../observe/topology.ts';
import type { Situation } from './situation.ts';

/** The single-primary group that a server is set up for, by its newest answer, member or not. */
export const groupNameOf = ({ known }: ServerView): string | undefined =>
  known?.group?.singlePrimary ? known.group.name : undefined;

const ownElector = ({ known }: ServerView) =>
  known?.group?.singlePrimary ? ownMembership(known) : undefined;

/** By its own word. A secondary that a person made writable was not elected. */
export function isSecondary(server: ServerView): boolean {
  const own = ownElector(server);
  return isPresent(own) && own?.role === 'SECONDARY';
}

/** By its own word it is set up for a single-primary group, but not in it: OFFLINE, ERROR or not started. */
export const isOutOfGroup = (server: ServerView): boolean =>
  groupNameOf(server) !== undefined && !isPresent(ownElector(server));

/** Its group still runs: a server writable outside it was opened by hand, or bootstrapped its own group. */
export const isLeftToGroup = ({ topology }: Situation, server: ServerView): boolean =>
  groupNameOf(server) !== undefined &&
  topology.servers.some(
    (member) =>
      isBelieved(member) &&
      member.facts !== undefined &&
      groupNameOf(member) === groupNameOf(server) &&
      isPresent(ownElector(member)),
  );

/** The published source's group, by its newest answer, else by the ledger's mark (a group's own name). */
export function publishedGroup({ members, published, ledger }: Situation): string | undefined {
  const own = published && groupNameOf(published);
  return own ?? members.map(groupNameOf).find((group) => group !== undefined && group === ledger?.line?.uuid);
}

/** The PRIMARY on which a majority of the published source's group agrees. */
export function groupPrimary(situation: Situation): ServerView | undefined {
  const group = publishedGroup(situation);
  return group === undefined ? undefined : electedIn(situation, group);
}

/** Why a server is the primary of the group that decides (before the first publication: of its own group). */
export function electionOf(situation: Situation, server: ServerView): string | undefined {
  const group = groupNameOf(server);
  if (group === undefined || (situation.ledger !== undefined && group !== publishedGroup(situation)))
    return undefined;
  if (electedIn(situation, group) === server) return 'a majority of its group says PRIMARY';
  return isLastOf(situation, group, server)
    ? 'it is PRIMARY, and every other server says that it is not in this group'
    : undefined;
}

/** A server that says that it is out of the group is no elector. A server that was never asked may be one. */
const mayElect = (group: string, server: ServerView): boolean =>
  server.known === undefined ||
  (groupNameOf(server) === group && !(server.facts !== undefined && isOutOfGroup(server)));

function electedIn({ members }: Situation, group: string): ServerView | undefined {
  const electors = members.filter((member) => mayElect(group, member));
  const votes = electors.flatMap((member) => voteOf(member) ?? []);
  // An expelled or isolated member agrees with itself: one vote is no majority.
  const needed = Math.max(Math.floor(electors.length / 2) + 1, 2);
  return members.find(
    (member) => groupNameOf(member) === group && votes.filter((vote) => vote === member.id).length >= needed,
  );
}

/**
 * The last member of a group that shrank in order. Every other server must say that it is not in the group,
 * and the last member must not count it. Silence is no leave.
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
 * The silent servers that a PRIMARY of the deciding group needs: they may be out of the group, or elect with
 * others. Undefined: it is no PRIMARY, or a server that answers does not agree.
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

/** An expelled member has no vote. */
function voteOf({ facts }: ServerView): string | undefined {
  if (facts?.group === undefined || !isOnlineIn(facts.group, facts.id) || !hasMajority(facts.group))
    return undefined;
  const primaries = facts.group.members.filter(
    (other) => other.role === 'PRIMARY' && other.state === 'ONLINE',
  );
  return primaries.length === 1 ? primaries[0]?.id : undefined;
}

/** The members of the published source's group if none of them is known to live, else undefined. */
export function lostGroup(situation: Situation): readonly ServerView[] | undefined {
  const group = publishedGroup(situation);
  const members = situation.members.filter((member) => group !== undefined && groupNameOf(member) === group);
  return members.length > 0 && members.every(({ contact }) => contact === 'unknown') ? members : undefined;
}
