/** Two MySQL servers and a zone in memory, for the real core and the real service. Answers come at once. */

import type { LoadedCluster, LoadedConfig, NameserverConfig } from '../../src/config/loaded.ts';
import { Secret } from '../../src/config/secret.ts';
import { parseGtidSet } from '../../src/core/gtid/gtid.ts';
import type { Probe, ServerFacts } from '../../src/core/model/observation.ts';
import type { ServerAddress, ServerId } from '../../src/core/model/units.ts';
import {
  findRrset,
  type Rrset,
  sameRdata,
  type UpdateOutcome,
  type UpdatePlan,
} from '../../src/core/model/zone.ts';
import type { AdapterMaker } from '../../src/daemon/adapters.ts';
import type { ServerProber, ZoneClient } from '../../src/ports.ts';
import { db1, db2, settings } from './fakes.ts';
import { channelFrom } from './given.ts';

const uuid = (digit: number) => `${String(digit).repeat(8)}-1111-1111-1111-111111111111` as ServerId;

const ipOf = (server: ServerAddress): string => (server === db1 ? '192.0.2.11' : '192.0.2.12');

export interface SmallWorld {
  readonly maker: AdapterMaker;
  /** What was opened and closed, in order. */
  readonly log: string[];
  /** The RRsets of the zone, by `name type`. */
  readonly zone: Map<string, Rrset>;
  readonly probes: Map<ServerAddress, Probe>;
  /** The key of the nameserver cannot be opened. */
  keyFailure: boolean;
  /** The zone does not answer. */
  zoneDown: boolean;
}

const facts = (digit: number, source?: ServerId): ServerFacts => ({
  id: uuid(digit),
  flavour: 'mysql',
  version: { major: 8, minor: 4, patch: 3, text: '8.4.3' },
  session: digit,
  uptimeSeconds: 100_000,
  readOnly: source !== undefined,
  superReadOnly: source !== undefined,
  offlineMode: false,
  channels: source === undefined ? [] : [channelFrom('db1', { sourceId: source, heardAgoMs: 10 })],
  gtidExecuted: parseGtidSet(`${uuid(1)}:1-9`)!,
});

export function smallWorld(): SmallWorld {
  const log: string[] = [];
  const zone = new Map<string, Rrset>();
  const probes = new Map<ServerAddress, Probe>([
    [db1, { kind: 'reachable', facts: facts(1) }],
    [db2, { kind: 'reachable', facts: facts(2, uuid(1)) }],
  ]);
  const world: SmallWorld = {
    log,
    zone,
    probes,
    keyFailure: false,
    zoneDown: false,
    maker: {
      prober({ settings: { cluster } }): ServerProber {
        log.push(`open prober ${cluster}`);
        return {
          async probe(server) {
            const probe = probes.get(server) ?? {
              kind: 'unknown',
              failure: { code: 'connection-refused', message: 'refused' },
            };
            return probe.kind === 'reachable'
              ? { ...probe, facts: { ...probe.facts, peer: ipOf(server) } }
              : probe;
          },
          probeAt: async () => ({
            kind: 'unknown',
            failure: { code: 'connection-refused', message: 'refused' },
          }),
          renew: () => {},
          resolve: async (server) => ({ kind: 'addresses', addresses: [ipOf(server)] }),
          release: (server) => void log.push(`release ${server}`),
          onConnectionLost: () => {},
          watch: () => {},
          onGlanceDiffers: () => {},
          close: async () => void log.push(`close prober ${cluster}`),
        };
      },
      async zoneClient({ name }) {
        if (world.keyFailure)
          return { kind: 'failed', failure: { code: 'key-invalid', message: 'the key is no key' } };
        log.push(`open ${name}`);
        return { kind: 'opened', client: zoneClient(world, name), warnings: [] };
      },
    },
  };
  return world;
}

const key = ({ name, type }: { name: string; type: string }) => `${name} ${type}`;

function zoneClient(world: SmallWorld, nameserver: string): ZoneClient {
  return {
    read: async ({ zone, questions }) => {
      if (world.zoneDown)
        return { kind: 'failed', failure: { code: 'unreachable', message: `${nameserver} does not answer` } };
      const rrsets = questions.flatMap((question) => world.zone.get(key(question)) ?? []);
      return { kind: 'read', zone: zone ?? settings().publications[0]!.zone!, rrsets };
    },
    update: async ({ plan }) => applyPlan(world.zone, plan),
    propagation: async () => ({ nameservers: [{ nameserver }] }),
    inspectRefusal: async ({ failure }) => failure,
    close: async () => void world.log.push(`close ${nameserver}`),
  };
}

export function applyPlan(zone: Map<string, Rrset>, plan: UpdatePlan): UpdateOutcome {
  const holds = plan.prerequisites.every((prerequisite) => {
    if (prerequisite.kind === 'rrset-absent') return !zone.has(key(prerequisite));
    const found = findRrset([...zone.values()], prerequisite.rrset.name, prerequisite.rrset.type);
    return found !== undefined && sameRdata(found, prerequisite.rrset);
  });
  if (!holds)
    return {
      kind: 'refused',
      code: 'prerequisite-failed',
      rcode: 'NXRRSET',
      failure: { code: 'nxrrset', message: 'NXRRSET' },
    };
  for (const change of plan.changes) {
    if (change.kind === 'delete-rrset') zone.delete(key(change));
    else zone.set(key(change.rrset), change.rrset);
  }
  return { kind: 'applied' };
}

export const nameserver = (over: Partial<NameserverConfig> = {}): NameserverConfig => ({
  name: 'ns1',
  address: '192.0.2.53',
  port: 53,
  via: 'rfc2136',
  transport: 'tcp',
  key: { file: '/etc/key', text: new Secret('key "k" {};') },
  nsupdateArgs: [],
  timeoutMs: 2000,
  fudgeMs: 30_000,
  ...over,
});

export const cluster = (
  name = 'shop',
  password = 'secret',
  over: Parameters<typeof settings>[0] = {},
): LoadedCluster => ({
  settings: settings({ cluster: name, ...over }),
  mysql: {
    user: 'source_dns',
    password: new Secret(password),
    tls: 'preferred',
    allowPublicKeyRetrieval: false,
    connectTimeoutMs: 1000,
    queryTimeoutMs: 1000,
  },
});

export const config = (stateDir: string, over: Partial<LoadedConfig> = {}): LoadedConfig => ({
  file: '/etc/source-dns.yaml',
  instance: 'watcher-1',
  stateDir,
  clusters: [cluster()],
  elsewhere: [],
  nameservers: new Map([['ns1', nameserver()]]),
  hooks: { afterMove: [], onAlarm: [] },
  logLevel: 'silent',
  warnings: [],
  files: [],
  ...over,
});

/** Waits for a condition, at most 5 s. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not happen within 5 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
