/**
 * S7: the RRset of the replicas shows no server whose data cannot come from the published source, by what the
 * sender knew when it decided.
 */

import type { Ledger } from '../../../src/core/model/ledger.ts';
import { isWritable, type ServerFacts } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { type Change, findRrset } from '../../../src/core/model/zone.ts';
import { ipOf, maxLagMs, replicasName } from '../world/settings.ts';
import { freshFacts, type Sight, upstreams } from '../world/sight.ts';

/** For each server, if it is the source: the servers that may be shown as its replicas. */
export type Readable = ReadonlyMap<ServerAddress, ReadonlySet<ServerAddress>>;

/** So many milliseconds later the sender may learn that the name was moved, and count from then. */
const learnedLateMs = 3000;

export function readableNow(sight: Sight, now: number): Readable {
  return new Map(
    sight.members.map((source) => [
      source,
      new Set(sight.members.filter((server) => isReadable(sight, server, source, now))),
    ]),
  );
}

/** The broken promise, or undefined. */
export function brokenReplicas(
  changes: readonly Change[],
  { source }: Ledger,
  { members }: Sight,
  readable: Readable,
): string | undefined {
  const shown = changes.flatMap((change) =>
    change.kind === 'add-rrset' && change.rrset.name === replicasName
      ? (change.rrset.rdata as readonly string[])
      : [],
  );
  // The source stands in where no server is fit.
  if (shown.length === 1 && shown[0] === ipOf(source)) return undefined;
  const unfit = shown.filter(
    (address) => !members.some((server) => ipOf(server) === address && readable.get(source)?.has(server)),
  );
  return unfit.length > 0
    ? `S7 the replicas' RRset shows ${unfit.join()}, whose data cannot come from ${source}`
    : undefined;
}

function isReadable(sight: Sight, server: ServerAddress, source: ServerAddress, now: number): boolean {
  const facts = freshFacts(sight, server, now);
  if (
    server === source ||
    facts === undefined ||
    isFormer(sight, server, facts) ||
    isPublished(sight, server)
  )
    return false;
  if (leadsTo(sight, server, source)) return true;
  const former = formerEnd(sight, source, now);
  return former !== undefined && isIn(sight, server) && leadsTo(sight, server, former);
}

/**
 * Whether hops lead from one server to the other, by their newest answers, however old the answers of the
 * servers in between are.
 */
function leadsTo(
  sight: Sight,
  from: ServerAddress,
  to: ServerAddress,
  without: readonly ServerAddress[] = [],
): boolean {
  const facts = sight.answers.get(from)?.facts;
  if (facts === undefined) return false;
  return hops(sight, facts).some((next) => {
    if (next === to) return true;
    const isClosed = isPublished(sight, next) || isFormer(sight, next, sight.answers.get(next)?.facts);
    return !isClosed && !without.includes(next) && leadsTo(sight, next, to, [...without, from]);
  });
}

function hops(sight: Sight, facts: ServerFacts): readonly ServerAddress[] {
  const byChannel = upstreams(sight, facts).filter(
    ({ channel: { receiver, applier } }) => receiver === 'on' && applier === 'on',
  );
  const present =
    facts.group?.members.filter(({ state }) => state === 'ONLINE' || state === 'RECOVERING') ?? [];
  const isMember = present.some(({ id, state }) => id === facts.id && state === 'ONLINE');
  const byGroup = sight.members.filter(
    (one) => isMember && present.some(({ id }) => id === sight.answers.get(one)?.facts.id && id !== facts.id),
  );
  return [...byChannel.map(({ member }) => member), ...byGroup];
}

const isFormer = ({ ledger }: Sight, server: ServerAddress, facts: ServerFacts | undefined): boolean =>
  ledger?.was.some(({ uuid, address }) => uuid === facts?.id || address === server) ?? false;

/** By the ledger that the sender had read. */
const isPublished = ({ ledger, answers }: Sight, server: ServerAddress): boolean =>
  ledger !== undefined &&
  (answers.get(server)?.facts.id ?? (server === ledger.source ? ledger.uuid : undefined)) === ledger.uuid;

/**
 * A server with all data up to a move is not late before `max_lag` has passed, while the previous source
 * takes no writes.
 */
function formerEnd(sight: Sight, source: ServerAddress, now: number): ServerAddress | undefined {
  const { ledger, members, answers } = sight;
  const last = ledger?.was.at(-1);
  const before = members.find(
    (one) => one === last?.address || (last !== undefined && answers.get(one)?.facts.id === last.uuid),
  );
  const former = isPublished(sight, source) ? before : members.find((one) => isPublished(sight, one));
  const facts = former && answers.get(former)?.facts;
  if (facts === undefined || isWritable(facts)) return undefined;
  return isPublished(sight, source) && now - sight.epochAt > maxLagMs + learnedLateMs ? undefined : former;
}

const isIn = ({ rrsets }: Sight, server: ServerAddress): boolean =>
  ((findRrset(rrsets, replicasName, 'A')?.rdata ?? []) as readonly string[]).includes(ipOf(server));
