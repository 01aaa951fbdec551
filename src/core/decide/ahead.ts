/** Which server is ahead: replicas of a lost source differ (docs/decisions/014). */

import { countGtids, restrict, subtract, union } from '../gtid/gtid.ts';
import { emptyGtidSet, type GtidSet, uuidOf } from '../gtid/gtid-set.ts';
import { hasEveryGtid, isOwnOrigin, type ServerFacts, type Wsrep } from '../model/observation.ts';
import type { ServerAddress } from '../model/units.ts';
import { gtidsOf } from '../observe/comparison.ts';
import { arePeers } from '../observe/multi-primary.ts';
import type { ServerView } from '../observe/topology.ts';
import { lacksByCoordinates } from './ahead-by-coordinates.ts';
import type { Lack, Lacks } from './lack.ts';
import { belongsToLine, isPublished, isSuperseded, type Situation } from './situation.ts';

/** What a server lacks that others of the line have, by fresh answers. Undefined: nothing can be said. */
export function lacksOf(situation: Situation, member: ServerView): Lacks | undefined {
  if (member.facts === undefined || !isOfLine(situation, member)) return undefined;
  const others = situation.members
    .filter((other) => other !== member && other.facts !== undefined && isOfLine(situation, other))
    .map((other) => withoutStale(situation, other));
  if (member.facts.wsrep) return lacksByWriteSets(member.facts.wsrep, others);
  const lacks = lacksByGtids(member, others, lineOrigins(situation, member));
  // Sets leave out transactions without a GTID.
  return lacks && hasEveryGtid(member.facts)
    ? lacks
    : (some(lacks) ?? lacksByCoordinates(situation, member, others) ?? lacks);
}

/**
 * What the next source would lack, also of servers that refuse us (by their last answer). Silent servers do
 * not count. Undefined: nothing, or there are no GTIDs.
 */
export function candidateLacks(situation: Situation, target: ServerView): Lacks | undefined {
  const { members } = situation;
  const others = members.filter(
    // A peer's commits arrive here too, or all peers refuse them.
    (other) =>
      other !== target &&
      other.contact !== 'unknown' &&
      !isSuperseded(situation, other) &&
      !arePeers(members, other, target),
  );
  const clean = others.map((other) => withoutStale(situation, other));
  return some(lacksByGtids(target, clean, lineOrigins(situation, target)));
}

/** A move that lost transactions of the source before it. */
interface PromotedBehind {
  readonly previous: ServerAddress;
  readonly lacks: Lacks;
  /**
   * Perhaps stale writes: we did not see the promotion, and their holder still has a former source's channel.
   */
  readonly mayBeStale: boolean;
}

/** What the published source never got of the source before it. The ledger's mark tells the writer. */
export function promotedBehind(situation: Situation): PromotedBehind | undefined {
  const { published, ledger, publication, members } = situation;
  const origin = ledger?.line?.uuid;
  if (published?.known === undefined || origin === undefined || isOwnOrigin(published.known, origin))
    return undefined;
  // Of a source outside of the cluster, one server always has something that another has not yet.
  const previous =
    members.find(({ known }) => known && isOwnOrigin(known, origin)) ??
    ledger?.was.find(({ uuid }) => uuid === origin);
  if (previous === undefined) return undefined;
  const others = members
    .filter(
      (other) =>
        // When it rejoined it had nothing more: what it has now was written later.
        other.address !== previous.address &&
        !isPublished(situation, other) &&
        isOfLine(situation, other) &&
        !publication.evidence.gone.has(other.address),
    )
    .map((other) => withoutStale(situation, other));
  const lacks = some(lacksByGtids(published, others, (writer) => writer === origin));
  if (lacks === undefined) return undefined;
  const wasThere = publication.lastMove?.epoch === ledger?.epoch;
  const holder = members.find(({ address }) => address === (lacks.executed ?? lacks.received)?.server);
  return {
    previous: previous.address,
    lacks,
    mayBeStale: !wasThere && holder !== undefined && formerSourceOf(situation, holder) !== undefined,
  };
}

