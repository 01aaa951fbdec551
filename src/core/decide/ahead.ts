/**
 * Who is ahead. Replicas are not synchronised with each other: when their source is gone, one of them has more of its transactions than the others. Executed is compared
 * with executed, received with received (executed, or in the relay log). docs/decisions/014.
 */

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

/** What a server lacks that others of the line have, by everybody's fresh answers; undefined where nothing can be said. */
export function lacksOf(situation: Situation, member: ServerView): Lacks | undefined {
  if (member.facts === undefined || !isOfLine(situation, member)) return undefined;
  const others = situation.members
    .filter((other) => other !== member && other.facts !== undefined && isOfLine(situation, other))
    .map((other) => withoutStale(situation, other));
  if (member.facts.wsrep) return lacksByWriteSets(member.facts.wsrep, others);
  const lacks = lacksByGtids(member, others, lineOrigins(situation, member));
  // Sets leave out what has no GTID.
  return lacks && hasEveryGtid(member.facts)
    ? lacks
    : (some(lacks) ?? lacksByCoordinates(situation, member, others) ?? lacks);
}

/**
 * What a server would lack that is about to become the source: also of those that refuse us, as they last answered, but not of one that does not answer, which may be
 * gone with it. Undefined without GTIDs, and where nobody has more.
 */
export function candidateLacks(situation: Situation, target: ServerView): Lacks | undefined {
  const { members } = situation;
  const others = members.filter(
    // What one of its peers has committed it gets, or all of them refuse.
    (other) =>
      other !== target &&
      other.contact !== 'unknown' &&
      !isSuperseded(situation, other) &&
      !arePeers(members, other, target),
  );
  const clean = others.map((other) => withoutStale(situation, other));
  return some(lacksByGtids(target, clean, lineOrigins(situation, target)));
}

/** A move that lost something of the source before it. */
interface PromotedBehind {
  readonly previous: ServerAddress;
  readonly lacks: Lacks;
  /** We were not there at the promotion, and who has most of it still has a channel from a former source: it may be what that wrote since. */
  readonly mayBeStale: boolean;
}

/**
 * What the published source never got of the one before it, although others of the line did; undefined where there is nothing. The ledger's mark tells whose transactions
 * these are, so it is known after a restart too, and for as long as somebody has them.
 */
export function promotedBehind(situation: Situation): PromotedBehind | undefined {
  const { published, ledger, publication, members } = situation;
  const origin = ledger?.line?.uuid;
  if (published?.known === undefined || origin === undefined || isOwnOrigin(published.known, origin))
    return undefined;
  // Of a source outside of the cluster there is always something that one has and another one has not yet.
  const previous =
    members.find(({ known }) => known && isOwnOrigin(known, origin)) ??
    ledger?.was.find(({ uuid }) => uuid === origin);
  if (previous === undefined) return undefined;
  const others = members
    .filter(
      (other) =>
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

/** As it was before it got what a former source may have written after the promotion: nobody lacks stale writes. */
function withoutStale({ publication }: Situation, server: ServerView): ServerView {
  const before = publication.evidence.beforeStale.get(server.address);
  return before ? { ...server, known: before } : server;
}

/** The former source that a server still has a channel from: what it has more than the source may be stale writes. */
export const formerSourceOf = (situation: Situation, { upstreams }: ServerView): ServerView | undefined =>
  situation.members.find(
    (member) =>
      isSuperseded(situation, member) && upstreams.some((upstream) => upstream.member === member.address),
  );

/** A former source's own transactions are stale, a stranger's are none of ours. */
const isOfLine = (situation: Situation, member: ServerView): boolean =>
  belongsToLine(situation, member) && !isSuperseded(situation, member);

/** Whose transactions count: those of servers that the published source has executed anything of. What somebody else wrote on a replica puts it ahead of nobody. */
function lineOrigins({ published, ledger }: Situation, target: ServerView): (origin: string) => boolean {
  const executed = [published, target].map((server) => server?.known && gtidsOf(server.known));
  const origins = new Set([...(executed[0] ?? executed[1] ?? emptyGtidSet).keys()].map(uuidOf));
  if (ledger) origins.add(ledger.uuid);
  // A transaction of its own it cannot lack.
  return (origin) => origins.has(origin) && !(target.known && isOwnOrigin(target.known, origin));
}

const executedBy = gtidsOf;

/** With what was only received: undefined where nothing is known of what it has executed. */
export function receivedBy(facts: ServerFacts): GtidSet | undefined {
  const executed = gtidsOf(facts);
  return (
    executed &&
    facts.channels.reduce((all, { retrieved }) => (retrieved ? union(all, retrieved) : all), executed)
  );
}

/** Nodes of a Galera cluster, by the write sets that all of them number alike. What a node has received, it says nowhere. */
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
    // In this order: MariaDB's positions are compared by what both have, so nothing may be left out before.
    return own && theirs ? countGtids(restrict(subtract(theirs, own), isCounted)) : 0;
  });
}

/** The server that has most of what is counted, the first of several; null: nobody has any. */
function most(servers: readonly ServerView[], countIn: (facts: ServerFacts) => number): Lack | null {
  let found: Lack | null = null;
  for (const { address, known } of servers) {
    const transactions = known ? countIn(known) : 0;
    if (transactions > (found?.transactions ?? 0)) found = { server: address, transactions };
  }
  return found;
}
