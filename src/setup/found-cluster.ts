/**
 * Finds the servers of a cluster from one of them: its channels upward, the replicas that it reports, the
 * members of its group. Identities decide whether two addresses are one server.
 */

import type { LoadedCluster } from '../config/loaded.ts';
import type { Secret } from '../config/secret.ts';
import {
  type Claim,
  isClaimed,
  isWritable,
  lookedOnce,
  type Probe,
  type ServerFacts,
} from '../core/model/observation.ts';
import { type Fqdn, plusMs, type ServerAddress } from '../core/model/units.ts';
import type { AdapterMaker } from '../daemon/adapters.ts';
import type { Clock } from '../ports.ts';

export interface Login {
  readonly cluster: string;
  readonly user: string;
  readonly password: Secret;
  readonly tls: 'disabled' | 'preferred' | 'required' | 'verify';
  readonly ca: string | undefined;
}

export interface FoundServer {
  readonly address: ServerAddress;
  /** Which server names it, and how; undefined: it was given. */
  readonly by: string | undefined;
  readonly probe: Probe;
  /** Another address of this server, found before. */
  readonly sameAs?: ServerAddress;
}

export interface FoundCluster {
  readonly servers: readonly FoundServer[];
  /** Named, and not asked: the person said no, or there are too many. */
  readonly unasked: readonly Mention[];
}

export interface Mention {
  readonly address: ServerAddress;
  readonly by: string;
  readonly claims: readonly Claim[];
}

/** As many as a configuration may have is more than a person reads. */
const maxServers = 32;
/** Replicas of replicas of replicas. */
const maxRounds = 8;
const timeoutMs = 3000;

/** `mayAsk` is asked before a server that only another server named gets the password. */
export async function findCluster(
  around: { readonly maker: AdapterMaker; readonly clock: Clock },
  login: Login,
  given: readonly ServerAddress[],
  mayAsk: (mentions: readonly Mention[]) => Promise<boolean>,
): Promise<FoundCluster> {
  let found: readonly FoundServer[] = [];
  let next: readonly Mention[] = given.map((address) => ({ address, by: '', claims: [] }));
  for (let round = 0; round < maxRounds && next.length > 0; round++) {
    if (round > 0 && !(await mayAsk(next))) return { servers: found, unasked: next };
    const room = next.slice(0, maxServers - found.length);
    const probes = await askAll(around, login, [...found.map(({ address }) => address)], room);
    found = [...found, ...withAliases(found, probes)];
    if (room.length < next.length) return { servers: found, unasked: next.slice(room.length) };
    next = newMentions(found);
  }
  return { servers: found, unasked: next };
}

async function askAll(
  { maker, clock }: { readonly maker: AdapterMaker; readonly clock: Clock },
  login: Login,
  known: readonly ServerAddress[],
  mentions: readonly Mention[],
): Promise<readonly FoundServer[]> {
  const addresses = mentions.map(({ address }) => address);
  const prober = maker.prober(observed(login, [...known, ...addresses]));
  try {
    const deadline = plusMs(clock.mono(), 2 * timeoutMs);
    return await Promise.all(
      mentions.map(async ({ address, by }) => ({
        address,
        by: by === '' ? undefined : by,
        probe: lookedOnce(await prober.probe(address, deadline)),
      })),
    );
  } finally {
    await prober.close();
  }
}

/** What the prober needs of a cluster. The names are not used. */
function observed(
  { cluster, user, password, tls, ca }: Login,
  servers: readonly ServerAddress[],
): LoadedCluster {
  const unused = 'source.invalid.' as Fqdn;
  return {
    settings: {
      cluster,
      instance: 'init',
      mode: 'observe',
      servers: servers.map((address) => ({ address, candidate: 'auto' })),
      // A server is asked for its replicas only where some may be discovered. No server is there (RFC 6761 6.4).
      discoverWithin: [{ kind: 'suffix', suffix: '.source-dns.invalid' }],
      watch: {
        intervalMs: 1000,
        suspectIntervalMs: 1000,
        freshForMs: 10_000,
        settleMs: 1000,
        goneAfterMs: 60_000,
        maxMoves: 1,
        maxMovesWindowMs: 1000,
        probeTimeoutMs: 2 * timeoutMs,
      },
      publications: [
        {
          nameserver: 'ns1',
          source: { name: unused, ttlSeconds: 5, type: 'address', srv: false },
          adopt: false,
          timeoutMs,
          fudgeMs: 30_000,
        },
      ],
      onNoSource: 'keep',
      gtidGuard: 'warn',
      allowLoopback: true,
    },
    mysql: {
      user,
      password,
      tls,
      ...(ca !== undefined && { ca }),
      allowPublicKeyRetrieval: false,
      connectTimeoutMs: timeoutMs,
      queryTimeoutMs: timeoutMs,
    },
  };
}

