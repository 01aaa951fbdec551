/** Which server replicates from which, by fresh answers. Knows nothing of the zone. */

import { type Channel, isClaimed, isWritable, type ServerFacts, servesNobody } from '../model/observation.ts';
import type { Discovered, ServerSettings } from '../model/settings.ts';
import type { ClusterState, ServerMemory } from '../model/state.ts';
import type { Moment, MonoMs, Now, ServerAddress, ServerId } from '../model/units.ts';
import { otherAddresses } from './same-server.ts';
import { type Proposal, proposalOf } from './server-addresses.ts';
import { sourceOf } from './source-of.ts';

/** One server, configured or discovered, now. */
export interface ServerView {
  readonly address: ServerAddress;
  readonly settings: ServerSettings;
  /** `unobserved`: no fresh answer, and no failed probe. */
  readonly contact: 'reachable' | 'alive' | 'unknown' | 'unobserved';
  /** Only while it is reachable and its answer is fresh. */
  readonly facts: ServerFacts | undefined;
  /** The newest facts, of whatever age. */
  readonly known: ServerFacts | undefined;
  readonly observedAt: MonoMs | undefined;
  readonly id: ServerId | undefined;
  readonly writable: boolean;
  /** It says that it refuses every client (offline_mode): it is no source. */
  readonly servesNobody: boolean;
  readonly writableSince: Moment | undefined;
  /** As in `ServerMemory`, by its newest answers, of whatever age. */
  readonly promotedAt: MonoMs | undefined;
  readonly shutAskedAt: MonoMs | undefined;
  readonly lostAskedAt: MonoMs | undefined;
  readonly closedAt: Moment | undefined;
  /** As its newest answer said, of whatever age. */
  readonly upstreams: readonly Upstream[];
  /** Where clients shall connect: where it answered, or `publish:`. */
  readonly addresses: readonly string[] | undefined;
  readonly proposal: Proposal;
  /** Another server has the same UUID: a copied data folder. */
  readonly duplicate: boolean;
  /** The configured address by which this same server is counted. */
  readonly sameAs: ServerAddress | undefined;
  /** `stale`: another identity than claimed. `verified`: the claimed one, or none was claimed. */
  readonly discovered: 'unverified' | 'stale' | 'verified' | undefined;
}

/** Whether its word is evidence. */
export const isBelieved = ({ discovered }: ServerView): boolean =>
  discovered === undefined || discovered === 'verified';

/** One channel whose receiver is not off. */
export interface Upstream {
  readonly channel: Channel;
  /** `streams`: on, and heard within twice the heartbeat period. `silent`: on, but not heard. */
  readonly state: 'streams' | 'silent' | 'connecting';
  /** When this process was first seen connected to this source. */
  readonly metAt: MonoMs | undefined;
  /** The member or discovered server at the other end, if identified. */
  readonly member: ServerAddress | undefined;
  /** Its identity is known, and it is no configured member. */
  readonly outsider: boolean;
}

export interface Topology {
  /** The configured ones in their order, then those that were discovered. */
  readonly servers: readonly ServerView[];
  /** The reachable servers that stream from this one: members, and verified discovered ones. */
  followersOf(address: ServerAddress): readonly ServerView[];
}

export function topologyOf(state: ClusterState, now: Now): Topology {
  const others = otherAddresses(state);
  const counted =
    others.size === 0
      ? state
      : { ...state, servers: new Map([...state.servers].filter(([address]) => !others.has(address))) };
  const byId = new Map<ServerId, ServerMemory[]>();
  for (const memory of counted.servers.values()) {
    const id = memory.facts?.id;
    if (id !== undefined) byId.set(id, [...(byId.get(id) ?? []), memory]);
  }
  const servers = [...state.servers.values()].map((memory) =>
    viewOf({ state: counted, byId, others }, memory, now),
  );
  const followers = followersAmong(servers);
  return { servers, followersOf: (address) => followers.get(address) ?? [] };
}

