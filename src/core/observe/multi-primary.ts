/**
 * Galera and multi-primary groups: every member may write. The published member is kept while possible, then
 * the first in configured order follows (docs/decisions/012).
 */

import type { Group, ServerFacts, Wsrep } from '../model/observation.ts';
import { hasMajority, isPresentIn, ownMembership } from './membership.ts';
import type { ServerView } from './topology.ts';

/** `wsrep_cluster_state_uuid` of a node without a cluster. */
const noCluster = '00000000-0000-0000-0000-000000000000';

/** The UUID of the multi-primary cluster that a server is in: the name of its transactions. */
export function multiPrimaryOf(facts: ServerFacts | undefined): string | undefined {
  if (facts?.wsrep) return facts.wsrep.clusterUuid === noCluster ? undefined : facts.wsrep.clusterUuid;
  return facts?.group && isMultiPrimary(facts.group) ? facts.group.name : undefined;
}

/** A server that was not started as a member is in no group, whatever its settings say. */
const isMultiPrimary = ({ singlePrimary, members }: Group): boolean => !singlePrimary && members.length > 0;

/** Why a member cannot write for its cluster, by its own word; undefined: it can, or it is in none. */
export function outsideMajority(facts: ServerFacts): string | undefined {
  const { wsrep, group } = facts;
  if (wsrep && !wsrep.primaryComponent) return 'is not in the primary component of its cluster';
  if (wsrep && !wsrep.ready) return `is not ready to write for its cluster (${wsrep.state})`;
  if (wsrep?.closed) return 'was closed by an administrator';
  if (group === undefined || !isMultiPrimary(group)) return undefined;
  const own = ownMembership(facts)?.state ?? 'OFFLINE';
  if (own !== 'ONLINE') return `is ${own} in its group`;
  return hasMajority(group) ? undefined : 'has lost the majority of its group';
}

/** Whether both write in one multi-primary cluster, by their newest answers. */
export function arePeers(members: readonly ServerView[], a: ServerView, b: ServerView): boolean {
  const cluster = multiPrimaryOf(a.known);
  if (cluster === undefined || cluster !== multiPrimaryOf(b.known)) return false;
  return a.known?.wsrep
    ? !isSplit(members, cluster)
    : isPresentIn(a.known?.group, b.id) || isPresentIn(b.known?.group, a.id);
}

/** Two parts were made primary (`pc.bootstrap`): too many nodes answer, or two have the same place. */
function isSplit(members: readonly ServerView[], cluster: string): boolean {
  const nodes = members.flatMap(({ facts }): Wsrep[] =>
    facts?.wsrep?.primaryComponent && facts.wsrep.clusterUuid === cluster ? [facts.wsrep] : [],
  );
  if (nodes.length > Math.max(0, ...nodes.map(({ size }) => size))) return true;
  const places = nodes.flatMap(({ view, index }) =>
    view === undefined || index === undefined ? [] : [`${view}/${index}`],
  );
  return new Set(places).size < places.length;
}

/**
 * The first server of each multi-primary cluster, and all servers that are in none. A node that is busy with
 * a joiner, or without flow control, comes after its peers.
 */
export function firstOfEach(
  members: readonly ServerView[],
  servers: readonly ServerView[],
): readonly ServerView[] {
  const ranked = [...servers.filter((server) => !isOccupied(server)), ...servers.filter(isOccupied)];
  const firsts = ranked.filter(
    (server, index) => !ranked.slice(0, index).some((earlier) => arePeers(members, earlier, server)),
  );
  return servers.filter((server) => firsts.includes(server));
}

const isOccupied = ({ known }: ServerView): boolean =>
  known?.wsrep !== undefined && (known.wsrep.state !== 'synced' || known.wsrep.desynced);
