/** Which cluster and which of its servers a claim means. Pure. */

import { parseIp } from '../core/model/ip-address.ts';
import { splitAddress } from '../core/model/observation.ts';
import type { ServerAddress } from '../core/model/units.ts';
import { didYouMean } from '../suggest.ts';
import type { Claim, Place } from './claim.ts';
import { placeText } from './place.ts';

export interface KnownServer {
  /** As it is configured. */
  readonly address: ServerAddress;
  /** IP addresses at which it answered, or which clients get. */
  readonly addresses: readonly string[];
  /** Other names of it, by its own word or by another server's: `report_host`, `@@hostname`. */
  readonly aliases: readonly ServerAddress[];
}

export interface KnownCluster {
  readonly name: string;
  /** The names that it publishes. */
  readonly sourceNames: readonly string[];
  readonly servers: readonly KnownServer[];
}

export type Resolved =
  | { readonly kind: 'resolved'; readonly cluster: string; readonly server: ServerAddress }
  | { readonly kind: 'unknown-cluster' | 'unknown-server'; readonly sentence: string };

/** Finds the cluster: by `--cluster`, the tool's names for it, the former source, or the successor. */
export function resolveClaim(claim: Claim, clusters: readonly KnownCluster[]): Resolved {
  const target = claim.act === 'status' ? claim.former : claim.successor;
  const own = target.find((place) => clusters.some((cluster) => publishes(cluster, place.host)));
  if (own !== undefined)
    return {
      kind: 'unknown-server',
      sentence: `${own.host} is the published name, and not the name of one server: let ${claim.tool} name the servers by their own names`,
    };
  const found = clusterOf(claim, target, clusters);
  return 'kind' in found ? found : serverOf(target, found);
}

function clusterOf(
  claim: Claim,
  target: readonly Place[],
  clusters: readonly KnownCluster[],
): KnownCluster | Extract<Resolved, { sentence: string }> {
  const all = clusters.map(({ name }) => name);
  if (claim.cluster !== undefined) {
    const named = clusters.find(({ name }) => name === claim.cluster);
    const hint = didYouMean(claim.cluster, all) || `; the clusters are ${all.join(', ')}`;
    return named ?? unknown('unknown-cluster', `there is no cluster "${claim.cluster}"${hint}`);
  }
  const isCalled = (cluster: KnownCluster) =>
    claim.names.some((name) => cluster.name.toLowerCase() === name.toLowerCase() || publishes(cluster, name));
  const has = (places: readonly Place[]) => (cluster: KnownCluster) => matching(places, cluster).length > 0;
  for (const fits of [isCalled, has(claim.former), has(target)]) {
    const some = clusters.filter(fits);
    // Servers of several clusters may have one address, behind different names.
    const few = some.length > 1 ? some.filter(has(target)) : some;
    const [first, ...others] = few;
    if (first !== undefined && others.length === 0) return first;
    if (few.length > 1)
      return unknown(
        'unknown-cluster',
        `${few.map(({ name }) => name).join(' and ')} both fit: give --cluster NAME`,
      );
  }
  const told = [...claim.names, ...[...claim.former, ...target].map(placeText)];
  return unknown(
    'unknown-cluster',
    `no cluster of this configuration (${all.join(', ')}) has ${[...new Set(told)].join(', ')}: if one is meant, give --cluster NAME`,
  );
}

function serverOf(target: readonly Place[], cluster: KnownCluster): Resolved {
  const found = matching(target, cluster);
  const [server, ...others] = found;
  const told = target.map(placeText).join(', ');
  if (server === undefined) {
    const known = cluster.servers.map(({ address }) => address);
    const hint = didYouMean(told, known) || `; its servers are ${known.join(', ')}`;
    return unknown('unknown-server', `${told} is not a server of cluster ${cluster.name}${hint}`);
  }
  return others.length === 0
    ? { kind: 'resolved', cluster: cluster.name, server: server.address }
    : unknown(
        'unknown-server',
        `${told} may be ${found.map(({ address }) => address).join(' or ')} of cluster ${cluster.name}`,
      );
}

const unknown = (kind: 'unknown-cluster' | 'unknown-server', sentence: string) => ({ kind, sentence });

const publishes = ({ sourceNames }: KnownCluster, name: string): boolean => {
  const plain = name.toLowerCase().replace(/\.$/, '');
  return sourceNames.some((source) => source.toLowerCase().replace(/\.$/, '') === plain);
};

/** Configured addresses first; then where the servers answer; then what they are called by others. */
function matching(places: readonly Place[], { servers }: KnownCluster): readonly KnownServer[] {
  const ways: readonly ((server: KnownServer) => readonly ServerAddress[])[] = [
    ({ address }) => [address],
    ({ address, addresses }) =>
      addresses.map(
        (ip) => `${ip.includes(':') ? `[${ip}]` : ip}:${splitAddress(address).port}` as ServerAddress,
      ),
    ({ aliases }) => aliases,
  ];
  for (const way of ways) {
    const found = servers.filter((server) =>
      way(server).some((address) => places.some((place) => isAt(place, address))),
    );
    if (found.length > 0) return found;
  }
  return [];
}

function isAt(place: Place, address: ServerAddress): boolean {
  const { host, port } = splitAddress(address);
  return (place.port === undefined || place.port === port) && isSameHost(place.host, host);
}

function isSameHost(a: string, b: string): boolean {
  if (a === b.toLowerCase()) return true;
  const [one, other] = [parseIp(a), parseIp(b)];
  return one !== undefined && other !== undefined && one.bytes.join() === other.bytes.join();
}
