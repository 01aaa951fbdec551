/** `start`: many clusters on real servers, from the start of the program to rest, and after its pause. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Snapshot } from '../../src/core/report/snapshot-types.ts';
import { askDaemon } from '../../src/http/client.ts';
import { type DaemonProcess, startDaemon } from '../../src/lab/stage/daemon-process.ts';
import { accountName, grantStatements } from '../../src/mysql/answer/grants.ts';
import { type MysqlServers, startMysqlServers } from '../support/servers/mysql-fixture.ts';
import { bareLogins, type Cost, costOf } from './harness/bare-logins.ts';
import type { Benchmark, BenchmarkRun, Figure } from './harness/benchmark.ts';
import { nameserverText } from './harness/daemon-config.ts';
import { type ManyZones, startManyZones } from './harness/many-zones.ts';
import { cpuMs, memory } from './harness/process-cost.ts';
import { watchZone, type ZoneWatch } from './harness/zone-watch.ts';

const user = 'source_dns';
const serverCount = 4;
const sizes = {
  full: { clusters: 200, restMs: 20_000, pauseMs: 5000 },
  smoke: { clusters: 3, restMs: 500, pauseMs: 300 },
} as const;
/** `SOURCE_DNS_CLUSTERS=60`: so many instead. */
const wanted = Number(process.env['SOURCE_DNS_CLUSTERS'] ?? 0);
/** `SOURCE_DNS_PROFILE=FOLDER` writes a CPU profile of the program there. */
const profileFolder = process.env['SOURCE_DNS_PROFILE'];
const profiling = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
const publishedWithinMs = 120_000;
const calmWithinMs = 60_000;
/** No suspicion is left of the start. */
const quietAfterMs = 8000;
const lookEveryMs = 100;
const answerMs = 5000;
/** The compiled program lies beside the compiled benchmarks. */
const programFile = fileURLToPath(new URL('../../src/main.js', import.meta.url));

export const start: Benchmark = {
  name: 'start',
  title: '200 clusters of real servers: start, rest, and a pause of the program',
  about: `The program watches 200 clusters, each with a name of its own in a zone of a real BIND. The clusters share ${serverCount} real MySQL servers, so 800 connections are opened, with TLS where the server has it (\`tls: preferred\`). Then the program rests; then SIGSTOP stops it for 5 s. Calm means: every server answers, and every name is steady.`,
  run,
};

interface World {
  readonly mysql: MysqlServers;
  readonly bind: ManyZones;
  readonly zone: ZoneWatch;
  readonly names: readonly string[];
  readonly stateDir: string;
}

