/** Everything that runs in the lab: it starts for a scenario, and ends completely. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../host/cache-folder.ts';
import { makeNetwork, type Network } from '../host/network.ts';
import { stopAllProcesses } from '../host/processes.ts';
import type { BindPrograms } from '../programs/bind-programs.ts';
import { type BindPair, startBindPair } from '../servers/bind.ts';
import { type Cluster, type ClusterPlan, startCluster } from '../servers/cluster.ts';
import type { Product } from '../servers/products.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { type LabConfig, writeLabConfig } from './lab-config.ts';
import type { Narrator } from './narrator.ts';
import { Observer } from './observer.ts';
import { WebClient } from './web-client.ts';

export interface Stage {
  readonly folder: string;
  readonly programs: BindPrograms;
  readonly cluster: Cluster;
  readonly bind: BindPair;
  readonly config: LabConfig;
  readonly daemon: DaemonProcess;
  readonly web: WebClient;
  /** The answers of the primary and of the secondary nameserver. */
  readonly primary: Observer;
  readonly secondary: Observer;
  /** Without the last dot. */
  readonly name: string;
  /** If the scenario cuts servers off from each other. */
  readonly network?: Network;
}

/** The servers of a scenario, and how they replicate at the beginning. */
export interface Setting {
  readonly servers: ClusterPlan;
  /** The scenario cuts servers off from each other, so each has a network namespace of its own. */
  readonly network?: true;
  /** Makes the servers replicate; resolves with a sentence that says how. */
  arrange(cluster: Cluster): Promise<string>;
}

interface StageOptions {
  readonly setting: Setting;
  readonly product: Product;
  readonly bind: BindPrograms;
  /** source-dns itself, to start as the daemon: node and the entry file. */
  readonly program: readonly string[];
  readonly keep: boolean;
  /** The web application has mysql2's pool as it is. */
  readonly defaultPool: boolean;
  readonly narrator: Narrator;
}

const stopMs = 10_000;

type Closer = () => Promise<unknown>;

/** Starts everything, runs `play` and stops everything, even after a failure. `keep`: the folder stays. */
export async function onStage(options: StageOptions, play: (stage: Stage) => Promise<void>): Promise<void> {
  const { narrator, product, keep } = options;
  const folder = await mkdtemp(join(tmpdir(), 'source-dns-lab-'));
  const closers: Closer[] = [];
  try {
    await play(await build(options, folder, closers));
  } finally {
    narrator.say(`stopping: web application, source-dns, nameservers, ${product.family} servers`);
    // In reverse: clients before servers, and servers before their folders.
    for (const close of closers.reverse())
      await close().catch((error: unknown) => narrator.say(`while stopping: ${String(error)}`));
    // An interrupted story may have started more.
    await stopAllProcesses(stopMs);
    if (keep) narrator.say(`kept: ${folder}`);
    else {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      narrator.say(`stopped; only the programs in ${cacheFolder()} are left`);
    }
  }
}

async function build(options: StageOptions, folder: string, closers: Closer[]): Promise<Stage> {
  const { setting, product, bind: programs, keep, narrator } = options;
  const plan = setting.servers;
  const network = setting.network ? await makeNetwork(plan.names.length, folder) : undefined;
  const [cluster, bind] = await bothOrNeither(
    startCluster(plan, product, folder, network).then((started) => {
      closers.push(keep ? started.stop : started.kill9);
      return started;
    }),
    startBindPair(programs, { folder: join(folder, 'bind') }).then((started) => {
      closers.push(started.stop);
      return started;
    }),
  );
  for (const { name, server, mysqld } of cluster.all)
    narrator.say(`${name.padEnd(9)} ${server}  ${mysqld.program}, pid ${mysqld.pid}`);
  for (const [role, named] of [
    ['primary', bind.primary],
    ['secondary', bind.secondary],
  ] as const) {
    narrator.say(
      `${role.padEnd(9)} ${named.address}:${named.port}   named, pid ${named.pid}, zone ${bind.zone}`,
    );
  }
  narrator.say(await setting.arrange(cluster));
  return await openName(options, { folder, programs, cluster, bind, ...(network && { network }) }, closers);
}

async function openName(
  { program, narrator, defaultPool }: StageOptions,
  servers: Pick<Stage, 'folder' | 'programs' | 'cluster' | 'bind' | 'network'>,
  closers: Closer[],
): Promise<Stage> {
  const { folder, cluster, bind } = servers;
  const name = `source.shop.${bind.zone}`;
  const [primary, secondary] = [new Observer(bind.primary, name), new Observer(bind.secondary, name)];
  for (const observer of [primary, secondary]) {
    await observer.start();
    closers.push(() => observer.stop());
  }
  const config = await writeLabConfig(folder, cluster, bind);
  narrator.say(`source-dns run, with ${config.file}:`);
  narrator.show(config.text);
  const daemon = await startDaemon(program, config, folder);
  closers.push(daemon.stop);
  narrator.event('page', { address: config.page });
  // In a namespace of the lab, no browser of this machine reaches it.
  if (servers.network === undefined) narrator.say(`the status page: ${config.page}`);
  const nameservers = [bind.primary, bind.secondary].map(({ address, port }) => `${address}:${port}`);
  const web = new WebClient({
    host: name,
    port: cluster.port,
    user: 'web',
    password: cluster.accounts.web,
    resolver: `${bind.primary.address}:${bind.primary.port}`,
    ...(!defaultPool && { nameservers }),
  });
  narrator.say(
    defaultPool
      ? 'the web application: a pool of mysql2 as it is, which asks for the name at each connection'
      : 'the web application: a pool of mysql2 that follows the source',
  );
  closers.push(() => web.stop());
  return { ...servers, config, daemon, web, primary, secondary, name };
}

/** If one fails, waits for the other first: what it started must have ended. */
async function bothOrNeither<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}
