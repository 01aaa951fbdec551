/** Where a replica gets its data: whether that server is of the line, or a former source. */

import { type Channel, splitAddress } from '../../core/model/observation.ts';
import type { SeenServer } from '../world.ts';
import { type ClusterView, factsOf, isSuperseded, takesWrites } from './cluster-view.ts';

/** By identity. By address only while that server does not tell its identity, or the channel knows none. */
export function upstreamOf(
  { sourceId, sourceServerId, sourceAddress }: Channel,
  { servers }: ClusterView,
): SeenServer | undefined {
  const known = servers.find((server) => {
    const facts = factsOf(server);
    return (
      facts !== undefined &&
      ((sourceId !== undefined && facts.id === sourceId) ||
        (sourceServerId !== undefined && facts.serverId === sourceServerId))
    );
  });
  if (known !== undefined) return known;
  const isUnnamed = sourceId === undefined && sourceServerId === undefined;
  return servers.find(
    (server) => hasAddress(server, sourceAddress) && (isUnnamed || factsOf(server) === undefined),
  );
}

function hasAddress({ address, resolution }: SeenServer, sourceAddress: Channel['sourceAddress']): boolean {
  if (address === sourceAddress) return true;
  const [own, other] = [splitAddress(address), splitAddress(sourceAddress)];
  return (
    own.port === other.port && resolution.kind === 'addresses' && resolution.addresses.includes(other.host)
  );
}

const supersedes = (view: ClusterView, server: SeenServer): boolean =>
  isSuperseded(view, { address: server.address, id: factsOf(server)?.id });

/** A former source that brings its own writes: it did not become a replica of the present source. */
export function isStale(channel: Channel, view: ClusterView): boolean {
  const server = upstreamOf(channel, view);
  if (server === undefined)
    return isSuperseded(view, { address: channel.sourceAddress, id: channel.sourceId });
  return supersedes(view, server) && (takesWrites(server) || !leadsToSource(server, view));
}

/** It gets its data from the source, over any number of running replicas. */
function leadsToSource(server: SeenServer, view: ClusterView): boolean {
  const passed = new Set<SeenServer>();
  let at: SeenServer | undefined = server;
  while (at !== undefined && !passed.has(at)) {
    if (at === view.source) return true;
    passed.add(at);
    const running: Channel | undefined = factsOf(at)?.channels.find(({ receiver }) => receiver === 'on');
    at = running && upstreamOf(running, view);
  }
  return false;
}

/** Whether a replica may be started again: its upstream is the source, or a replica that leads there. */
export function isSafeUpstream(channel: Channel, view: ClusterView): boolean {
  const server = upstreamOf(channel, view);
  return (
    server !== undefined && leadsToSource(server, view) && !(supersedes(view, server) && takesWrites(server))
  );
}