const some = (lacks: Lacks | undefined): Lacks | undefined =>
  lacks?.executed || lacks?.received ? lacks : undefined;

/** The server before it could get stale writes of a former source: no server lacks those. */
function withoutStale({ publication }: Situation, server: ServerView): ServerView {
  const before = publication.evidence.beforeStale.get(server.address);
  return before ? { ...server, known: before } : server;
}

/** The former source that a server still has a channel from: its extra transactions may be stale writes. */
export const formerSourceOf = (situation: Situation, { upstreams }: ServerView): ServerView | undefined =>
  situation.members.find(
    (member) =>
      isSuperseded(situation, member) && upstreams.some((upstream) => upstream.member === member.address),
  );

/** A former source's own transactions are stale; a stranger's do not count. */
const isOfLine = (situation: Situation, member: ServerView): boolean =>
  belongsToLine(situation, member) && !isSuperseded(situation, member);

/**
 * Counts the transactions of servers of which the published source has executed any. Writes of others on a
 * replica do not put it ahead.
 */
function lineOrigins({ published, ledger }: Situation, target: ServerView): (origin: string) => boolean {
  const executed = [published, target].map((server) => server?.known && gtidsOf(server.known));
  const origins = new Set([...(executed[0] ?? executed[1] ?? emptyGtidSet).keys()].map(uuidOf));
  if (ledger) origins.add(ledger.uuid);
  // It cannot lack a transaction of its own.
  return (origin) => origins.has(origin) && !(target.known && isOwnOrigin(target.known, origin));
}

const executedBy = gtidsOf;

/** Executed and received. Undefined: what it has executed is not known. */
export function receivedBy(facts: ServerFacts): GtidSet | undefined {
  const executed = gtidsOf(facts);
  return (
    executed &&
    facts.channels.reduce((all, { retrieved }) => (retrieved ? union(all, retrieved) : all), executed)
  );
}

/** Nodes of one Galera cluster, by write set numbers. A node does not tell what it has received. */
function lacksByWriteSets(node: Wsrep, others: readonly ServerView[]): Lacks | undefined {
  const peers = others.filter(({ known }) => known?.wsrep?.clusterUuid === node.clusterUuid);
  if (peers.length === 0) return undefined;
  return {
    executed: most(peers, ({ wsrep }) => (wsrep?.lastCommitted ?? 0) - node.lastCommitted),
    received: null,
  };
}

function lacksByGtids(
  target: ServerView,
  others: readonly ServerView[],
  isCounted: (origin: string) => boolean,
): Lacks | undefined {
  if (!hasGtids(target) || !others.some(hasGtids)) return undefined;
  return {
    executed: worst(target, others, executedBy, isCounted),
    received: worst(target, others, receivedBy, isCounted),
  };
}

const hasGtids = ({ known }: ServerView): boolean => known !== undefined && gtidsOf(known) !== undefined;

function worst(
  target: ServerView,
  others: readonly ServerView[],
  setOf: (facts: ServerFacts) => GtidSet | undefined,
  isCounted: (origin: string) => boolean,
): Lack | null {
  const own = target.known && setOf(target.known);
  return most(others, (facts) => {
    const theirs = setOf(facts);
    // MariaDB's positions are compared by what both have, so first subtract, then restrict.
    return own && theirs ? countGtids(restrict(subtract(theirs, own), isCounted)) : 0;
  });
}

/** The first server that has most of what is counted; null: no server has any. */
function most(servers: readonly ServerView[], countIn: (facts: ServerFacts) => number): Lack | null {
  let found: Lack | null = null;
  for (const { address, known } of servers) {
    const transactions = known ? countIn(known) : 0;
    if (transactions > (found?.transactions ?? 0)) found = { server: address, transactions };
  }
  return found;
}
