/**
 * Reads the first command of a transcript: `cluster servers=db1,db2 source=db1 ...`. The words are those of
 * source-dns.yaml, where it has them.
 */

import type { ClusterSettings, PublicationSettings } from '../../../src/core/model/settings.ts';
import type { Fqdn, ServerAddress } from '../../../src/core/model/units.ts';
import { zoneName } from './print.ts';

export interface ClusterWords {
  readonly settings: ClusterSettings;
  readonly servers: readonly string[];
  /** Servers that exist, but are in no configuration. */
  readonly outside: readonly string[];
  /** The server that the others replicate from at the beginning; absent: no server replicates. */
  readonly source: string | undefined;
}

const known = new Set(
  'servers outside source publish mode gtid_guard on_no_source type srv ttl adopt settle gone_after max_moves replicas when_empty never allow_loopback instance resolvers fresh_for interval suspect_interval discover_within watchers fence'.split(
    ' ',
  ),
);

/** Reads `key=value` words; a missing word has the default of the configuration. */
export function settingsFrom(words: readonly string[]): ClusterWords {
  const said = new Map(words.map((word) => word.split('=') as [string, string]));
  for (const key of said.keys()) if (!known.has(key)) throw new Error(`a cluster has no ${key}`);
  const servers = (said.get('servers') ?? 'db1,db2,db3').split(',');
  const suffix = said.get('discover_within');
  const source = said.get('source') ?? 'db1';
  const settings: ClusterSettings = {
    cluster: 'shop',
    instance: said.get('instance') ?? 'watcher-1',
    ...(said.has('watchers') ? { watchers: said.get('watchers')!.split(',') } : {}),
    mode: said.get('mode') === 'observe' ? 'observe' : 'active',
    servers: servers.map((server) => ({
      address: `${server}:3306` as ServerAddress,
      candidate: said.get('never')?.split(',').includes(server) ? 'never' : 'auto',
      ...publishFrom(said.get('publish'), server),
    })),
    ...(suffix === undefined ? {} : { discoverWithin: [{ kind: 'suffix', suffix }] }),
    watch: watchFrom(said),
    publications: [publicationFrom(said)],
    onNoSource: said.get('on_no_source') === 'withdraw' ? 'withdraw' : 'keep',
    gtidGuard: said.get('gtid_guard') === 'hold' ? 'hold' : 'warn',
    allowLoopback: said.get('allow_loopback') === 'true',
    ...(said.has('fence') ? { fence: { timeoutMs: seconds(said.get('fence')!), kill: 'clients' } } : {}),
  };
  const outside = said.get('outside')?.split(',') ?? [];
  return { settings, servers, outside, source: source === 'none' ? undefined : source };
}

function watchFrom(said: ReadonlyMap<string, string>): ClusterSettings['watch'] {
  return {
    intervalMs: seconds(said.get('interval') ?? '1s'),
    // Rarer than by default: most steps of a transcript answer these probes.
    suspectIntervalMs: seconds(said.get('suspect_interval') ?? '0.2s'),
    freshForMs: seconds(said.get('fresh_for') ?? '3s'),
    settleMs: seconds(said.get('settle') ?? '30s'),
    goneAfterMs: seconds(said.get('gone_after') ?? '600s'),
    maxMoves: Number(said.get('max_moves') ?? '5'),
    maxMovesWindowMs: 600_000,
    probeTimeoutMs: 2000,
  };
}

/** `publish=db1@203.0.113.1,db2@203.0.113.2`: the addresses for clients, where they differ. */
function publishFrom(words: string | undefined, server: string): { readonly publish?: readonly string[] } {
  const addresses =
    words
      ?.split(',')
      .flatMap((word) => (word.startsWith(`${server}@`) ? [word.slice(server.length + 1)] : [])) ?? [];
  return addresses.length > 0 ? { publish: addresses } : {};
}

function publicationFrom(said: ReadonlyMap<string, string>): PublicationSettings {
  const maxLag = said.get('replicas');
  const whenEmpty = said.get('when_empty');
  const replicas = {
    name: `replicas.${zoneName}` as Fqdn,
    ttlSeconds: 5,
    maxLagMs: seconds(maxLag ?? '10s'),
    whenEmpty: whenEmpty === 'keep' || whenEmpty === 'withdraw' ? whenEmpty : 'source',
  } as const;
  return {
    nameserver: 'ns1',
    zone: zoneName as Fqdn,
    source: {
      name: `source.${zoneName}` as Fqdn,
      ttlSeconds: Number(said.get('ttl') ?? '5'),
      type: said.get('type') === 'cname' ? 'cname' : 'address',
      srv: said.get('srv') === 'true',
    },
    ...(maxLag === undefined ? {} : { replicas }),
    adopt: said.get('adopt') === 'true',
    ...(said.get('resolvers') === 'true' ? { resolvers: true } : {}),
    timeoutMs: 2000,
    fudgeMs: 30_000,
  };
}

const seconds = (text: string): number => Number(text.replace(/s$/, '')) * 1000;