async function run(run: BenchmarkRun): Promise<readonly Figure[]> {
  const clusters = run.scale === 'full' && wanted > 0 ? wanted : sizes[run.scale].clusters;
  const folder = await mkdtemp(join(tmpdir(), 'source-dns-start-'));
  const mysql = await startMysqlServers(serverCount, {
    replicate: true,
    readOnly: (index) => (index === 0 ? 'off' : 'super-read-only'),
    options: () => ['--max-connections=1500'],
  });
  const bind = await startManyZones(1);
  const zone = watchZone(bind.primary.address, bind.primary.port);
  let daemon: DaemonProcess | undefined;
  try {
    await createAccount(mysql);
    const stateDir = join(folder, 'state');
    await mkdir(stateDir, { mode: 0o750 });
    const names = Array.from({ length: clusters }, (_, index) => `source.c${index}.${bind.zones[0]}`);
    const world: World = { mysql, bind, zone, names, stateDir };
    const file = await writeConfig(folder, world);
    const floor = await costOf(mysql, async () => {
      const cpuBeforeMs = cpuMs(process.pid);
      await bareLogins(mysql, user, clusters * serverCount);
      return { pid: process.pid, cpuBeforeMs };
    });
    run.say(`${clusters * serverCount} bare logins took ${Math.round(floor.ms)} ms`);
    const before = await connections(mysql);
    let pid = 0;
    const published = await costOf(mysql, async () => {
      daemon = await startDaemon([process.execPath, ...profiling, programFile], { file, stateDir }, folder);
      pid = daemon.process.pid ?? 0;
      await zone.until(new Map(names.map((name) => [name, '127.0.0.11'])), publishedWithinMs);
      return { pid, cpuBeforeMs: 0 };
    });
    run.say(`all ${clusters} published after ${Math.round(published.ms)} ms`);
    const opened = (await connections(mysql)) - before;
    return [
      ...costFigures('floor, as many bare logins', floor),
      figure('all published after', published.ms / 1000, 's', 5),
      ...costFigures('until then', published).slice(1),
      figure('connections opened for each server until then', opened / clusters / serverCount, ''),
      ...(await atRest(run, world, pid)),
      ...(await afterPause(run, world, pid)),
    ];
  } finally {
    await daemon?.stop();
    zone.close();
    await Promise.all([mysql.stop(), bind.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function atRest({ scale }: BenchmarkRun, world: World, pid: number): Promise<readonly Figure[]> {
  if (scale === 'full') await delay(quietAfterMs);
  const [cpu, begun] = [cpuMs(pid), performance.now()];
  await delay(sizes[scale].restMs);
  const share = (100 * (cpuMs(pid) - cpu)) / (performance.now() - begun);
  const { nowMb } = memory(pid);
  return [
    figure('CPU at rest, of one core', share, '%'),
    figure('memory at rest', nowMb, 'MB'),
    figure('memory for each server', (1000 * nowMb) / world.names.length / serverCount, 'KB'),
  ];
}

async function afterPause(run: BenchmarkRun, world: World, pid: number): Promise<readonly Figure[]> {
  const { mysql, zone, names } = world;
  const ledgers = () =>
    zone.ask(
      names.map((name) => `_source-dns.${name}`),
      'TXT',
    );
  const before = { connections: await connections(mysql), ledgers: await ledgers() };
  process.kill(pid, 'SIGSTOP');
  await delay(sizes[run.scale].pauseMs);
  process.kill(pid, 'SIGCONT');
  const begun = performance.now();
  await calm(world);
  const calmMs = performance.now() - begun;
  run.say(`calm ${Math.round(calmMs)} ms after the pause`);
  if (run.scale === 'full') await delay(quietAfterMs);
  const after = await ledgers();
  const moved = after.filter((ledger, index) => ledger !== before.ledgers[index]).length;
  if (moved > 0) throw new Error(`${moved} names were written after a pause of the program`);
  return [
    figure('calm after a pause of 5 s', calmMs / 1000, 's', 5),
    figure('connections opened after the pause', (await connections(mysql)) - before.connections, ''),
  ];
}

/** Resolves when every server answers and every name is steady. */
async function calm({ stateDir, names }: World): Promise<void> {
  const socket = join(stateDir, 'api.sock');
  const end = performance.now() + calmWithinMs;
  for (;;) {
    const result = await askDaemon(socket, { method: 'GET', path: '/v1/clusters', timeoutMs: answerMs });
    const { clusters } = (result.kind === 'document' ? result.body : { clusters: [] }) as {
      readonly clusters: readonly Snapshot[];
    };
    if (clusters.length === names.length && clusters.every(isCalm)) return;
    if (performance.now() > end)
      throw new Error(
        `not calm after ${calmWithinMs} ms: ${JSON.stringify(clusters.find((one) => !isCalm(one)))}`,
      );
    await delay(lookEveryMs);
  }
}

const isCalm = ({ servers, publications }: Snapshot): boolean =>
  servers.every(({ contact }) => contact === 'reachable') &&
  publications.every(({ decision }) => decision.reason === 'steady');

/** All connections that the servers accepted so far, but for our own. */
async function connections({ servers }: MysqlServers): Promise<number> {
  let sum = 0;
  for (const server of servers) {
    const [row] = await server.sql(
      "SELECT VARIABLE_VALUE AS n FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Connections'",
    );
    sum += Number((row as { readonly n: string }).n);
  }
  return sum;
}

/** The replication carries the account to the replicas. */
async function createAccount({ servers, password }: MysqlServers): Promise<void> {
  const account = accountName(user);
  await servers[0]?.sql(`CREATE USER ${account} IDENTIFIED BY '${password}'`, ...grantStatements(account));
  for (const server of servers)
    while ((await server.sql(`SELECT 1 FROM mysql.user WHERE User = '${user}'`)).length === 0)
      await delay(50);
}

async function writeConfig(folder: string, { mysql, bind, names, stateDir }: World): Promise<string> {
  const passwordFile = join(folder, 'mysql.password');
  await writeFile(passwordFile, `${mysql.password}\n`, { mode: 0o600 });
  const servers = mysql.servers.map(({ address, port }) => `"${address}:${port}"`).join(', ');
  const clusters = names.map(
    (name, index) => `  c${index}:
    servers: [${servers}]
    mysql: { user: ${user}, password_file: ${passwordFile}, tls: preferred }
    publish: { nameserver: ns1, zone: ${bind.zones[0]}., source: { name: ${name}., ttl: 1 } }
    allow_loopback: true`,
  );
  const file = join(folder, 'source-dns.yaml');
  await writeFile(
    file,
    `instance: watcher-1
state_dir: ${stateDir}
clusters:
${clusters.join('\n')}
${nameserverText(bind)}`,
    { mode: 0o640 },
  );
  return file;
}

const costFigures = (of: string, { ms, programCpuMs, serversCpuMs }: Cost): readonly Figure[] => [
  figure(of, ms / 1000, 's'),
  figure(`${of}: CPU of the program`, programCpuMs / 1000, 's'),
  figure(`${of}: CPU of the MySQL servers`, serversCpuMs / 1000, 's'),
];

const figure = (what: string, value: number, unit: Figure['unit'], ...[atMost]: [number?]): Figure => ({
  what,
  value,
  unit,
  ...(atMost !== undefined && { target: { atMost } }),
});
