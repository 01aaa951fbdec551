/** Which member is at the other end of a channel. By identity, never by address where there is an identity: the address may be the very name that we publish. */

import { type Channel, type Claim, isClaimed, type ServerFacts } from '../model/observation.ts';
import type { ClusterState, ServerMemory } from '../model/state.ts';
import type { ServerAddress, ServerId } from '../model/units.ts';

interface ChannelSource {
  /** It may be one that was discovered. */
  readonly member?: ServerMemory | undefined;
  /** Its identity is known, and it is no configured member's. */
  readonly outsider: boolean;
}

/** The identity that a channel gives of its source, whatever its receiver does; undefined where it has no identity of it. */
export const claimOf = ({ sourceId, sourceServerId }: Channel): Claim | undefined =>
  sourceId ?? sourceServerId;

/** Whether a channel says by identity that its source is the server of these facts. */
export function isIdentifiedAs(channel: Channel, facts: ServerFacts): boolean {
  const claim = claimOf(channel);
  return claim !== undefined && isClaimed(claim, facts);
}

/** Whether a channel leads to this server, whatever its receiver does: by identity where both tell one, else by address. */
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
  // Without an identity only an address of the inventory says who it is.
  const byAddress = state.servers.get(channel.sourceAddress);
  const found = withIdentity(state, channel, byId);
  if (found === undefined) return { member: byAddress, outsider: false };
  const [first, ...others] = found;
  if (first !== undefined) {
    // MariaDB's server_id is unique by agreement only: of several, the address decides, or nothing.
    const member =
      others.length === 0 || channel.sourceId !== undefined
        ? first
        : found.find((each) => each === byAddress);
    return { member, outsider: member?.settings.discovered !== undefined };
  }
  // An identity that no member has shown is a stranger's only when every member has shown one.
  const allIdentified = [...state.servers.values()].every(
    ({ facts, settings }) => facts !== undefined || settings.discovered !== undefined,
  );
  return allIdentified ? { outsider: true } : { member: byAddress, outsider: false };
}

/** The members that have shown the identity which the channel tells; undefined where it tells none. */
function withIdentity(
  state: ClusterState,
  channel: Channel,
  byId: ReadonlyMap<ServerId, readonly ServerMemory[]>,
): readonly ServerMemory[] | undefined {
  if (channel.sourceId !== undefined) return byId.get(channel.sourceId) ?? [];
  if (channel.sourceServerId === undefined) return undefined;
  return [...state.servers.values()].filter((server) => server.facts?.serverId === channel.sourceServerId);
}
