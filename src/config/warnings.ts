/** Warns about what works but is probably not meant. */

import { isHostName } from '../core/model/host-name.ts';
import { unsafeKind } from '../core/model/ip-ranges.ts';
import type { Fqdn } from '../core/model/units.ts';
import type { ClusterFile } from './cluster-schema.ts';
import { durationText } from './fields.ts';
import type { ConfigFile } from './schema.ts';

/** A client that caches the name for longer writes to the old source for minutes. */
const longTtlSeconds = 300;

export function configWarnings(config: ConfigFile): readonly string[] {
  const used = new Set(Object.values(config.clusters).flatMap((cluster) => cluster.publish.nameserver));
  const unused = Object.keys(config.nameservers).filter((name) => !used.has(name));
  return [
    ...(config.share?.watchers === 1
      ? [
          'share.watchers: with 1, nobody watches the clusters of an instance that has stopped; write 2 or more',
        ]
      : []),
    ...(config.http === undefined ? [] : httpWarnings(config.http)),
    ...Object.entries(config.clusters).flatMap(([name, cluster]) =>
      [...clusterWarnings(cluster), ...nameWarnings(cluster), ...hostWarnings(cluster)].map(
        (text) => `clusters.${name}.${text}`,
      ),
    ),
    ...unused.map((name) => `nameservers.${name}: no cluster uses this nameserver`),
  ];
}

function httpWarnings({ listen, names }: NonNullable<ConfigFile['http']>): readonly string[] {
  const isEveryAddress = unsafeKind(listen.host, false) === 'an unspecified address';
  return [
    ...(isEveryAddress
      ? [
          `http.listen: ${listen.host} is every address of this host, also on networks that come later; write the address that clients use`,
        ]
      : []),
    ...(isEveryAddress && names.length === 0
      ? [
          'http.names: is empty, so clients must use an IP address; add the names by which they call this host',
        ]
      : []),
  ];
}

function clusterWarnings(cluster: ClusterFile): readonly string[] {
  const warnings: string[] = [];
  const { servers, watch, mysql, publish } = cluster;
  if (servers.every((server) => server.candidate === 'never')) {
    warnings.push(
      'servers: every server has "candidate: never", so no server is ever published as the source',
    );
  }
  if (cluster.discover_within.length > 0 && mysql.tls !== 'verify') {
    warnings.push(
      `discover_within: with "tls: ${mysql.tls}" an attacker who can add a host there gets the password of ${mysql.user}; set "tls: verify" (with ca_file), which sends the password only to a server with a certificate for its name`,
    );
  }
  if (mysql.allow_public_key_retrieval) {
    warnings.push(
      `mysql.allow_public_key_retrieval: with "tls: ${mysql.tls}" an attacker between us and a server without TLS can get the password of ${mysql.user}; turn TLS on at the servers, and remove this setting`,
    );
  }
  const slowest = watch.interval + mysql.connect_timeout + mysql.query_timeout;
  if (watch.fresh_for < slowest) {
    warnings.push(
      `watch.fresh_for: ${durationText(watch.fresh_for)} is shorter than interval, connect_timeout and query_timeout together (${durationText(slowest)}): a slow answer is already stale when it arrives`,
    );
  }
  if (publish.source.type === 'cname' && servers.some((server) => server.publish !== undefined)) {
    warnings.push(
      'publish.source.type: with cname the name is an alias of the host, so "publish" of a server is not used for it',
    );
  }
  return warnings;
}

function nameWarnings({ publish }: ClusterFile): readonly string[] {
  const named = [
    { at: 'source', value: publish.source },
    ...(publish.replicas ? [{ at: 'replicas', value: publish.replicas }] : []),
  ];
  return named.flatMap(({ at, value }) => [
    ...(value.ttl === 0
      ? [`publish.${at}.ttl: with 0 no resolver caches the name, so each lookup asks the nameserver`]
      : []),
    ...(value.ttl > longTtlSeconds
      ? [
          `publish.${at}.ttl: clients may keep the old address for ${durationText(value.ttl * 1000)} after a move`,
        ]
      : []),
  ]);
}

/** Some clients refuse such names, and nameservers that check names: BIND's check-names, nsupdate itself. */
function hostWarnings({ publish, servers }: ClusterFile): readonly string[] {
  const { source, replicas } = publish;
  const isAlias = source.type === 'cname';
  const refused = source.srv ? 'an address and the SRV RRset that leads to it' : 'an address';
  const named = [
    { at: 'publish.source.name', name: source.name, refused: isAlias ? '' : refused },
    ...(replicas ? [{ at: 'publish.replicas.name', name: replicas.name, refused: 'an address' }] : []),
    ...(isAlias ? servers.map(({ host }) => ({ at: 'servers', name: `${host}.` as Fqdn, refused: '' })) : []),
  ];
  return named
    .filter(({ name }) => !isHostName(name))
    .map(({ at, name, refused: what }) => {
      const nameserver =
        what === '' ? '' : `, so BIND refuses ${what} unless the zone has "check-names ignore;"`;
      return `${at}: ${name} is not a host name (RFC 1123: letters, digits and inner hyphens)${nameserver}${what === '' ? ': some clients refuse it' : ''}`;
    });
}
