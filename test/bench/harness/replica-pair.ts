/** A source and a replica on real servers, and what a DBA does with them. Either server may be the source. */

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { executed, executedOf, replicateFrom, replicating } from '../../../src/lab/dba/dba.ts';
import { type Cluster, type LabServer, startCluster } from '../../../src/lab/servers/cluster.ts';
import type { Product } from '../../../src/lab/servers/products.ts';
import { monotonicMs } from './monotonic.ts';

/** A promotion: when its last statement was sent, and when that returned (monotonicMs). */
export interface Promoted {
  readonly sentAt: number;
  readonly returnedAt: number;
  /** The address of the new source. */
  readonly address: string;
}

/** Pairs beside each other must not need many cores. */
const leanOptions = ['--replica-parallel-workers=1', '--innodb-buffer-pool-size=16M'];

export class ReplicaPair {
  readonly name: string;
  readonly cluster: Cluster;
  #source: LabServer;
  #replica: LabServer;
  /** When the last work of the DBA was done (monotonicMs). */
  calmSince = monotonicMs();

  private constructor(name: string, cluster: Cluster) {
    const [first, second] = cluster.all;
    if (second === undefined) throw new Error('a pair has two servers');
    this.name = name;
    this.cluster = cluster;
    [this.#source, this.#replica] = [first, second];
  }

  static async start(name: string, product: Product, folder: string): Promise<ReplicaPair> {
    const plan = {
      product: 'MySQL',
      names: [`${name} a`, `${name} b`],
      readOnly: (index: number) => index > 0,
      options: () => leanOptions,
    } as const;
    const pair = new ReplicaPair(name, await startCluster(plan, product, join(folder, name)));
    await replicateFrom(pair.#replica, pair.#source, pair.cluster.accounts);
    await pair.#source.mysqld.sql(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.orders (id INT PRIMARY KEY AUTO_INCREMENT)',
    );
    await pair.#caughtUp();
    return pair;
  }

  get servers(): readonly string[] {
    return this.cluster.all.map(({ server }) => server);
  }

  /** `address:port` of the server that is the source now. */
  get sourceServer(): string {
    return this.#source.server;
  }

  get replicaServer(): string {
    return this.#replica.server;
  }

  /** kill -9, a pause, and the promotion of the replica by SQL. `soon` gets its address just before. */
  async failOver(pauseMs: number, soon: (address: string) => void): Promise<Promoted> {
    await this.#write();
    await this.#caughtUp();
    return await this.#promoted(soon, async () => {
      await this.#source.mysqld.kill9();
      await delay(pauseMs);
    });
  }

  /** Closes the source, waits for the replica's applier, and promotes the replica. */
  async switchOver(soon: (address: string) => void): Promise<Promoted> {
    await this.#write();
    return await this.#promoted(soon, async () => {
      await this.#source.mysqld.sql('SET GLOBAL super_read_only = ON');
      await executed(this.#replica, await executedOf(this.#source));
    });
  }

  /** The old source comes back as a replica of the new source, with its data. */
  async rejoin(): Promise<void> {
    const [source, replica] = [this.#replica, this.#source];
    [this.#source, this.#replica] = [source, replica];
    if (!replica.mysqld.running) await replica.mysqld.start(['--super-read-only=ON']);
    await replicateFrom(replica, source, this.cluster.accounts);
    await this.#write();
    await this.#caughtUp();
    this.calmSince = monotonicMs();
  }

  async #promoted(soon: (address: string) => void, before: () => Promise<void>): Promise<Promoted> {
    // Connected before, so that nothing but the statement lies between the two times.
    const connection = await this.#replica.mysqld.connect();
    try {
      await before();
      soon(this.#replica.mysqld.address);
      await promoteBy(connection, 'STOP REPLICA', 'RESET REPLICA ALL');
      const sentAt = monotonicMs();
      await promoteBy(connection, 'SET GLOBAL read_only = OFF');
      return { sentAt, returnedAt: monotonicMs(), address: this.#replica.mysqld.address };
    } finally {
      connection.destroy();
    }
  }

  async #write(): Promise<void> {
    await this.#source.mysqld.sql('INSERT INTO shop.orders () VALUES ()');
  }

  async #caughtUp(): Promise<void> {
    await replicating([this.#replica]);
    await executed(this.#replica, await executedOf(this.#source));
  }

  /** Their data do not matter. */
  async stop(): Promise<void> {
    await this.cluster.kill9();
  }
}

async function promoteBy(connection: Connection, ...statements: readonly string[]): Promise<void> {
  for (const statement of statements) await connection.query(statement);
}
