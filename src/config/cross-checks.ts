/** Checks across sections. A section that is wrong is left out: the others are checked all the same. */

import type { Fqdn } from '../core/model/units.ts';
import { didYouMean } from '../suggest.ts';
import {
  publishFields,
  replicasFields,
  type ServerFile,
  serverSchema,
  sourceFields,
} from './cluster-schema.ts';
import type { ConfigIssue, ConfigPath } from './config-error.ts';
import { isWithin } from './domain-name.ts';
import { childrenOf, valueAt } from './raw.ts';
import { nameserverSchema } from './schema.ts';
import { canonicalIp, serverAddress, unsafeKind } from './server-address.ts';

export function crossChecks(raw: unknown): readonly ConfigIssue[] {
  const nameservers = nameserversOf(raw);
  const clusters = childrenOf(raw, ['clusters']).map(([name]) => clusterOf(raw, name));
  return [
    ...clusters.flatMap((cluster) => [
      ...unknownNameservers(cluster, nameservers),
      ...sameNameserverTwice(cluster, nameservers),
      ...namesOutsideZone(cluster),
      ...namesThatMeet(cluster),
      ...equalServers(cluster),
      ...unsafeAddresses(cluster),
      ...aliasProblems(cluster),
    ]),
    ...namesOfTwoClusters(clusters, nameservers),
  ];
}

interface ClusterPart {
  readonly name: string;
  readonly path: ConfigPath;
  readonly nameservers: readonly string[];
  readonly zone: Fqdn | undefined;
  readonly source: { readonly name: Fqdn | undefined; readonly isAlias: boolean; readonly srv: boolean };
  readonly replicas: Fqdn | undefined;
  readonly servers: readonly { readonly server: ServerFile; readonly path: ConfigPath }[];
  readonly allowLoopback: boolean;
  /** The path of an entry in what may be a single value or a list. */
  readonly entryPath: (below: ConfigPath, index: number) => ConfigPath;
}

function clusterOf(raw: unknown, name: string): ClusterPart {
  const path = ['clusters', name];
  const at = (...steps: string[]) => valueAt(raw, [...path, ...steps]);
  const list = at('servers');
  const servers = (Array.isArray(list) ? list : []).flatMap((entry, index) => {
    const server = serverSchema.safeParse(entry);
    return server.success ? [{ server: server.data, path: [...path, 'servers', index] }] : [];
  });
  return {
    name,
    path,
    nameservers: publishFields.nameserver.safeParse(at('publish', 'nameserver')).data ?? [],
    zone: publishFields.zone.safeParse(at('publish', 'zone')).data,
    source: {
      name: sourceFields.name.safeParse(at('publish', 'source', 'name')).data,
      isAlias: at('publish', 'source', 'type') === 'cname',
      srv: at('publish', 'source', 'srv') === true,
    },
    replicas: replicasFields.name.safeParse(at('publish', 'replicas', 'name')).data,
    servers,
    allowLoopback: at('allow_loopback') === true,
    entryPath: (below, index) => (Array.isArray(valueAt(raw, below)) ? [...below, index] : below),
  };
}

/** The same address, port and key are the same nameserver: BIND may choose a view by the key. */
function nameserversOf(raw: unknown): ReadonlyMap<string, string> {
  return new Map(
    childrenOf(raw, ['nameservers']).map(([name, entry]) => {
      const { data } = nameserverSchema.safeParse(entry);
      const reached =
        data &&
        [data.address, data.port, data.key_file ?? '', data.key_name ?? '', ...data.nsupdate_args].join(' ');
      return [name, reached ?? `entry ${name}`];
    }),
  );
}

const nameserverPath = (cluster: ClusterPart, index: number): ConfigPath =>
  cluster.entryPath([...cluster.path, 'publish', 'nameserver'], index);

function unknownNameservers(
  cluster: ClusterPart,
  nameservers: ReadonlyMap<string, string>,
): readonly ConfigIssue[] {
  return cluster.nameservers.flatMap((name, index) => {
    if (nameservers.has(name)) return [];
    const near = didYouMean(name, nameservers.keys());
    return [
      {
        path: nameserverPath(cluster, index),
        message: `{value} is not in the section nameservers${near || '; add it there'}`,
      },
    ];
  });
}

function sameNameserverTwice(
  cluster: ClusterPart,
  nameservers: ReadonlyMap<string, string>,
): readonly ConfigIssue[] {
  const first = new Map<string, string>();
  return cluster.nameservers.flatMap((name, index) => {
    const reached = nameservers.get(name) ?? name;
    const other = first.get(reached);
    if (other === undefined) {
      first.set(reached, name);
      return [];
    }
    const what =
      other === name ? 'is listed twice' : `is the same nameserver as "${other}", with the same key`;
    return [{ path: nameserverPath(cluster, index), message: `{value} ${what}; remove one` }];
  });
}

