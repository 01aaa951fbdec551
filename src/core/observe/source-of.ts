/** Which server is at the other end of a channel, by identity if known: the address may be our own name. */

import { type Channel, type Claim, isClaimed, type ServerFacts } from '../model/observation.ts';
import type { ClusterState, ServerMemory } from '../model/state.ts';
import type { ServerAddress, ServerId } from '../model/units.ts';

interface ChannelSource {
  /** May be a discovered server. */
  readonly member?: ServerMemory | undefined;
  /** Its identity is known, and it is no configured member. */
  readonly outsider: boolean;
}

/** The source's identity in a channel, whatever its receiver does. */
export const claimOf = ({ sourceId, sourceServerId }: Channel): Claim | undefined =>
  sourceId ?? sourceServerId;

/** Whether a channel names this server by identity. */
export function isIdentifiedAs(channel: Channel, facts: ServerFacts): boolean {
  const claim = claimOf(channel);
  return claim !== undefined && isClaimed(claim, facts);
}

/** Whether a channel leads to this server: by identity if both tell one, else by address. */
export const leadsTo = (
  channel: Channel,
  { address, known }: { readonly address: ServerAddress; readonly known?: ServerFacts | undefined },
): boolean =>
  claimOf(channel) === undefined || known === undefined
    ? channel.sourceAddress === address
    : isIdentifiedAs(channel, known);

export function sourceOf(
  state: ClusterState,
  channel: Channel,
  byId: ReadonlyMap<ServerId, readonly ServerMemory[]>,
): ChannelSource {
  // Without an identity only a configured address tells.
  const byAddress = state.servers.get(channel.sourceAddress);
  const found = withIdentity(state, channel, byId);
  if (found === undefined) return { member: byAddress, outsider: false };
  const [first, ...others] = found;
  if (first !== undefined) {
    // MariaDB's server_id may not be unique: then only the address decides.
    const member =
      others.length === 0 || channel.sourceId !== undefined
        ? first
        : found.find((each) => each === byAddress);
    return { member, outsider: member?.settings.discovered !== undefined };
  }
  // An unknown identity is a stranger only if every member has shown its own.
  const allIdentified = [...state.servers.values()].every(
    ({ facts, settings }) => facts !== undefined || settings.discovered !== undefined,
  );
  return allIdentified ? { outsider: true } : { member: byAddress, outsider: false };
}

/** The members with the identity of this channel; undefined: it has none. */
function withIdentity(
  state: ClusterState,
  channel: Channel,
  byId: ReadonlyMap<ServerId, readonly ServerMemory[]>,
): readonly ServerMemory[] | undefined {
  if (channel.sourceId !== undefined) return byId.get(channel.sourceId) ?? [];
  if (channel.sourceServerId === undefined) return undefined;
  return [...state.servers.values()].filter((server) => server.facts?.serverId === channel.sourceServerId);
}
