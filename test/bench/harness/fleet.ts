/**
 * Many clusters of the farm, the real program that watches them, and a real BIND that has their names. Each
 * is a process of its own, so that each cost can be told apart.
 */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type DaemonProcess, startDaemon } from '../../../src/lab/stage/daemon-process.ts';
import { type Farm, startFarm } from '../farm/farm.ts';
import { nameserverText } from './daemon-config.ts';
import { type ManyZones, startManyZones } from './many-zones.ts';
import { watchZone, type ZoneWatch } from './zone-watch.ts';

export interface FleetSize {
  readonly clusters: number;
  readonly zones?: number;
  readonly intervalMs?: number;
  readonly tls?: boolean;
}

export interface Fleet {
  readonly farm: Farm;
  readonly bind: ManyZones;
  readonly zone: ZoneWatch;
  readonly daemonPid: number;
  readonly apiSocket: string;
  /** The name of each cluster's source. */
  readonly names: readonly string[];
  /** What each ledger says; undefined: there is none. */
  ledgers(): Promise<readonly (string | undefined)[]>;
  /** Each name with the address of that server of its cluster. */
  expected(member: number): ReadonlyMap<string, string>;
  /** Starts the program; resolves to the ms until every name has its address. */
  publish(): Promise<number>;
  /** Resolves when each server is asked no more often than once in an interval. */
  calm(): Promise<Calm>;
  stop(): Promise<void>;
}

/** The way to a calm state. */
export interface Calm {
  readonly ms: number;
  /** The most in one second. */
  readonly probes: number;
  readonly connections: number;
}

export const serversOfCluster = 4;
const commitsPerSecond = 20;
export const publishedWithinMs = 120_000;
/** `SOURCE_DNS_PROFILE=FOLDER` writes a CPU profile of the program under test there. */
const profileFolder = process.env['SOURCE_DNS_PROFILE'];

/** The farm and BIND run; the program does not yet. */
export async function startFleet(size: FleetSize): Promise<Fleet> {
  const { clusters, zones = 1, intervalMs = 1000, tls = false } = size;
  const folder = await mkdtemp(join(tmpdir(), 'source-dns-fleet-'));
  const bind = await startManyZones(zones);
  const farm = await startFarm({ clusters, servers: serversOfCluster, tls, intervalMs, commitsPerSecond });
  const zone = watchZone(bind.primary.address, bind.primary.port);
  const names = farm.clusters.map((_, index) => `source.c${index}.${bind.zones[index % zones]}`);
  const config = await writeConfig({ folder, bind, farm, intervalMs, tls });
  const expected = (member: number): ReadonlyMap<string, string> =>
    new Map(names.map((name, index) => [name, farm.clusters[index]?.[member]?.split(':')[0] ?? '']));
  let daemon: DaemonProcess | undefined;
  return {
    farm,
    bind,
    zone,
    names,
    apiSocket: join(config.stateDir, 'api.sock'),
    get daemonPid() {
      return daemon?.process.pid ?? 0;
    },
    expected,
    ledgers: () =>
      zone.ask(
        names.map((name) => `_source-dns.${name}`),
        'TXT',
      ),
    async publish() {
      const begun = performance.now();
      daemon = await startDaemon([process.execPath, ...profiling(), programFile], config, folder);
      await zone.until(expected(0), publishedWithinMs);
      return performance.now() - begun;
    },
    calm: () => calm(farm, (clusters * serversOfCluster * 1000) / intervalMs),
    async stop() {
      await daemon?.stop();
      await Promise.all([farm.stop(), bind.stop()]);
      zone.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const calmLookMs = 1000;
/** A suspicion that nothing feeds ends long before. */
const calmLimitMs = 120_000;
/** Of the planned probes a second: that some come early is no suspicion. */
const calmShare = 1.05;

async function calm(farm: Farm, perSecond: number): Promise<Calm> {
  const begun = performance.now();
  let [probes, connections] = [0, 0];
  for (;;) {
    await farm.order({ kind: 'begin-tally' });
    await delay(calmLookMs);
    const { tally } = await farm.order({ kind: 'tally' });
    const ms = performance.now() - begun - calmLookMs;
    probes = Math.max(probes, tally.busiest.probes);
    connections = Math.max(connections, tally.busiest.connections);
    if (tally.probes <= calmShare * perSecond * tally.seconds) return { ms, probes, connections };
    if (ms > calmLimitMs)
      throw new Error(`${probes} probes a second after ${calmLimitMs} ms: ${perSecond} are planned`);
  }
}

/** The compiled program lies beside the compiled benchmarks. */
const programFile = fileURLToPath(new URL('../../../src/main.js', import.meta.url));

const profiling = (): readonly string[] =>
  profileFolder === undefined
    ? ['--import', '/tmp/mon.mjs']
    : ['--import', '/tmp/mon.mjs', '--cpu-prof', `--cpu-prof-dir=${profileFolder}`];

interface Surroundings {
  readonly folder: string;
  readonly bind: ManyZones;
  readonly farm: Farm;
  readonly intervalMs: number;
  readonly tls: boolean;
}

async function writeConfig({ folder, bind, farm, intervalMs, tls }: Surroundings) {
  const stateDir = join(folder, 'state');
  await mkdir(stateDir, { mode: 0o750 });
  const passwordFile = join(folder, 'mysql.password');
  await writeFile(passwordFile, 'tiger\n', { mode: 0o600 });
  const freshMs = Math.max(3000, 3 * intervalMs);
  const clusters = farm.clusters.map((servers, index) => {
    const zone = bind.zones[index % bind.zones.length];
    return `  c${index}:
    servers: [${servers.map((server) => `"${server}"`).join(', ')}]
    mysql: { user: source_dns, password_file: ${passwordFile}, tls: ${tls ? 'required' : 'disabled'} }
    watch: { interval: ${intervalMs}ms, fresh_for: ${freshMs}ms }
    publish: { nameserver: ns1, zone: ${zone}., source: { name: source.c${index}.${zone}., ttl: 1 } }
    allow_loopback: true`;
  });
  const text = `instance: watcher-1
state_dir: ${stateDir}
clusters:
${clusters.join('\n')}
${nameserverText(bind)}`;
  const file = join(folder, 'source-dns.yaml');
  await writeFile(file, text, { mode: 0o640 });
  return { file, text, stateDir };
}