/** The reachable servers that stream from each. */
function followersAmong(servers: readonly ServerView[]): ReadonlyMap<ServerAddress, readonly ServerView[]> {
  const followers = new Map<ServerAddress, ServerView[]>();
  for (const server of servers) {
    if (server.facts === undefined || !isBelieved(server) || server.sameAs !== undefined) continue;
    for (const upstream of server.upstreams) {
      if (upstream.state !== 'streams' || upstream.member === undefined || upstream.member === server.address)
        continue;
      const known = followers.get(upstream.member);
      if (known === undefined) followers.set(upstream.member, [server]);
      // Two channels from one source are still one follower.
      else if (known.at(-1) !== server) known.push(server);
    }
  }
  return followers;
}

function viewOf(
  {
    state,
    byId,
    others,
  }: {
    readonly state: ClusterState;
    readonly byId: ReadonlyMap<ServerId, readonly ServerMemory[]>;
    readonly others: ReadonlyMap<ServerAddress, ServerAddress>;
  },
  memory: ServerMemory,
  now: Now,
): ServerView {
  const { settings, facts: known } = memory;
  const contact = contactOf(state, memory, now);
  const facts =
    contact === 'reachable' && memory.latest?.probe.kind === 'reachable'
      ? memory.latest.probe.facts
      : undefined;
  // This runs for every server in every step: naming all keys is twenty times as fast as leaving some out.
  return {
    address: settings.address,
    settings,
    contact,
    facts,
    known,
    id: known?.id,
    observedAt: memory.factsAt,
    writable: facts !== undefined && isWritable(facts),
    servesNobody: contact === 'alive' && servesNobody(memory.latest?.probe),
    writableSince: memory.writableSince,
    promotedAt: memory.promotedAt,
    shutAskedAt: memory.shutAskedAt,
    lostAskedAt: memory.lostAskedAt,
    closedAt: memory.closedAt,
    upstreams: upstreamsOf(state, memory, byId),
    addresses: settings.publish ?? memory.addresses,
    proposal: settings.publish ? { kind: 'none' } : proposalOf(state, memory),
    sameAs: others.get(settings.address),
    duplicate: known !== undefined && (byId.get(known.id)?.length ?? 0) > 1,
    discovered: settings.discovered && verify(settings.discovered, known),
  };
}

/** Identities decide: an address may have passed to somebody else. */
export function verify(
  { claims }: Discovered,
  known: ServerFacts | undefined,
): NonNullable<ServerView['discovered']> {
  if (known === undefined) return 'unverified';
  return claims.length === 0 || claims.some((claim) => isClaimed(claim, known)) ? 'verified' : 'stale';
}

function contactOf(state: ClusterState, memory: ServerMemory, now: Now): ServerView['contact'] {
  const { latest } = memory;
  if (latest === undefined || latest.at <= state.staleBefore) return 'unobserved';
  // A failed probe counts until the next one ends. An answer gets old.
  if (latest.probe.kind === 'unknown') return 'unknown';
  return now.mono - latest.at <= state.settings.watch.freshForMs ? latest.probe.kind : 'unobserved';
}

function upstreamsOf(
  state: ClusterState,
  memory: ServerMemory,
  byId: ReadonlyMap<ServerId, readonly ServerMemory[]>,
): readonly Upstream[] {
  const upstreams: Upstream[] = [];
  for (const channel of memory.facts?.channels ?? []) {
    if (channel.receiver === 'off') continue;
    const { member, outsider } = sourceOf(state, channel, byId);
    upstreams.push({
      channel,
      state:
        channel.receiver === 'connecting' ? 'connecting' : isHeard(memory, channel) ? 'streams' : 'silent',
      metAt: memory.receiving.get(channel.name)?.metAt,
      member: member?.settings.address,
      outsider,
    });
  }
  return upstreams;
}

/**
 * After a power cut of the source, a receiver stays "on" for `replica_net_timeout`: only a heartbeat or an
 * event proves that it streams (manual 19.2.1.2). Judged at the moment of the answer.
 */
export function isHeard(memory: ServerMemory, channel: Channel): boolean {
  if (channel.heartbeatMs === 0) return true;
  const bound = 2 * channel.heartbeatMs;
  const receiving = memory.receiving.get(channel.name);
  const connected =
    receiving !== undefined &&
    (receiving.witnessed || channel.heardAgoMs === undefined) &&
    (memory.factsAt ?? receiving.since) - receiving.since <= bound;
  const heard = channel.heardAgoMs !== undefined && channel.heardAgoMs <= bound;
  return connected || heard;
}
