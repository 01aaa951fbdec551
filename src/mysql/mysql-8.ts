/**
 * MySQL 8.0, 8.4, 9.x and the calendar versions (26.x).
 *
 * One SELECT brings all but the group, because mysql2 waits for each answer before it sends the next statement: a second statement is a second
 * round trip, which counts at `suspect_interval`. It needs no privilege but SELECT on the tables of grants.ts. `SHOW REPLICA STATUS` is not used where there are GTIDs:
 * it needs REPLICATION CLIENT, and its Seconds_Behind_Source can be computed from the same tables (see lag.ts).
 */

import { coordinateStatements } from './coordinates.ts';
import { grantStatements } from './grants.ts';
import { groupStatement } from './group.ts';
import { readMysql } from './mysql-rows.ts';
import type { QuerySet } from './query-set.ts';

/** `max_execution_time` is in milliseconds. */
const setup = (queryTimeoutMs: number): string =>
  `SET SESSION time_zone = '+00:00', autocommit = 1, transaction_read_only = 1, max_execution_time = ${Math.max(1, Math.ceil(queryTimeoutMs))}, wait_timeout = 3600`;

/** Microseconds from that time until now, both by the server's clock; NULL for the zero date, which says "never". */
const age = (column: string): string => `TIMESTAMPDIFF(MICROSECOND, ${column}, NOW(6))`;

/** One row for each channel, or one row with a NULL channel. The server's own columns are the same in each. SOURCE_CONNECTION_AUTO_FAILOVER came with 8.0.22. */
const probeQuery = (
  autoFailover: string,
): string => `SELECT @@server_uuid AS server_uuid, @@version AS version, @@version_comment AS version_comment,
 @@global.read_only AS read_only, @@global.super_read_only AS super_read_only, @@global.offline_mode AS offline_mode,
 @@global.gtid_mode AS gtid_mode, @@global.gtid_executed AS gtid_executed, @@global.performance_schema AS performance_schema,
 (SELECT COUNT(*) FROM performance_schema.replication_group_members) AS group_members, ch.*
FROM (SELECT 1) AS one LEFT JOIN (
 SELECT c.CHANNEL_NAME AS channel, c.HOST AS source_host, c.PORT AS source_port, s.SOURCE_UUID AS source_uuid,
  s.SERVICE_STATE AS receiver, a.SERVICE_STATE AS applier,
  c.HEARTBEAT_INTERVAL AS heartbeat_s, ${autoFailover} AS auto_failover,
  ${age('s.LAST_HEARTBEAT_TIMESTAMP')} AS heartbeat_age_us,
  ${age('s.LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP')} AS queued_age_us,
  ${age('s.QUEUEING_TRANSACTION_START_QUEUE_TIMESTAMP')} AS queueing_age_us,
  ${age('s.LAST_QUEUED_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP')} AS queued_commit_age_us,
  s.RECEIVED_TRANSACTION_SET AS retrieved,
  (SELECT MAX(${age('w.APPLYING_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP')}) FROM performance_schema.replication_applier_status_by_worker AS w
   WHERE w.CHANNEL_NAME = c.CHANNEL_NAME) AS applying_commit_age_us,
  ${age('co.PROCESSING_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP')} AS processing_commit_age_us,
  d.DESIRED_DELAY AS delay_s, a.REMAINING_DELAY AS remaining_delay_s,
  s.LAST_ERROR_NUMBER AS receiver_errno, LEFT(s.LAST_ERROR_MESSAGE, 200) AS receiver_error,
  co.LAST_ERROR_NUMBER AS coordinator_errno, LEFT(co.LAST_ERROR_MESSAGE, 200) AS coordinator_error,
  (SELECT LEFT(w.LAST_ERROR_MESSAGE, 200) FROM performance_schema.replication_applier_status_by_worker AS w
   WHERE w.CHANNEL_NAME = c.CHANNEL_NAME AND w.LAST_ERROR_NUMBER <> 0 ORDER BY w.LAST_ERROR_TIMESTAMP DESC LIMIT 1) AS worker_error
 FROM performance_schema.replication_connection_configuration AS c
 JOIN performance_schema.replication_connection_status AS s USING (CHANNEL_NAME)
 JOIN performance_schema.replication_applier_configuration AS d USING (CHANNEL_NAME)
 JOIN performance_schema.replication_applier_status AS a USING (CHANNEL_NAME)
 LEFT JOIN performance_schema.replication_applier_status_by_coordinator AS co USING (CHANNEL_NAME)
) AS ch ON TRUE`;

/** MySQL 8.0 and later. */
export const mysql8: QuerySet = {
  name: 'MySQL 8',
  setup,
  statements: [
    { name: 'server', spellings: [probeQuery('c.SOURCE_CONNECTION_AUTO_FAILOVER'), probeQuery("'0'")] },
    groupStatement,
    ...coordinateStatements,
  ],
  read: (input) => readMysql(input, true),
  grants: grantStatements,
};
