/** A world for the doctor in which all is well: each test makes one thing wrong. No socket, no server. */

import type { FenceAccess, LoadedCluster, LoadedConfig } from '../../src/config/loaded.ts';
import { Secret } from '../../src/config/secret.ts';
import type { Ledger } from '../../src/core/model/ledger.ts';
import type { Probe, ServerFacts } from '../../src/core/model/observation.ts';
import type { MonoMs, ServerAddress, ServerId, WallMs } from '../../src/core/model/units.ts';
import { type Check, runChecks } from '../../src/doctor/check.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import type { InspectorMaker } from '../../src/doctor/open-world.ts';
import type { Around, SeenServer, World } from '../../src/doctor/world.ts';
import type { ApiResult } from '../../src/http/client.ts';
import { grantStatements } from '../../src/mysql/answer/grants.ts';
import type { ServerInspection, ServerReport } from '../../src/mysql/inspection.ts';
import { channelFrom } from './given.ts';
import { cluster, config } from './small-world.ts';

export const [one, two] = ['db1:3306', 'db2:3306'] as const as unknown as [ServerAddress, ServerAddress];
/** 2026-11-22T11:30:00Z. */
export const wall = Date.UTC(2026, 10, 22, 11, 30) as WallMs;

const uuidOf = (address: ServerAddress): ServerId =>
  `${(address === one ? '1' : '2').repeat(8)}-1111-1111-1111-111111111111` as ServerId;

/** The first server is the source, the others replicate from it. */
export function healthyFacts(address: ServerAddress): ServerFacts {
  const isSource = address === one;
  return {
    id: uuidOf(address),
    flavour: 'mysql',
    version: { major: 8, minor: 4, patch: 3, text: '8.4.3' },
    session: 1,
    uptimeSeconds: 1000,
    readOnly: !isSource,
    superReadOnly: !isSource,
    offlineMode: false,
    channels: isSource
      ? []
      : [channelFrom('db1', { sourceId: uuidOf(one), sourceAddress: one, heardAgoMs: 10 })],
  };
}

export function healthyReport(address: ServerAddress): ServerReport {
  const closed = address === one ? 'OFF' : 'ON';
  return {
    traits: {
      versionText: '8.4.3',
      version: { major: 8, minor: 4, patch: 3, text: '8.4.3' },
      mariadb: false,
      versionByHand: false,
      aurora: false,
      rds: false,
      wsrep: false,
    },
    currentUser: 'source_dns@10.%',
    login: { plugin: 'caching_sha2_password', expires: 'never' },
    variables: new Map([
      ['datadir', '/var/lib/mysql/'],
      ['default_password_lifetime', '0'],
      ['gtid_mode', 'ON'],
      ['hostname', address.split(':')[0] ?? ''],
      ['log_bin', 'ON'],
      ['log_replica_updates', 'ON'],
      ['max_connections', '100'],
      ['performance_schema', 'ON'],
      ['port', '3306'],
      ['read_only', closed],
      ['report_host', address.split(':')[0] ?? ''],
      ['report_port', '3306'],
      ['server_id', address === one ? '1' : '2'],
      ['server_uuid', uuidOf(address)],
      ['skip_name_resolve', 'ON'],
      ['super_read_only', closed],
    ]),
    status: new Map([
      ['threads_connected', '10'],
      ['uptime', address === one ? '1000' : '2000'],
      ['ssl_server_not_after', 'Nov 22 11:30:00 2036 GMT'],
    ]),
    origins: new Map([
      ['read_only', 'GLOBAL'],
      ['super_read_only', 'GLOBAL'],
    ]),
    persisted: new Map(),
    grants: grantStatements('`source_dns`@`10.%`').map((line) =>
      line.replace(/performance_schema\.(\w+)/, '`performance_schema`.`$1`').replace(';', ''),
    ),
    denied: [],
    replicas: [],
    filters: [],
    byPlaces: [],
    roleWouldDo: false,
    encrypted: true,
    clockAheadSeconds: 0,
  };
}

/** What differs from a server that is well. */
export interface Wrong {
  readonly report?: Partial<Omit<ServerReport, 'variables' | 'status' | 'traits'>>;
  readonly traits?: Partial<ServerReport['traits']>;
  readonly variables?: Readonly<Record<string, string | undefined>>;
  readonly status?: Readonly<Record<string, string>>;
  readonly facts?: Partial<ServerFacts>;
  readonly probe?: Probe;
  readonly inspection?: ServerInspection;
  readonly resolution?: SeenServer['resolution'];
}

