/** What a hook may call a cluster and its servers: as they are configured, and as they were seen. Pure. */

import { type Claim as Identity, isClaimed } from '../core/model/observation.ts';
import type { ClusterSettings } from '../core/model/settings.ts';
import type { ClusterState, ServerMemory } from '../core/model/state.ts';
import type { ServerAddress } from '../core/model/units.ts';
import type { KnownCluster } from '../hook/resolve.ts';

/** A cluster whose servers were not asked. */
export const configuredCluster = ({ cluster, publications, servers }: ClusterSettings): KnownCluster => ({
  name: cluster,
  sourceNames: publications.map(({ source }) => source.name),
  servers: servers.map(({ address, publish = [] }) => ({ address, addresses: publish, aliases: [] })),
});

/** A cluster that is watched: its servers' IP addresses, and their other names by identity. */
export function watchedCluster(state: ClusterState): KnownCluster {
  const memories = [...state.servers.values()];
  const aliases = memories.flatMap(namesTold);
  const named = ({ facts }: ServerMemory): readonly ServerAddress[] =>
    facts === undefined
      ? []
      : aliases.filter(({ identity }) => isClaimed(identity, facts)).map(({ address }) => address);
  const known = configuredCluster(state.settings);
  return {
    ...known,
    servers: known.servers.map((server) => {
      const memory = state.servers.get(server.address);
      if (memory === undefined) return server;
      const addresses = [...server.addresses, ...(memory.addresses ?? []), ...(memory.proposed ?? [])];
      return { ...server, addresses: [...new Set(addresses)], aliases: [...new Set(named(memory))] };
    }),
  };
}

/** The names that one server tells: of itself, of its source, of its replicas and of its group. */
function namesTold({
  facts,
}: ServerMemory): readonly { readonly identity: Identity; readonly address: ServerAddress }[] {
  if (facts === undefined) return [];
  const { id, home, channels, replicas = [], group } = facts;
  return [
    ...(home === undefined ? [] : [{ identity: id, address: home }]),
    ...channels.flatMap(({ sourceId, sourceServerId, sourceAddress }) => {
      const identity = sourceId ?? sourceServerId;
      return identity === undefined ? [] : [{ identity, address: sourceAddress }];
    }),
    ...replicas.map(({ claim, address }) => ({ identity: claim, address })),
    ...(group?.members ?? []).flatMap((member) =>
      member.address === undefined ? [] : [{ identity: member.id, address: member.address }],
    ),
  ];
}
