/**
 * MySQL 5.7. Its replication tables have heartbeats, but no times of transactions (5.7 manual 25.12.11): what was received is noticed by its set growing, and the lag of a
 * replica that is behind is not known. There is no automatic choice of another source, and the role of a group's member is told by one status variable.
 * Read in the manual, not run: no package of it is to be had.
 */

import { coordinateStatements } from './coordinates.ts';
import { grantStatements } from './grants.ts';
import { hasGroup, pluginGone } from './group.ts';
import { readMysql } from './mysql-rows.ts';
import type { QuerySet } from './query-set.ts';

const setup = (queryTimeoutMs: number): string =>
  `SET SESSION time_zone = '+00:00', autocommit = 1, tx_read_only = 1, max_execution_time = ${Math.max(1, Math.ceil(queryTimeoutMs))}, wait_timeout = 3600`;

/** The columns of MySQL 8; NULL for what 5.7 has not. */
const probeQuery = `SELECT @@server_uuid AS server_uuid, @@version AS version, @@version_comment AS version_comment,
 @@global.read_only AS read_only, @@global.super_read_only AS super_read_only, @@global.offline_mode AS offline_mode,
 @@global.gtid_mode AS gtid_mode, @@global.gtid_executed AS gtid_executed, @@global.performance_schema AS performance_schema,
 (SELECT COUNT(*) FROM performance_schema.replication_group_members) AS group_members, ch.*
FROM (SELECT 1) AS one LEFT JOIN (
 SELECT c.CHANNEL_NAME AS channel, c.HOST AS source_host, c.PORT AS source_port, s.SOURCE_UUID AS source_uuid,
  s.SERVICE_STATE AS receiver, a.SERVICE_STATE AS applier,
  c.HEARTBEAT_INTERVAL AS heartbeat_s, '0' AS auto_failover,
  TIMESTAMPDIFF(MICROSECOND, s.LAST_HEARTBEAT_TIMESTAMP, NOW(6)) AS heartbeat_age_us,
  NULL AS queued_age_us, NULL AS queueing_age_us, NULL AS queued_commit_age_us,
  s.RECEIVED_TRANSACTION_SET AS retrieved,
  NULL AS applying_commit_age_us, NULL AS processing_commit_age_us,
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

/** `replication_group_members` has no MEMBER_ROLE; without a single primary every member that is online is one (as 8.0 says it, too). */
const groupQuery = `SELECT @@global.group_replication_group_name AS group_name, @@global.group_replication_single_primary_mode AS single_primary,
 MEMBER_ID AS member_id, MEMBER_STATE AS member_state,
 CASE WHEN MEMBER_STATE <> 'ONLINE' THEN '' WHEN NOT @@global.group_replication_single_primary_mode THEN 'PRIMARY' WHEN MEMBER_ID = (
  SELECT VARIABLE_VALUE FROM performance_schema.global_status WHERE VARIABLE_NAME = 'group_replication_primary_member'
 ) THEN 'PRIMARY' ELSE 'SECONDARY' END AS member_role FROM performance_schema.replication_group_members`;

/** MySQL 5.7.9 (the first that was released for use) and later. */
export const mysql57: QuerySet = {
  name: 'MySQL 5.7',
  setup,
  statements: [
    { name: 'server', spellings: [probeQuery] },
    { name: 'group', spellings: [groupQuery], when: hasGroup, absentOn: [pluginGone] },
    ...coordinateStatements,
  ],
  read: (input) => readMysql(input, false),
  grants: grantStatements,
};