const factsOf = ({ probe }: FoundServer): ServerFacts | undefined =>
  probe.kind === 'reachable' ? probe.facts : undefined;

/** The first address of a server counts: the person gave it, or gave the server that names it. */
function withAliases(found: readonly FoundServer[], fresh: readonly FoundServer[]): readonly FoundServer[] {
  const all = [...found];
  return fresh.map((server) => {
    const facts = factsOf(server);
    const same = facts && all.find((other) => factsOf(other)?.id === facts.id);
    all.push(server);
    return same === undefined ? server : { ...server, sameAs: same.address };
  });
}

function newMentions(found: readonly FoundServer[]): readonly Mention[] {
  const mentions = new Map<ServerAddress, Mention>();
  for (const server of found) {
    const facts = factsOf(server);
    if (facts === undefined) continue;
    for (const mention of mentionsOf(server.address, facts)) {
      const isKnown = mention.claims.some((claim) =>
        found.some((other) => {
          const theirs = factsOf(other);
          return theirs !== undefined && isClaimed(claim, theirs);
        }),
      );
      if (!isKnown && !found.some(({ address }) => address === mention.address))
        mentions.set(mention.address, mentions.get(mention.address) ?? mention);
    }
  }
  return [...mentions.values()];
}

/** The servers that this server names. */
function mentionsOf(by: ServerAddress, facts: ServerFacts): readonly Mention[] {
  const claims = (...ids: readonly (Claim | undefined)[]): readonly Claim[] =>
    ids.filter((id) => id !== undefined);
  return [
    ...facts.channels.map(({ sourceAddress, sourceId, sourceServerId }) => ({
      address: sourceAddress,
      by: `source of ${by}`,
      claims: claims(sourceId, sourceServerId),
    })),
    ...(facts.replicas ?? []).map(({ address, claim }) => ({
      address,
      by: `replica of ${by}`,
      claims: [claim],
    })),
    ...(facts.group?.members ?? []).flatMap(({ address, id }) =>
      address === undefined ? [] : [{ address, by: `member of the group of ${by}`, claims: [id] }],
    ),
    ...(facts.managed?.members ?? []).flatMap(({ address }) =>
      address === undefined ? [] : [{ address, by: `member of the cluster of ${by}`, claims: [] }],
    ),
  ].filter(({ address }) => address !== by);
}

/** What a server does in its cluster, in words. */
export function roleWords(facts: ServerFacts): string {
  const { channels, group, wsrep } = facts;
  const member = group?.members.find(({ id }) => id === facts.id);
  if (member !== undefined) return member.role === 'PRIMARY' ? 'primary of its group' : 'member of a group';
  if (wsrep !== undefined) return 'Galera node';
  const delay = delayOf(facts);
  const [channel] = channels;
  if (channel !== undefined)
    return `replica of ${channel.sourceAddress}${delay === 0 ? '' : `, delayed by ${delay} s`}`;
  return isWritable(facts) ? 'source' : 'read-only, and replicates from nobody';
}

/** Seconds that the server is behind on purpose (SOURCE_DELAY); 0: none. */
export const delayOf = ({ channels }: ServerFacts): number =>
  Math.max(0, ...channels.map(({ delaySeconds = 0 }) => delaySeconds));

/** `MySQL 9.7.4`, `MariaDB 10.11.18`. */
export const productWords = ({ flavour, version: { major, minor, patch } }: ServerFacts): string =>
  `${flavour === 'mariadb' ? 'MariaDB' : 'MySQL'} ${major}.${minor}.${patch}`;

/** The first part of a server UUID, or MariaDB's `server_id`. */
export const shortId = ({ id, serverId, flavour }: ServerFacts): string =>
  flavour === 'mariadb' ? `server_id ${serverId ?? id}` : id.slice(0, 8);
