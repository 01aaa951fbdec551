/** Remembers what only time shows: who is gone, what has lasted, who was in the line. */

import { changedEvidence, changedPublication } from '../model/changed-publication.ts';
import type { Decision } from '../model/decision.ts';
import type { ServerFacts } from '../model/observation.ts';
import type { PublicationState } from '../model/publication.ts';
import type { MonoMs, ServerAddress, ServerId } from '../model/units.ts';
import { isInAuroraTable, isOnlineIn } from '../observe/membership.ts';
import { multiPrimaryOf } from '../observe/multi-primary.ts';
import { lostHistory } from '../observe/observe.ts';
import { isBelieved } from '../observe/topology.ts';
import { isFedBy } from './hops.ts';
import { trackRejoins } from './rejoin.ts';
import { waysToSource } from './replica-lag.ts';
import { isWeakFailover } from './rules/failover.ts';
import { isSuperseded, type Situation, tellsItsState } from './situation.ts';

export function settle(situation: Situation, decision: Decision): PublicationState {
  const { publication, now } = situation;
  const isSteady = decision.kind === 'point-to' && decision.reason === 'steady';
  const since = (before: MonoMs | undefined, holds: boolean) => (holds ? (before ?? now.mono) : undefined);
  const steadySince = since(publication.evidence.steadySince, isSteady);
  return changedPublication(publication, {
    evidence: changedEvidence(publication.evidence, {
      steadySince,
      weakSince: since(publication.evidence.weakSince, isWeakFailover(situation)),
      sourcelessSince: since(publication.evidence.sourcelessSince, isSourceless(situation, decision)),
      line: lineNow(situation),
      gone: goneNow(situation, steadySince),
      rejoins: trackRejoins(situation),
      wayless: waylessNow(situation),
      beforeStale: beforeStale(situation),
    }),
  });
}

/** Every server tells its state, and none is writable. */
const isSourceless = ({ members }: Situation, decision: Decision): boolean =>
  decision.reason === 'no-candidate' && members.every((member) => tellsItsState(member) && !member.writable);

/** The published source, its followers and cluster members, their followers, and so on. */
function lineNow({ publication, published, topology, ledger }: Situation): ReadonlySet<ServerId> {
  if (ledger === undefined) return publication.evidence.line;
  const line = new Set(publication.evidence.line);
  if (published?.id !== undefined) line.add(published.id);
  for (let grew = true; grew; ) {
    grew = false;
    for (const server of topology.servers) {
      if (server.id === undefined || line.has(server.id) || !isBelieved(server)) continue;
      const joins =
        (server.facts !== undefined &&
          server.upstreams.some(
            (upstream) => upstream.state === 'streams' && isIn(line, topology.servers, upstream.member),
          )) ||
        topology.servers.some(
          (other) => other.id !== undefined && line.has(other.id) && isInClusterOf(other, server),
        );
      if (!joins) continue;
      line.add(server.id);
      grew = true;
    }
  }
  return line;
}

type Servers = Situation['topology']['servers'];
type Server = Servers[number];

const isIn = (line: ReadonlySet<ServerId>, servers: Servers, address: ServerAddress | undefined): boolean => {
  const id = servers.find((server) => server.address === address)?.id;
  return id !== undefined && line.has(id);
};

/** The other server lists it as ONLINE or in its Aurora table; a Galera node tells its own cluster. */
function isInClusterOf({ facts, known }: Server, { id, facts: own }: Server): boolean {
  if (isOnlineIn(facts?.group, id) || (facts !== undefined && id !== undefined && isInAuroraTable(facts, id)))
    return true;
  return own?.wsrep?.primaryComponent === true && multiPrimaryOf(own) === multiPrimaryOf(known);
}

/** Counted out after `gone_after` of silence while all was steady; counted in again by any sign of life. */
function goneNow(
  { publication, members, state, now }: Situation,
  steadySince: MonoMs | undefined,
): ReadonlySet<ServerAddress> {
  const gone = new Set<ServerAddress>();
  for (const member of members) {
    if (member.contact === 'reachable' || member.contact === 'alive') continue;
    const unknownSince = state.servers.get(member.address)?.unknownSince;
    const longGone =
      steadySince !== undefined &&
      unknownSince !== undefined &&
      now.mono - Math.max(steadySince, unknownSince) >= state.settings.watch.goneAfterMs;
    if (publication.evidence.gone.has(member.address) || longGone) gone.add(member.address);
  }
  return gone;
}

/** While the source is away no server is added: then no replica gets anything. */
function waylessNow(situation: Situation): ReadonlyMap<ServerAddress, MonoMs> {
  const { published, members, publication, now } = situation;
  if (published === undefined) return new Map();
  const isWell = published.facts !== undefined && published.writable;
  const mayBeWayless = isWell || publication.evidence.wayless.size > 0;
  // Most often every member replicates from the source itself: then no longer way needs to be looked for.
  if (!mayBeWayless || members.every((member) => member === published || isFedBy(published, member)))
    return new Map();
  const ways = waysToSource(situation);
  return new Map(
    members.flatMap(({ address, facts }): [ServerAddress, MonoMs][] => {
      const since =
        publication.evidence.wayless.get(address) ?? (isWell && facts !== undefined ? now.mono : undefined);
      return since === undefined || ways.has(address) ? [] : [[address, since]];
    }),
  );
}

/** Kept until the server has rejoined: it keeps what it got. A server that was rebuilt has lost all that. */
function beforeStale(situation: Situation): ReadonlyMap<ServerAddress, ServerFacts> {
  const { publication, members } = situation;
  const former = members.filter((member) => isSuperseded(situation, member)).map(({ address }) => address);
  if (former.length === 0 && publication.evidence.beforeStale.size === 0)
    return publication.evidence.beforeStale;
  const kept = new Map<ServerAddress, ServerFacts>();
  for (const { address, facts, upstreams } of members) {
    const before = publication.evidence.beforeStale.get(address);
    const isRebuilt = before && facts && (before.id !== facts.id || lostHistory(before, facts));
    const known = isRebuilt ? undefined : before;
    const reads =
      facts !== undefined &&
      upstreams.some(({ state, member }) => state === 'streams' && member && former.includes(member));
    if (known && (reads || publication.evidence.rejoins.get(address)?.rejoined !== true))
      kept.set(address, known);
    else if (reads && !former.includes(address)) kept.set(address, facts);
  }
  return kept;
}
