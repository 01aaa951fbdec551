/** What a DBA does with MariaDB replication by GTID. As in dba.ts, every wait is bounded. */

import { until } from '../host/until.ts';
import type { Accounts } from '../servers/accounts.ts';
import type { LabServer } from '../servers/cluster.ts';

/** Longer than any run: a source that times out goes on asynchronously, and could lose a write. */
const semiSyncTimeoutMs = 86_400_000;

/** A replica acknowledges by itself; a source is told to wait. A replica must not: its commits would hang. */
export const mariadbSemiSyncOptions: readonly string[] = [
  '--rpl_semi_sync_slave_enabled=ON',
  '--rpl_semi_sync_master_wait_point=AFTER_SYNC',
  `--rpl_semi_sync_master_timeout=${semiSyncTimeoutMs}`,
];

/** From now on a commit on this server waits for a replica, or does not. */
export async function waitForReplica({ mysqld }: LabServer, wait: boolean): Promise<void> {
  await mysqld.sql(`SET GLOBAL rpl_semi_sync_master_enabled = ${wait ? 'ON' : 'OFF'}`);
}

/** From its own position. */
export async function replicateByGtid(
  replica: LabServer,
  source: LabServer,
  { repl }: Accounts,
): Promise<void> {
  await replica.mysqld.sql(
    'STOP REPLICA',
    `CHANGE MASTER TO MASTER_HOST='${source.mysqld.address}', MASTER_PORT=${source.mysqld.port}, MASTER_USER='repl', MASTER_PASSWORD='${repl}',
     MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1, MASTER_HEARTBEAT_PERIOD=0.2`,
    'START REPLICA',
  );
}

export async function replicatingByGtid(replicas: readonly LabServer[]): Promise<void> {
  await until(`${replicas.map(({ name }) => name).join(', ')} to replicate`, async () => {
    const states = await Promise.all(replicas.map(statusOf));
    return states.every(
      (status) => status['Slave_IO_Running'] === 'Yes' && status['Slave_SQL_Running'] === 'Yes',
    );
  });
}

async function statusOf({ mysqld }: LabServer): Promise<Record<string, unknown>> {
  const [row] = await mysqld.sql('SHOW REPLICA STATUS');
  return row ?? {};
}

/**
 * Stops the receivers, lets every replica execute what it has received, and resolves with the most advanced
 * one: a semi-synchronous source waits for any one replica. The others stay in their order.
 */
export async function mostAdvanced(
  replicas: readonly LabServer[],
): Promise<{ readonly chosen: LabServer; readonly others: readonly LabServer[] }> {
  await Promise.all(replicas.map(({ mysqld }) => mysqld.sql('STOP REPLICA IO_THREAD')));
  const executed = await Promise.all(
    replicas.map(async (replica) => ({ replica, sequence: await drained(replica) })),
  );
  const [best] = executed.toSorted((a, b) => b.sequence - a.sequence);
  const chosen = best?.replica;
  if (chosen === undefined) throw new Error('there is no replica');
  return { chosen, others: replicas.filter((replica) => replica !== chosen) };
}

/** The sequence number of the newest transaction in domain 0, after everything received is executed. */
async function drained(replica: LabServer): Promise<number> {
  await until(`${replica.name} to execute all that it has received`, async () => {
    // Positions do not tell: half a transaction of a crashed source is received and never executed.
    const { Slave_SQL_Running_State: state } = await statusOf(replica);
    return /read all relay log/.test(String(state));
  });
  return await sequenceOf(replica);
}

async function sequenceOf({ mysqld }: LabServer): Promise<number> {
  const [row] = await mysqld.sql('SELECT @@GLOBAL.gtid_current_pos AS gtid');
  return Number(/^0-\d+-(\d+)$/.exec(String(row?.['gtid']))?.[1] ?? 0);
}

/** Ends replication; the server stays read-only. */
export async function stopReplicatingByGtid({ mysqld }: LabServer): Promise<void> {
  await mysqld.sql('STOP REPLICA', 'RESET REPLICA ALL');
}

export async function caughtUp(replica: LabServer, source: LabServer): Promise<void> {
  const wanted = await sequenceOf(source);
  await until(
    `${replica.name} to execute all that ${source.name} has`,
    async () => (await sequenceOf(replica)) >= wanted,
  );
}
