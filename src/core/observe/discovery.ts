/**
 * Which servers outside of the configuration are asked: a bounded number, inside the operator's scopes, named
 * by configured servers. Identities decide, never addresses (docs/decisions/013).
 */

import type { Turn } from '../model/events.ts';
import { aliasLimit, discoveredLimit, discoveredPauseMaxMs } from '../model/limits.ts';
import { type Claim, isClaimed } from '../model/observation.ts';
import { type ClusterState, newServer, type ServerMemory, withoutInLine } from '../model/state.ts';
import { type MonoMs, type Now, plusMs, type ServerAddress } from '../model/units.ts';
import { type Mention, mayBeAsked, mentionsOf } from './mentions.ts';
import { isIdentifiedAs } from './source-of.ts';
import { verify } from './topology.ts';

const isDiscovered = ({ settings }: ServerMemory): boolean => settings.discovered !== undefined;

/** Adds the servers that the newest answers name, and drops those that are over. */
export function discover(turn: Turn, state: ClusterState): ClusterState {
  const { now } = turn;
  const { discoverWithin = [], servers: configured } = state.settings;
  if (discoverWithin.length === 0 && state.servers.size === configured.length) return state;
  const mentions = mentionsOf(state, now);
  const kept = withoutEnded(turn, state, mentions);
  // Wait until every configured server was asked: else a member's second address looks like another server.
  if ([...kept.servers.values()].some((memory) => !isDiscovered(memory) && memory.latest === undefined))
    return kept;
  const { aliases } = kept.discovery;
  const servers = new Map(kept.servers);
  const wanted = [...mentions].filter(
    ([address, mention]) => !servers.has(address) && !aliases.has(address) && !isKnown(servers, mention),
  );
  const asked = wanted.slice(0, roomIn(kept));
  for (const [address, mention] of asked) servers.set(address, newlyFound(address, mention, now));
  return {
    ...kept,
    servers,
    discovery: { aliases, unasked: wanted.slice(asked.length).map(([address]) => address) },
  };
}

/** Drops discovered servers that turned out to be known ones, or are over. */
function withoutEnded(
  { now, effects }: Turn,
  state: ClusterState,
  mentions: ReadonlyMap<ServerAddress, Mention>,
): ClusterState {
  const servers = new Map([...state.servers].filter(([, memory]) => !isDiscovered(memory)));
  const aliases = new Map([...state.discovery.aliases].filter(([, until]) => now.mono < until));
  let next = state;
  for (const memory of [...state.servers.values()].filter(isDiscovered)) {
    const { address } = memory.settings;
    const noted = withMention(memory, mentions.get(address));
    const end = endOf(state, servers, noted, now);
    if (end === undefined) servers.set(address, noted);
    else effects.push({ kind: 'release', server: address });
    if (end === 'alias') aliases.set(address, plusMs(now.mono, state.settings.watch.goneAfterMs));
    else if (end === 'over') next = memory.facts ? withoutInLine(next, memory.facts.id) : next;
  }
  return { ...next, servers, discovery: { ...state.discovery, aliases } };
}

function withMention(memory: ServerMemory, mention: Mention | undefined): ServerMemory {
  const { mentioned } = memory;
  if (mention === undefined || mentioned === undefined) return memory;
  // The server that named it may have fallen silent since.
  const lastAt = Math.max(mentioned.lastAt, mention.at) as MonoMs;
  return {
    ...memory,
    settings: { ...memory.settings, discovered: mention.discovered },
    mentioned: { ...mentioned, lastAt },
  };
}

const newlyFound = (address: ServerAddress, { discovered, at }: Mention, now: Now): ServerMemory => ({
  ...newServer({ address, candidate: 'never', discovered }, now.mono),
  mentioned: { firstAt: now.mono, lastAt: at },
});

type Servers = ReadonlyMap<ServerAddress, ServerMemory>;

/** Every server this mention could refer to is already known under another address. */
const isKnown = (servers: Servers, { discovered: { claims } }: Mention): boolean =>
  claims.length > 0 && claims.every((claim) => withIdentity(servers, [claim]) !== undefined);

const withIdentity = (servers: Servers, claims: readonly (Claim | undefined)[]): ServerMemory | undefined =>
  [...servers.values()].find(
    ({ facts }) =>
      facts !== undefined && claims.some((claim) => claim !== undefined && isClaimed(claim, facts)),
  );

/** How many more servers may be asked. */
const roomIn = ({ settings, servers, discovery }: ClusterState): number =>
  discovery.aliases.size >= aliasLimit
    ? 0
    : Math.max(0, discoveredLimit - (servers.size - settings.servers.length));

/** Why it is not asked any more. `servers`: those that come before it. */
function endOf(
  state: ClusterState,
  servers: Servers,
  memory: ServerMemory,
  now: Now,
): 'alias' | 'over' | undefined {
  if (!mayBeAsked(state.settings, memory.settings.address)) return 'over';
  if (memory.facts && withIdentity(servers, [memory.facts.id, memory.facts.serverId])) return 'alias';
  return isOver(state, memory, now) ? 'over' : undefined;
}

/**
 * No server has named it for `gone_after`. If it answers or is followed, it may block a move: then it ends
 * only while all is steady, so no hold ends by it.
 */
function isOver(state: ClusterState, memory: ServerMemory, now: Now): boolean {
  const { goneAfterMs } = state.settings.watch;
  const lastAt = memory.mentioned?.lastAt ?? now.mono;
  if (now.mono - lastAt < goneAfterMs) return false;
  const isSilent =
    memory.unknownSince !== undefined &&
    now.mono - memory.unknownSince >= goneAfterMs &&
    !isFollowed(state, memory);
  const steadySince = [...state.publications.values()].map(
    (publication) => publication.evidence.steadySince ?? now.mono,
  );
  return isSilent || steadySince.every((since) => now.mono - Math.max(since, lastAt) >= goneAfterMs);
}

const isFollowed = ({ servers }: ClusterState, { facts }: ServerMemory): boolean =>
  facts !== undefined &&
  [...servers.values()].some((server) =>
    server.facts?.channels.some((channel) => isIdentifiedAs(channel, facts)),
  );

/** The pause before a discovered server is asked again. It grows with failures and foreign answers. */
export function discoveredPauseMs(
  { settings: { watch } }: ClusterState,
  { latest, facts, factsAt, mentioned, settings }: ServerMemory,
): number {
  const isStale = settings.discovered !== undefined && verify(settings.discovered, facts) === 'stale';
  if (latest === undefined || (latest.probe.kind === 'reachable' && !isStale)) return watch.intervalMs;
  const since = isStale ? mentioned?.firstAt : (factsAt ?? mentioned?.firstAt);
  const failingMs = latest.at - (since ?? latest.at);
  return Math.max(watch.intervalMs, Math.min(failingMs, discoveredPauseMaxMs));
}
