/** The one SELECT of a MySQL probe, and the setup of its session. */

import { changingSwitches, type SwitchRules, switchColumns } from '../answer/write-switches.ts';

/** `max_execution_time` is in milliseconds. */
export const sessionSetup = (
  readOnly: 'transaction_read_only' | 'tx_read_only',
  queryTimeoutMs: number,
): string =>
  `SET SESSION time_zone = '+00:00', autocommit = 1, ${readOnly} = 1, max_execution_time = ${Math.max(1, Math.ceil(queryTimeoutMs))}, wait_timeout = 3600`;

/** Microseconds since that time, by the server's clock; NULL for the zero date, which means "never". */
const age = (column: string): string => `TIMESTAMPDIFF(MICROSECOND, ${column}, NOW(6))`;

interface ProbeColumns {
  readonly autoFailover: string;
  readonly times: TransactionTimes;
  readonly rules: SwitchRules;
}

/** Ages of transactions, in microseconds. */
interface TransactionTimes {
  readonly queued: string;
  readonly queueing: string;
  readonly queuedCommit: string;
  readonly applyingCommit: string;
  readonly processingCommit: string;
}

/** MySQL 8.0 and later. */
export const timesOf8: TransactionTimes = {
  queued: age('s.LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP'),
  queueing: age('s.QUEUEING_TRANSACTION_START_QUEUE_TIMESTAMP'),
  queuedCommit: age('s.LAST_QUEUED_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP'),
  applyingCommit: `(SELECT MAX(${age('w.APPLYING_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP')}) FROM performance_schema.replication_applier_status_by_worker AS w
   WHERE w.CHANNEL_NAME = c.CHANNEL_NAME)`,
  processingCommit: age('co.PROCESSING_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP'),
};

export const noTimes: TransactionTimes = {
  queued: 'NULL',
  queueing: 'NULL',
  queuedCommit: 'NULL',
  applyingCommit: 'NULL',
  processingCommit: 'NULL',
};

/**
 * A row for each channel, or one row with a NULL channel. The server's columns are the same in each row. The
 * ages are last: all before them is the same bytes in each probe of a quiet server, and is not read again.
 */
export const probeQuery = ({
  autoFailover,
  times,
  rules,
}: ProbeColumns): string => `SELECT @@server_uuid AS server_uuid, @@version AS version, @@version_comment AS version_comment, @@hostname AS hostname, @@port AS port,
 @@global.read_only AS read_only, @@global.super_read_only AS super_read_only,
 @@global.offline_mode AS offline_mode, ${switchColumns(rules)},
 @@global.gtid_mode AS gtid_mode, @@global.gtid_executed AS gtid_executed,
 @@global.performance_schema AS performance_schema,
 (SELECT COUNT(*) FROM performance_schema.replication_group_members) AS group_members, ch.*
FROM (SELECT 1) AS one LEFT JOIN (
 SELECT c.CHANNEL_NAME AS channel, c.HOST AS source_host, c.PORT AS source_port, c.USER AS source_user,
  s.SOURCE_UUID AS source_uuid,
  s.SERVICE_STATE AS receiver, a.SERVICE_STATE AS applier,
  c.HEARTBEAT_INTERVAL AS heartbeat_s, ${autoFailover} AS auto_failover,
  s.RECEIVED_TRANSACTION_SET AS retrieved,
  d.DESIRED_DELAY AS delay_s,
  s.LAST_ERROR_NUMBER AS receiver_errno, LEFT(s.LAST_ERROR_MESSAGE, 200) AS receiver_error,
  co.LAST_ERROR_NUMBER AS coordinator_errno, LEFT(co.LAST_ERROR_MESSAGE, 200) AS coordinator_error,
  (SELECT LEFT(w.LAST_ERROR_MESSAGE, 200) FROM performance_schema.replication_applier_status_by_worker AS w
   WHERE w.CHANNEL_NAME = c.CHANNEL_NAME AND w.LAST_ERROR_NUMBER <> 0
   ORDER BY w.LAST_ERROR_TIMESTAMP DESC LIMIT 1) AS worker_error,
  a.REMAINING_DELAY AS remaining_delay_s,
  ${age('s.LAST_HEARTBEAT_TIMESTAMP')} AS heartbeat_age_us,
  ${times.queued} AS queued_age_us,
  ${times.queueing} AS queueing_age_us,
  ${times.queuedCommit} AS queued_commit_age_us,
  ${times.applyingCommit} AS applying_commit_age_us,
  ${times.processingCommit} AS processing_commit_age_us
 FROM performance_schema.replication_connection_configuration AS c
 JOIN performance_schema.replication_connection_status AS s USING (CHANNEL_NAME)
 JOIN performance_schema.replication_applier_configuration AS d USING (CHANNEL_NAME)
 JOIN performance_schema.replication_applier_status AS a USING (CHANNEL_NAME)
 LEFT JOIN performance_schema.replication_applier_status_by_coordinator AS co USING (CHANNEL_NAME)
) AS ch ON TRUE`;

/** The columns of `probeQuery` that a person changes for a switchover. */
export const glanceQuery = (rules: SwitchRules): string =>
  `SELECT @@server_uuid AS server_uuid, @@global.read_only AS read_only, @@global.super_read_only AS super_read_only, @@global.offline_mode AS offline_mode, ${changingSwitches(rules)}`;
