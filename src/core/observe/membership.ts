/** What servers say about the members of their cluster. One server's word is a view, not the truth. */

import type { Group, GroupMember, ServerFacts, Wsrep } from '../model/observation.ts';
import type { ServerId } from '../model/units.ts';
import type { ServerView } from './topology.ts';

/** A member's own entry in its group; undefined: it is in none. */
export const ownMembership = ({ id, group }: ServerFacts): GroupMember | undefined =>
  group?.members.find((member) => member.id === id);

export const isPresent = (member: GroupMember | undefined): boolean =>
  member?.state === 'ONLINE' || member?.state === 'RECOVERING';

/** Whether this view lists that server as present. */
export const isPresentIn = (group: Group | undefined, id: ServerId | undefined): boolean =>
  isPresent(group?.members.find((member) => member.id === id));

/** Whether this view lists that server as ONLINE: present, and no longer catching up. */
export const isOnlineIn = (group: Group | undefined, id: ServerId | undefined): boolean =>
  group?.members.some((member) => member.id === id && member.state === 'ONLINE') ?? false;

/** More than half of the listed members are present: an isolated member sees the others UNREACHABLE. */
export const hasMajority = ({ members }: Group): boolean =>
  members.filter(isPresent).length > members.length / 2;

const auroraId = (name: string): ServerId => `aurora:${name}` as ServerId;

/** Whether this server's Aurora table lists that server. A deleted server stays in it for a while. */
export const isInAuroraTable = ({ managed }: ServerFacts, id: ServerId): boolean =>
  managed?.kind === 'aurora' && managed.members.some(({ name }) => auroraId(name) === id);

/** Whether its own view of Aurora's table names it the writer. */
export const isWriterByTable = ({ managed }: ServerFacts): boolean =>
  managed?.members.some(({ name, writer }) => writer === true && name === managed.self) ?? false;

/**
 * Members that answer and count the silent server as present: it may live, although we cannot see it.
 * `freshForMs`: how long Aurora's table is believed.
 */
export function whoCount(
  members: readonly ServerView[],
  silent: ServerView,
  freshForMs: number,
): readonly ServerView[] {
  const others = members.filter((member) => member.facts !== undefined && member.address !== silent.address);
  const listing = others.filter(
    ({ facts }) => facts !== undefined && silent.id !== undefined && lists(facts, silent.id, freshForMs),
  );
  return listing.length > 0 ? listing : nodesThatCount(others, silent);
}

function lists(facts: ServerFacts, id: ServerId, freshForMs: number): boolean {
  const { group, managed } = facts;
  if (group && isOnlineIn(group, facts.id) && hasMajority(group)) return isPresentIn(group, id);
  return (
    managed?.members.some(
      ({ name, writer, heardAgoMs }) =>
        writer === true && auroraId(name) === id && heardAgoMs !== undefined && heardAgoMs <= freshForMs,
    ) ?? false
  );
}

/**
 * Galera tells only the number of nodes: more than those that answer, and no fewer than at the silent node's
 * last answer (an arbitrator never answers).
 */
function nodesThatCount(others: readonly ServerView[], { known }: ServerView): readonly ServerView[] {
  const nodes = others.filter(
    ({ facts }) => facts?.wsrep?.primaryComponent && isSameCluster(facts.wsrep, known?.wsrep),
  );
  const size = Math.max(0, ...nodes.map(({ facts }) => facts?.wsrep?.size ?? 0));
  return size > nodes.length && size >= (known?.wsrep?.size ?? 0) ? nodes : [];
}

/** The cluster of a node that we never saw is not known. */
const isSameCluster = (wsrep: Wsrep, other: Wsrep | undefined): boolean =>
  other === undefined || other.clusterUuid === wsrep.clusterUuid;
