/**
 * What people do to the MySQL servers, statement by statement, each with a time limit; and what the judge
 * learns from that.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  catchUpFromPeers,
  cloneFrom,
  executedOf,
  makeWritable,
  replicateFrom,
  replicating,
  stopReplicating,
  waitForAcknowledgements,
} from '../../../src/lab/dba/dba.ts';
import { within } from '../../../src/lab/host/deadline.ts';
import { type ChaosCluster, type ChaosServer, errantOf, sourceOptions } from './cluster.ts';
import type { StalePeriod } from './evidence.ts';

/** A person who waits for a server without an answer gives up after this. */
const patienceLimitMs = 20_000;
/** How long a server may take to end the transactions of its clients before it is read-only. */
const lockWaitS = 5;

export class Dealings {
  readonly stale: StalePeriod[] = [];
  readonly errant: { uuid: string; at: number; gtids: string }[] = [];
  /**
   * Servers with a statement that did not end in time. The statement might still take effect later, so these
   * servers are killed before the calm.
   */
  readonly wedged = new Set<ChaosServer>();
  readonly #cluster: ChaosCluster;

  constructor(cluster: ChaosCluster) {
    this.#cluster = cluster;
  }

  /** Runs one step at these servers, within a time limit. */
  async #step<T>(
    what: string,
    servers: readonly ChaosServer[],
    work: Promise<T>,
    patienceMs = patienceLimitMs,
  ): Promise<T> {
    const names = servers.map(({ name }) => name).join(', ');
    try {
      return await within(work, patienceMs, () => new Error(`${what} ${names}: not within ${patienceMs} ms`));
    } catch (error) {
      for (const server of servers) this.wedged.add(server);
      work.catch(() => undefined);
      throw new Error(
        `${what} ${names}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
        { cause: error },
      );
    }
  }

  /** From now on the server is no source any more, and no replica yet. */
  loses(server: ChaosServer): void {
    if (!this.stale.some(({ uuid, until }) => uuid === server.uuid && until === undefined))
      this.stale.push({ uuid: server.uuid, from: performance.now() });
  }

  /** Stops the writes of clients; rejects when transactions in progress do not end. */
  async fence(server: ChaosServer): Promise<void> {
    await this.#step(
      'super_read_only on',
      [server],
      server.mysqld.sql(`SET SESSION lock_wait_timeout = ${lockWaitS}`, 'SET GLOBAL super_read_only = ON'),
    );
  }

  /** Lets clients write again. */
  async unfence(server: ChaosServer): Promise<void> {
    await this.#step(
      'writable',
      [server],
      server.mysqld.sql('SET GLOBAL super_read_only = OFF', 'SET GLOBAL read_only = OFF'),
    );
  }

  /** Resolves when the server has executed all that the other server has; rejects after some seconds. */
  async catchUp(server: ChaosServer, source: ChaosServer): Promise<void> {
    const wanted = await this.#step('gtid_executed of', [source], executedOf(source));
    const work = server.mysqld
      .sql(`SELECT WAIT_FOR_EXECUTED_GTID_SET('${wanted}', 8) AS late`)
      .then(([row]) => {
        if (Number(row?.['late']) !== 0) throw new Error('is behind');
      });
    await this.#step('catch up on', [server], work);
  }

  async catchUpFrom(heir: ChaosServer, others: readonly ChaosServer[]): Promise<void> {
    await this.#step(
      'catch up from peers',
      [heir, ...others],
      catchUpFromPeers(heir, others, this.#cluster.accounts),
    );
  }

  /** Makes the server the source. Resolves with the moment just before the server could be written to. */
  async promote(server: ChaosServer): Promise<number> {
    await this.#step('stop replicating', [server], stopReplicating(server));
    await this.waitForReplicas(server, true);
    await this.#step('super_read_only off', [server], server.mysqld.sql('SET GLOBAL super_read_only = OFF'));
    return await this.#step('read_only off', [server], makeWritable(server));
  }

  /** Whether the commits of the server wait for replicas, where the cluster is semi-synchronous. */
  async waitForReplicas(source: ChaosServer, wait: boolean): Promise<void> {
    const { acknowledgements } = this.#cluster;
    const work =
      wait && acknowledgements > 0
        ? waitForAcknowledgements(source, acknowledgements)
        : this.semiSyncOff(source);
    await this.#step('semi-sync of', [source], work);
  }

  /** A replica waits for no acknowledgement. */
  async semiSyncOff(replica: ChaosServer): Promise<void> {
    await this.#step(
      'semi-sync off on',
      [replica],
      replica.mysqld.sql('SET GLOBAL rpl_semi_sync_source_enabled = OFF'),
    );
  }

  /** Makes the server a replica. */
  async follow(replica: ChaosServer, source: ChaosServer): Promise<void> {
    for (const period of this.stale) if (period.uuid === replica.uuid) period.until ??= performance.now();
    await this.#step(
      'CHANGE REPLICATION SOURCE on',
      [replica],
      replicateFrom(replica, source, this.#cluster.accounts),
    );
  }

  async replicating(replicas: readonly ChaosServer[]): Promise<void> {
    await this.#step('replication of', replicas, replicating(replicas), 60_000);
  }

  /** What the server has that the source lacks; '' for nothing. */
  async compare(replica: ChaosServer, source: ChaosServer): Promise<string> {
    const gtids = await this.#step('compare', [replica, source], errantOf(replica, source));
    this.errant.push({ uuid: replica.uuid, at: performance.now(), gtids });
    return gtids;
  }

  /** Makes the server a replica, unless it is a replica of that source. */
  async rejoin(replica: ChaosServer, source: ChaosServer): Promise<void> {
    const attached = await this.#step('channels of', [replica], isAttached(replica, source));
    if (!attached) await this.follow(replica, source);
  }

  /** Replaces the data of the server by the data of the source, and makes it a replica. */
  async rebuild(replica: ChaosServer, source: ChaosServer): Promise<void> {
    // CLONE needs a server that does not replicate.
    await this.#step('stop replicating', [replica], stopReplicating(replica));
    await this.#step('CLONE on', [replica], cloneFrom(replica, source, this.#cluster.accounts), 90_000);
    await this.follow(replica, source);
  }

  /** A script writes to a server because it takes the server for the source. */
  async staleWrite(server: ChaosServer, row: number): Promise<void> {
    // Without replicas a semi-synchronous commit would wait for ever.
    const statements = [
      'SET GLOBAL rpl_semi_sync_source_enabled = OFF',
      `INSERT INTO shop.orders (n) VALUES (${row})`,
    ];
    await this.#step('a stale write to', [server], server.mysqld.sql(...statements)).catch(() => undefined);
  }

  /** Starts a server as its owner has configured it: as the source, or as a replica. */
  async start(server: ChaosServer, asSource: boolean): Promise<void> {
    if (server.mysqld.running) return;
    await server.mysqld.start(asSource ? sourceOptions(this.#cluster) : []);
  }

  /** Kills the server and starts it again. */
  async bounce(server: ChaosServer, asSource: boolean): Promise<void> {
    await server.mysqld.kill9();
    await delay(0);
    await this.start(server, asSource);
  }
}

async function isAttached({ mysqld }: ChaosServer, { uuid }: ChaosServer): Promise<boolean> {
  const [row] = await mysqld.sql(
    `SELECT COUNT(*) AS channels FROM performance_schema.replication_connection_status c JOIN performance_schema.replication_applier_status a USING (CHANNEL_NAME)
     WHERE c.SOURCE_UUID = '${uuid}' AND c.SERVICE_STATE = 'ON' AND a.SERVICE_STATE = 'ON'`,
  );
  return Number(row?.['channels']) === 1;
}
