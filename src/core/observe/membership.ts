/** What servers say of the members of their cluster, where it keeps a list of them: Group Replication, Galera, Aurora. One server's word is a view, not the truth. */

import type { Group, GroupMember, ServerFacts, Wsrep } from '../model/observation.ts';
import type { ServerId } from '../model/units.ts';
import type { ServerView } from './topology.ts';

/** What a member says of itself in its group; undefined where it is in none. */
export const ownMembership = ({ id, group }: ServerFacts): GroupMember | undefined =>
  group?.members.find((member) => member.id === id);

export const isPresent = (member: GroupMember | undefined): boolean =>
  member?.state === 'ONLINE' || member?.state === 'RECOVERING';

/** Whether this view has that server among the members that are present. */
export const isPresentIn = (group: Group | undefined, id: ServerId | undefined): boolean =>
  isPresent(group?.members.find((member) => member.id === id));

/** Whether this view has that server as ONLINE: present, and no longer catching up. */
export const isOnlineIn = (group: Group | undefined, id: ServerId | undefined): boolean =>
  group?.members.some((member) => member.id === id && member.state === 'ONLINE') ?? false;

/** More than half of the members that this view lists are present in it. An expelled or isolated member sees the others as UNREACHABLE, or not at all. */
export const hasMajority = ({ members }: Group): boolean =>
  members.filter(isPresent).length > members.length / 2;

/** What Aurora calls a server, as a server's identity. */
const auroraId = (name: string): ServerId => `aurora:${name}` as ServerId;

/** Whether Aurora's table, as this server shows it, lists that one. A server that was deleted stays in it for a while. */
export const isInAuroraTable = ({ managed }: ServerFacts, id: ServerId): boolean =>
  managed?.kind === 'aurora' && managed.members.some(({ name }) => auroraId(name) === id);

/** Whether Aurora's table, as this server shows it, names this very server the writer. */
export const isWriterByTable = ({ managed }: ServerFacts): boolean =>
  managed?.members.some(({ name, writer }) => writer === true && name === managed.self) ?? false;

/**
 * Members that answer, and still count that silent one among those that are present: it may live, though we cannot see it. `freshForMs`: how long Aurora's table is believed.
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

/** Galera tells only how many nodes there are: more than those that answer, and no fewer than when the silent one answered last (an arbitrator never answers). */
function nodesThatCount(others: readonly ServerView[], { known }: ServerView): readonly ServerView[] {
  const nodes = others.filter(
    ({ facts }) => facts?.wsrep?.primaryComponent && isSameCluster(facts.wsrep, known?.wsrep),
  );
  const size = Math.max(0, ...nodes.map(({ facts }) => facts?.wsrep?.size ?? 0));
  return size > nodes.length && size >= (known?.wsrep?.size ?? 0) ? nodes : [];
}

/** Of one that has not been seen since we began nobody knows which cluster it was in. */
const isSameCluster = (wsrep: Wsrep, other: Wsrep | undefined): boolean =>
  other === undefined || other.clusterUuid === wsrep.clusterUuid;