function changed(
  values: ReadonlyMap<string, string>,
  changes: Readonly<Record<string, string | undefined>> = {},
): ReadonlyMap<string, string> {
  const all = new Map<string, string | undefined>([...values, ...Object.entries(changes)]);
  return new Map([...all].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
}

export function seen(address: ServerAddress, wrong: Wrong = {}): SeenServer {
  const report = healthyReport(address);
  return {
    address,
    resolution: wrong.resolution ?? {
      kind: 'addresses',
      addresses: [address === one ? '192.0.2.11' : '192.0.2.12'],
    },
    probe: wrong.probe ?? { kind: 'reachable', facts: { ...healthyFacts(address), ...wrong.facts } },
    inspection: wrong.inspection ?? {
      kind: 'seen',
      report: {
        ...report,
        ...wrong.report,
        traits: { ...report.traits, ...wrong.traits },
        variables: changed(report.variables, wrong.variables),
        status: changed(report.status, wrong.status),
      },
    },
  };
}

export interface Given {
  readonly servers?: readonly SeenServer[];
  readonly clusters?: readonly LoadedCluster[];
  readonly config?: Partial<LoadedConfig>;
  readonly around?: Partial<Around>;
  readonly daemon?: ApiResult;
  readonly ledger?: Partial<Ledger>;
  readonly wall?: number;
}

/** How `fence` logs in, where a test adds it. */
export const fenceAccess: FenceAccess = {
  user: 'source_dns_fence',
  password: new Secret('x'),
  kill: 'none',
  spare: [],
  timeoutMs: 5000,
};

/** The cluster `shop` of the two servers, without loopback addresses. */
export const shop = (changes: Partial<LoadedCluster['settings']> = {}): LoadedCluster => {
  const base = cluster('shop');
  return {
    ...base,
    mysql: { ...base.mysql, user: 'source_dns', tls: 'verify' },
    settings: {
      ...base.settings,
      allowLoopback: false,
      servers: [one, two].map((address) => ({ address, candidate: 'auto' })),
      ...changes,
    },
  };
};

/** As after the first publication. */
const firstLedger: Ledger = {
  cluster: 'shop',
  epoch: 1,
  source: one,
  uuid: uuidOf(one),
  by: 'lab',
  at: '2026-11-22T11:00:00Z',
  why: 'bootstrap',
  try: 'a1',
  form: { type: 'address', ttlSeconds: 5, targets: ['192.0.2.11'] },
  was: [],
  unknown: [],
};

export function worldOf(given: Given = {}): World {
  const clusters = given.clusters ?? [shop()];
  return {
    config: {
      ...config('/tmp/sd-none'),
      file: '/etc/source-dns.yaml',
      warnings: [],
      clusters,
      ...given.config,
    },
    clusters,
    nameservers: new Map(),
    clock: {
      mono: () => 0 as MonoMs,
      wall: () => (given.wall ?? wall) as WallMs,
      after: () => () => {},
    },
    deadline: 1000 as MonoMs,
    around: {
      env: {},
      resolvers: [],
      nodeVersion: '20.19.0',
      version: '1.0.0',
      openFiles: async () => 8192,
      unixSockets: async () => '',
      ...given.around,
    },
    servers: async () => given.servers ?? [seen(one), seen(two)],
    ledger: async () => given.ledger && { ...firstLedger, ...given.ledger },
    daemon: async () => given.daemon ?? { kind: 'document', body: { clusters: [] } },
  };
}

/** What these checks find wrong. */
export async function wrongIn(checks: readonly Check[], given: Given = {}): Promise<readonly Finding[]> {
  const { findings } = await runChecks(worldOf(given), checks);
  return findings.filter(({ verdict }) => verdict !== 'ok');
}

/** Inspectors that reach no server, and have no key: `answers` lets these servers answer. */
export const blindInspectors = (answers: readonly SeenServer[] = []): InspectorMaker => ({
  servers: () => ({
    inspect: async (address) =>
      answers.find((each) => each.address === address)?.inspection ?? {
        kind: 'refused',
        asker: { server: address, user: 'source_dns', encrypted: true },
        problem: { kind: 'unknown', failure: { code: 'connection-refused', message: 'nothing listens' } },
      },
  }),
  nameserver: async () => ({
    kind: 'failed',
    failure: { code: 'key-invalid', message: 'the key has no secret' },
  }),
});