const sourcePath = (cluster: ClusterPart): ConfigPath => [...cluster.path, 'publish', 'source', 'name'];
const replicasPath = (cluster: ClusterPart): ConfigPath => [...cluster.path, 'publish', 'replicas', 'name'];

function namesOutsideZone(cluster: ClusterPart): readonly ConfigIssue[] {
  const { zone, source, replicas } = cluster;
  if (zone === undefined) return [];
  const issues: ConfigIssue[] = [];
  const check = (name: Fqdn | undefined, path: ConfigPath) => {
    if (name === undefined || isWithin(name, zone)) return;
    issues.push({
      path,
      message: `${name} is not within the zone ${zone}; write for example ${name.split('.')[0]}.${zone}`,
    });
  };
  check(source.name, sourcePath(cluster));
  check(replicas, replicasPath(cluster));
  if (source.isAlias && source.name === zone) {
    const message =
      'the zone itself cannot be a CNAME (RFC 1034 3.6.2); write "type: address", or a name below the zone';
    issues.push({ path: sourcePath(cluster), message });
  }
  return issues;
}

/** The names of ledgers and SRV records cannot meet: no name in a configuration begins as they do. */
function namesThatMeet(cluster: ClusterPart): readonly ConfigIssue[] {
  const { replicas, source } = cluster;
  if (replicas === undefined || source.name !== replicas) return [];
  return [
    {
      path: replicasPath(cluster),
      message: `${replicas} is already the name of the source; give the replicas their own name`,
    },
  ];
}

function namesOfTwoClusters(
  clusters: readonly ClusterPart[],
  nameservers: ReadonlyMap<string, string>,
): readonly ConfigIssue[] {
  const first = new Map<string, ClusterPart>();
  return clusters.flatMap((cluster) => {
    const issues = new Map<string, ConfigIssue>();
    const owners = [
      ...(cluster.source.name === undefined
        ? []
        : [{ name: cluster.source.name, path: sourcePath(cluster) }]),
      ...(cluster.replicas === undefined ? [] : [{ name: cluster.replicas, path: replicasPath(cluster) }]),
    ];
    for (const { name, path } of owners) {
      for (const nameserver of cluster.nameservers) {
        const claim = `${nameservers.get(nameserver) ?? nameserver} ${name}`;
        const other = first.get(claim) ?? cluster;
        first.set(claim, other);
        if (other === cluster || issues.has(path.join('.'))) continue;
        const message = `cluster "${other.name}" already publishes ${name} at nameserver "${nameserver}"; give each cluster its own name`;
        issues.set(path.join('.'), { path, message });
      }
    }
    return [...issues.values()];
  });
}

function equalServers(cluster: ClusterPart): readonly ConfigIssue[] {
  const first = new Map<string, ConfigPath>();
  return cluster.servers.flatMap(({ server, path }) => {
    const address = serverAddress(server.host, server.port);
    const other = first.get(address);
    if (other === undefined) {
      first.set(address, path);
      return [];
    }
    return [{ path, message: `${address} is already listed as servers[${other.at(-1)}]; remove one` }];
  });
}

function unsafeAddresses(cluster: ClusterPart): readonly ConfigIssue[] {
  return cluster.servers.flatMap(({ server, path }) => {
    const published = server.publish ?? [server.host];
    return published.flatMap((address, index) => {
      const kind = unsafeKind(address, cluster.allowLoopback);
      if (kind === undefined) return [];
      const hint = kind === 'a loopback address' ? '; for a lab, set "allow_loopback: true"' : '';
      if (server.publish === undefined)
        return [
          {
            path,
            message: `${address} is ${kind}, which clients on other machines cannot use; add "publish:"${hint}`,
          },
        ];
      return [
        {
          path: cluster.entryPath([...path, 'publish'], index),
          message: `{value} is ${kind}, which clients on other machines cannot use; write another one${hint}`,
        },
      ];
    });
  });
}

function aliasProblems(cluster: ClusterPart): readonly ConfigIssue[] {
  const { source } = cluster;
  if (!source.isAlias) return [];
  const issues: ConfigIssue[] = cluster.servers
    .filter(({ server }) => server.candidate === 'auto' && canonicalIp(server.host) !== undefined)
    .map(({ server, path }) => ({
      path,
      message: `${server.host} is an IP address, but a CNAME needs a host name; write the host name of the server, or "type: address"`,
    }));
  if (source.srv) {
    const message =
      'the target of an SRV must not be an alias (RFC 2782); write "type: address", or remove srv';
    issues.push({ path: [...cluster.path, 'publish', 'source', 'srv'], message });
  }
  return issues;
}
