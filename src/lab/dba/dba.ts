/**
 * What a DBA or a failover tool does with MySQL, by the procedure of the manual (19.4.8 "Switching Sources
 * During Failover"). Nothing here knows DNS. Every wait is bounded and rejects with a LabError.
 */

import { LabError } from '../host/lab-error.ts';
import { until, waitMs } from '../host/until.ts';
import type { Accounts } from '../servers/accounts.ts';
import type { LabServer } from '../servers/cluster.ts';

/** Longer than any run: a source that times out goes on asynchronously, and could lose a write. */
const semiSyncTimeoutMs = 86_400_000;

/** With auto-positioning. */
export async function replicateFrom(
  replica: LabServer,
  source: LabServer,
  accounts: Accounts,
): Promise<void> {
  await replica.mysqld.sql(
    'STOP REPLICA',
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${source.mysqld.address}', SOURCE_PORT=${source.mysqld.port}, SOURCE_USER='repl', SOURCE_PASSWORD='${accounts.repl}',
     SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1, SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=3600, SOURCE_HEARTBEAT_PERIOD=0.2`,
    'START REPLICA',
  );
}

/** Resolves when the receivers of all these replicas are on and their appliers run. */
export async function replicating(replicas: readonly LabServer[]): Promise<void> {
  await until(`${replicas.map(({ name }) => name).join(', ')} to replicate`, async () => {
    const states = await Promise.all(
      replicas.map(({ mysqld }) =>
        mysqld.sql(
          `SELECT c.SERVICE_STATE AS receiver, a.SERVICE_STATE AS applier FROM performance_schema.replication_connection_status c
           JOIN performance_schema.replication_applier_status a USING (CHANNEL_NAME)`,
        ),
      ),
    );
    return states.every(([state]) => state?.['receiver'] === 'ON' && state['applier'] === 'ON');
  });
}

/** From now on `source` acknowledges a commit only when `replicas` replicas have it. */
export async function waitForAcknowledgements(source: LabServer, replicas: number): Promise<void> {
  await source.mysqld.sql(
    `SET GLOBAL rpl_semi_sync_source_timeout = ${semiSyncTimeoutMs}`,
    `SET GLOBAL rpl_semi_sync_source_wait_for_replica_count = ${replicas}`,
    'SET GLOBAL rpl_semi_sync_source_enabled = ON',
  );
}

/** All transactions that a server has executed or received: what it would have after a promotion. */
async function everythingOf({ mysqld }: LabServer): Promise<string> {
  const [row] = await mysqld.sql(
    `SELECT CONCAT_WS(',', NULLIF(@@GLOBAL.gtid_executed, ''), NULLIF((SELECT GROUP_CONCAT(NULLIF(RECEIVED_TRANSACTION_SET, ''))
     FROM performance_schema.replication_connection_status), '')) AS gtids`,
  );
  return String(row?.['gtids'] ?? '').replaceAll('\n', '');
}

/**
 * Replicas do not synchronise with each other: one may have transactions that another lacks. So `chosen` gets
 * them from the others before its promotion. Resolves with the number of transactions that it lacked.
 */
export async function catchUpFromPeers(
  chosen: LabServer,
  others: readonly LabServer[],
  accounts: Accounts,
): Promise<number> {
  let lacked = 0;
  for (const replica of [chosen, ...others]) await replica.mysqld.sql('STOP REPLICA IO_THREAD');
  for (const other of others) {
    const theirs = await everythingOf(other);
    const missing = await countMissing(chosen, theirs);
    if (missing === 0) continue;
    lacked += missing;
    await replicateFrom(chosen, other, accounts);
    await executed(chosen, theirs);
  }
  await executed(chosen, await everythingOf(chosen));
  return lacked;
}

async function countMissing(server: LabServer, gtids: string): Promise<number> {
  const [row] = await server.mysqld.sql(
    `SELECT GTID_SUBTRACT('${gtids}', '${await everythingOf(server)}') AS missing`,
  );
  return countGtids(String(row?.['missing'] ?? ''));
}

function countGtids(set: string): number {
  let count = 0;
  for (const [, first, last] of set.matchAll(/:(\d+)(?:-(\d+))?/g))
    count += Number(last ?? first) - Number(first) + 1;
  return count;
}

export async function executed(server: LabServer, gtids: string): Promise<void> {
  if (gtids === '') return;
  const [row] = await server.mysqld.sql(
    `SELECT WAIT_FOR_EXECUTED_GTID_SET('${gtids}', ${waitMs / 1000}) AS late`,
  );
  if (Number(row?.['late']) !== 0)
    throw new LabError(`${server.name} did not execute ${gtids} in ${waitMs} ms`, {
      hint: `see ${server.mysqld.logFile}`,
    });
}

export async function executedOf({ mysqld }: LabServer): Promise<string> {
  const [row] = await mysqld.sql('SELECT @@GLOBAL.gtid_executed AS gtids');
  return String(row?.['gtids'] ?? '').replaceAll('\n', '');
}

/** Ends replication; the server stays read-only. */
export async function stopReplicating({ mysqld }: LabServer): Promise<void> {
  await mysqld.sql('STOP REPLICA', 'RESET REPLICA ALL');
}

/** Resolves with a moment (performance.now) just before the server became writable. */
export async function makeWritable({ mysqld }: LabServer): Promise<number> {
  const connection = await mysqld.connect();
  try {
    const moment = performance.now();
    await connection.query('SET GLOBAL read_only = OFF');
    return moment;
  } finally {
    connection.destroy();
  }
}

/** Administrators cannot write either. A commit that waits for an acknowledgement ends first. */
export async function makeReadOnly({ mysqld }: LabServer): Promise<void> {
  await mysqld.sql('SET GLOBAL super_read_only = ON');
}

/** Replaces the data of `recipient` by those of `donor` (manual 7.6.7): nothing stale is left. */
export async function cloneFrom(recipient: LabServer, donor: LabServer, accounts: Accounts): Promise<void> {
  await recipient.mysqld.sql(
    'SET GLOBAL super_read_only = OFF',
    `SET GLOBAL clone_valid_donor_list = '${donor.server}'`,
  );
  const statement = `CLONE INSTANCE FROM 'repl'@'${donor.mysqld.address}':${donor.mysqld.port} IDENTIFIED BY '${accounts.repl}'`;
  // Without a supervisor mysqld cannot restart itself after the copy: it says so (3707) and ends.
  await recipient.mysqld.sql(statement).catch((error: unknown) => {
    const { errno, code } = error as { errno?: number; code?: string };
    if (errno !== 3707 && code !== 'PROTOCOL_CONNECTION_LOST') throw error;
  });
  await recipient.mysqld.restart(['--super-read-only=ON']);
}
