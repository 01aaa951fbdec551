/** Three real MySQL servers, a real BIND and the real program. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askDaemon } from '../../../src/http/client.ts';
import { executed, executedOf, replicateFrom, replicating } from '../../../src/lab/dba/dba.ts';
import { until } from '../../../src/lab/host/until.ts';
import { provideBind } from '../../../src/lab/programs/bind-programs.ts';
import { type BindPair, startBindPair } from '../../../src/lab/servers/bind.ts';
import { type Cluster, type LabServer, startCluster } from '../../../src/lab/servers/cluster.ts';
import { provideProduct } from '../../../src/lab/servers/products.ts';
import { type DaemonProcess, startDaemon } from '../../../src/lab/stage/daemon-process.ts';
import type { BenchmarkRun } from '../harness/benchmark.ts';
import { writePairsConfig } from '../harness/daemon-config.ts';

const names = ['Source', 'Replica 1', 'Replica 2'];
const commandMs = 10_000;
/** The compiled program lies beside the compiled benchmarks. */
const program = [process.execPath, join(import.meta.dirname, '..', '..', '..', 'src', 'main.js')];
/** On each server alone: in no GTID set. */
const fenceAccount = (password: string): readonly string[] => [
  'SET sql_log_bin = 0',
  'SET GLOBAL super_read_only = OFF',
  `CREATE USER source_dns_fence@'127.0.0.%' IDENTIFIED BY '${password}'`,
  "GRANT SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN, PROCESS ON *.* TO source_dns_fence@'127.0.0.%'",
];
const table = 'CREATE TABLE shop.orders (n INT, writer INT, server CHAR(36))';

export class World {
  readonly folder: string;
  readonly cluster: Cluster;
  readonly bind: BindPair;
  source: LabServer;
  #daemon: DaemonProcess | undefined;
  #fenced: boolean | undefined;

  private constructor(folder: string, cluster: Cluster, bind: BindPair) {
    this.folder = folder;
    this.cluster = cluster;
    this.bind = bind;
    this.source = cluster.all[0];
  }

  static async start(say: BenchmarkRun['say']): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'source-dns-bench-'));
    const closers: (() => Promise<unknown>)[] = [];
    try {
      const bind = await startBindPair(await provideBind(say), { folder: join(folder, 'bind') });
      closers.push(bind.stop);
      const product = await provideProduct('MySQL', [], say);
      const plan = { product: 'MySQL', names, readOnly: (index: number) => index > 0 } as const;
      const cluster = await startCluster(plan, product, folder);
      closers.push(cluster.kill9);
      const world = new World(folder, cluster, bind);
      for (const { mysqld } of cluster.all) await mysqld.sql(...fenceAccount(cluster.accounts.watcher));
      await world.source.mysqld.sql('CREATE DATABASE shop', table);
      await world.#follow(world.others);
      return world;
    } catch (error) {
      for (const close of closers.reverse()) await close();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      throw error;
    }
  }

  get name(): string {
    return `source.shop.${this.bind.zone}`;
  }

  get nameservers(): readonly string[] {
    return [this.bind.primary, this.bind.secondary].map(({ address, port }) => `${address}:${port}`);
  }

  get others(): readonly LabServer[] {
    return this.cluster.all.filter((each) => each !== this.source);
  }

  /** The program runs, with or without `fence:`, and has published the source. */
  async watched(fenced: boolean): Promise<void> {
    if (this.#fenced !== fenced) {
      await this.#daemon?.stop();
      const servers = this.cluster.all.map(({ server }) => server);
      const shop = { name: 'shop', cluster: this.cluster, servers, fenced };
      const config = await writePairsConfig(this.folder, [shop], this.bind);
      this.#daemon = await startDaemon(program, config, this.folder);
      this.#fenced = fenced;
    }
    const daemon = this.#daemon;
    await until('source-dns to follow', async () => {
      const { ledger, servers, publications } = (await daemon?.snapshot()) ?? {};
      return (
        ledger?.source === this.source.server &&
        ledger.was.length === 0 &&
        // A daemon that has moved nothing yet knows of no propagation.
        publications?.[0]?.propagation?.complete !== false &&
        servers?.every(({ server, role }) => role === (server === ledger.source ? 'source' : 'replica')) ===
          true
      );
    });
  }

  /** What `source-dns follow` does. */
  async order({ server }: LabServer): Promise<void> {
    const asked = { path: '/v1/clusters/shop/follow', body: { server }, timeoutMs: commandMs };
    const result = await askDaemon(join(this.folder, 'state', 'api.sock'), { method: 'POST', ...asked });
    if (result.kind !== 'document') throw new Error(`follow ${server}: ${JSON.stringify(result)}`);
  }

  /** Every server is a replica of this new source, and no row is left. */
  async mend(source: LabServer): Promise<void> {
    this.source = source;
    await source.mysqld.sql('DROP TABLE shop.orders', table);
    const gtids = await executedOf(source);
    for (const { mysqld } of this.others) {
      if (!mysqld.running) await mysqld.start(['--super-read-only=ON']);
      // Quicker than a copy of all data: the table has no rows that matter, and the rest is the same everywhere.
      await mysqld.sql(
        'STOP REPLICA',
        'RESET REPLICA ALL',
        'SET GLOBAL super_read_only = OFF',
        'SET sql_log_bin = 0',
        'DROP TABLE IF EXISTS shop.orders',
        table,
        'SET GLOBAL super_read_only = ON',
        'RESET BINARY LOGS AND GTIDS',
        `SET GLOBAL gtid_purged = '${gtids}'`,
      );
    }
    await this.#follow(this.others);
  }

  async #follow(replicas: readonly LabServer[]): Promise<void> {
    for (const replica of replicas) await replicateFrom(replica, this.source, this.cluster.accounts);
    await replicating(replicas);
    for (const replica of replicas) await executed(replica, await executedOf(this.source));
  }

  async stop(): Promise<void> {
    await this.#daemon?.stop();
    await Promise.all([this.cluster.kill9(), this.bind.stop()]);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
