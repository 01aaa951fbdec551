/** Builds a chaos world of real servers, one host each, and takes it down again. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replicateFrom, replicating } from '../../../src/lab/dba/dba.ts';
import { stopAllProcesses } from '../../../src/lab/host/processes.ts';
import type { BindPrograms } from '../../../src/lab/programs/bind-programs.ts';
import type { MysqlPrograms } from '../../../src/lab/programs/mysql-programs.ts';
import { Observer } from '../../../src/lab/stage/observer.ts';
import type { Capabilities } from './capabilities.ts';
import { type ChaosCluster, type ChaosServer, mysqlPort, startCluster } from './cluster.ts';
import { type Nameservers, startNameservers } from './nameservers.ts';
import { addressOf, type Network } from './network.ts';
import { Referee } from './referee.ts';
import { sourceName, Watcher } from './watchers.ts';
import { WriterProcess } from './writer-process.ts';

const stopMs = 10_000;
/**
 * More than the applications of a shop: every moment of a round has a write in it, and two cores have little
 * work.
 */
const writePauseMs = 20;

/** The programs and folders of the world. */
export interface Surroundings {
  readonly network: Network;
  readonly capabilities: Capabilities;
  readonly programs: { readonly mysql: MysqlPrograms; readonly bind: BindPrograms };
  /** source-dns itself, compiled. */
  readonly entry: string;
  readonly folder: string;
  readonly keep: boolean;
}

export interface WorldSize {
  readonly servers: number;
  readonly watchers: number;
  /** Whether the instances fence former sources. */
  readonly fences: boolean;
  /** Whether replication is semi-synchronous. */
  readonly semiSync: boolean;
  /** The nameservers that the writer asks. */
  readonly resolver: 'ns1' | 'ns2';
}

/** Real servers, each on a host of its own. */
export interface World extends Surroundings {
  readonly size: WorldSize;
  readonly cluster: ChaosCluster;
  readonly nameservers: Nameservers;
  readonly watchers: readonly Watcher[];
  readonly writer: WriterProcess;
  readonly observers: { readonly ns1: Observer; readonly ns2: Observer };
  readonly referee: Referee;
  /** The server that people mean to be the source. */
  source: ChaosServer;
}

type Closer = () => Promise<unknown>;

/** Builds a world, plays in it, and always takes it down. */
export async function inWorld(
  surroundings: Surroundings,
  size: WorldSize,
  play: (world: World) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(surroundings.folder, 'world-'));
  const closers: Closer[] = [];
  try {
    await play(await build({ ...surroundings, folder }, size, closers));
  } finally {
    for (const close of closers.reverse())
      await close().catch((error: unknown) => process.stderr.write(`while ending: ${String(error)}\n`));
    await stopAllProcesses(stopMs);
    if (!surroundings.keep) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function build(surroundings: Surroundings, size: WorldSize, closers: Closer[]): Promise<World> {
  const { network, programs, folder } = surroundings;
  const nameservers = await startNameservers(
    programs.bind,
    network,
    join(folder, 'bind'),
    surroundings.capabilities.smallDisk,
  );
  closers.push(nameservers.stop);
  // stopAllProcesses ends what a failed start leaves.
  const cluster = await startCluster(programs.mysql, network, folder, size);
  closers.push(() => Promise.all(cluster.servers.map(({ mysqld }) => mysqld.stop())));
  const [source, ...replicas] = cluster.servers as [ChaosServer, ...ChaosServer[]];
  for (const replica of replicas) await replicateFrom(replica, source, cluster.accounts);
  await replicating(replicas);
  await source.mysqld.sql(
    'CREATE DATABASE shop',
    'CREATE TABLE shop.orders (n INT PRIMARY KEY, at TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3), server_id INT)',
    'CREATE TABLE shop.clinging (at DOUBLE)',
  );
  const { primary, secondary } = nameservers.pair;
  const observers = { ns1: new Observer(primary, sourceName), ns2: new Observer(secondary, sourceName) };
  for (const observer of Object.values(observers)) {
    await observer.start();
    closers.push(() => observer.stop());
  }
  const referee = new Referee(programs.bind, nameservers.pair);
  await referee.start();
  closers.push(() => referee.stop());
  const watchers = ([1, 2, 3] as const)
    .slice(0, size.watchers)
    .map((number) => new Watcher(number, network, folder, surroundings.entry));
  for (const watcher of watchers) {
    await watcher.configure(cluster, nameservers, size.fences);
    closers.push(() => watcher.stop());
    await watcher.start();
  }
  const writer = await startWriter(surroundings, cluster, size, folder);
  closers.push(() => writer.stop());
  return { ...surroundings, size, cluster, nameservers, watchers, writer, observers, referee, source };
}

async function startWriter(
  { network }: Surroundings,
  { accounts }: ChaosCluster,
  { resolver }: WorldSize,
  folder: string,
): Promise<WriterProcess> {
  const own = join(folder, 'app');
  await mkdir(own);
  const options = {
    host: sourceName,
    port: mysqlPort,
    user: 'web',
    password: accounts.web,
    resolver: `${addressOf(resolver)}:53`,
    pauseMs: writePauseMs,
  };
  const writer = new WriterProcess(options, own, network.through('app'));
  await writer.start();
  return writer;
}
