/** Turns the checked file into the settings of the core and the adapters. */

import { nsupdateFudgeMs } from '../core/model/limits.ts';
import type { ClusterSettings, PublicationSettings, ServerSettings } from '../core/model/settings.ts';
import type { ClusterFile, PublishFile, ServerFile } from './cluster-schema.ts';
import { pathText } from './config-error.ts';
import type { ClusterOutline, ConfigOutline, LoadedCluster, NameserverConfig } from './loaded.ts';
import type { ConfigFile, NameserverFile } from './schema.ts';
import { Secret } from './secret.ts';
import type { NamedFile } from './secret-files.ts';
import { serverAddress } from './server-address.ts';
import { watchersOf } from './share.ts';

type Files = ReadonlyMap<string, NamedFile>;

const serverSettings = (server: ServerFile): ServerSettings => ({
  address: serverAddress(server.host, server.port),
  ...(server.publish && { publish: server.publish }),
  candidate: server.candidate,
});

function publications(
  publish: PublishFile,
  nameservers: ConfigFile['nameservers'],
): readonly PublicationSettings[] {
  return publish.nameserver.flatMap((name) => {
    const nameserver = nameservers[name];
    if (nameserver === undefined) return [];
    const { source, replicas, zone } = publish;
    return [
      {
        nameserver: name,
        ...(zone !== undefined && { zone }),
        source: { name: source.name, ttlSeconds: source.ttl, type: source.type, srv: source.srv },
        ...(replicas && {
          replicas: {
            name: replicas.name,
            ttlSeconds: replicas.ttl,
            maxLagMs: replicas.max_lag,
            whenEmpty: replicas.when_empty,
          },
        }),
        adopt: publish.adopt,
        ...(nameserver.resolvers && { resolvers: true }),
        timeoutMs: nameserver.timeout,
        fudgeMs: nameserver.via === 'nsupdate' ? nsupdateFudgeMs : nameserver.fudge,
      },
    ];
  });
}

/** This instance, and the others with which it shares the clusters. */
type Us = Pick<ConfigOutline, 'instance' | 'share'>;

/** The clusters of this instance, and those that only others watch. */
export const byWatchers = <Cluster extends ClusterOutline>(
  { instance }: Us,
  clusters: readonly Cluster[],
): { readonly clusters: readonly Cluster[]; readonly elsewhere: readonly Cluster[] } => {
  const isOurs = ({ settings: { watchers } }: Cluster) =>
    watchers === undefined || watchers.includes(instance);
  return {
    clusters: clusters.filter(isOurs),
    elsewhere: clusters.filter((cluster) => !isOurs(cluster)),
  };
};

/** The settings of one cluster, without its login. */
export function clusterSettings(
  name: string,
  cluster: ClusterFile,
  nameservers: ConfigFile['nameservers'],
  { instance, share }: Us,
): ClusterSettings {
  const { watch, mysql } = cluster;
  return {
    cluster: name,
    instance,
    ...(share && { watchers: watchersOf(share, name) }),
    mode: cluster.mode,
    servers: cluster.servers.map(serverSettings),
    ...(cluster.discover_within.length > 0 && { discoverWithin: cluster.discover_within }),
    watch: {
      intervalMs: watch.interval,
      suspectIntervalMs: watch.suspect_interval,
      freshForMs: watch.fresh_for,
      settleMs: watch.settle,
      goneAfterMs: watch.gone_after,
      maxMoves: watch.max_moves,
      maxMovesWindowMs: watch.max_moves_window,
      probeTimeoutMs: mysql.connect_timeout + mysql.query_timeout,
    },
    publications: publications(cluster.publish, nameservers),
    onNoSource: cluster.on_no_source,
    gtidGuard: cluster.gtid_guard,
    allowLoopback: cluster.allow_loopback,
    ...(cluster.fence && { fence: { timeoutMs: cluster.fence.timeout, kill: cluster.fence.kill } }),
  };
}

export function loadedClusters(config: ConfigFile, files: Files, us: Us): readonly LoadedCluster[] {
  return Object.entries(config.clusters).map(([name, cluster]) => {
    const { mysql, fence } = cluster;
    const at = (...field: string[]) => files.get(pathText(['clusters', name, ...field]))?.text;
    const ca = at('mysql', 'ca_file')?.reveal();
    return {
      settings: clusterSettings(name, cluster, config.nameservers, us),
      mysql: {
        user: mysql.user,
        password: at('mysql', 'password_file') ?? new Secret(mysql.password ?? ''),
        tls: mysql.tls,
        ...(ca !== undefined && { ca }),
        allowPublicKeyRetrieval: mysql.allow_public_key_retrieval,
        connectTimeoutMs: mysql.connect_timeout,
        queryTimeoutMs: mysql.query_timeout,
      },
      ...(fence && {
        fence: {
          user: fence.user,
          password: at('fence', 'password_file') ?? new Secret(fence.password ?? ''),
          kill: fence.kill,
          spare: fence.spare,
          timeoutMs: fence.timeout,
        },
      }),
    };
  });
}

function loadedNameserver(name: string, nameserver: NameserverFile, files: Files): NameserverConfig {
  const key = files.get(pathText(['nameservers', name, 'key_file']));
  return {
    name,
    address: nameserver.address,
    port: nameserver.port,
    via: nameserver.via,
    transport: nameserver.transport,
    ...(key && {
      key: {
        file: key.file,
        text: key.text,
        ...(nameserver.key_name !== undefined && { name: nameserver.key_name }),
      },
    }),
    nsupdateArgs: nameserver.nsupdate_args,
    timeoutMs: nameserver.timeout,
    fudgeMs: nameserver.fudge,
    ...(nameserver.verify && { verify: nameserver.verify }),
    ...(nameserver.resolvers && { resolvers: nameserver.resolvers }),
  };
}

export const loadedNameservers = (config: ConfigFile, files: Files): ReadonlyMap<string, NameserverConfig> =>
  new Map(
    Object.entries(config.nameservers).map(([name, nameserver]) => [
      name,
      loadedNameserver(name, nameserver, files),
    ]),
  );
