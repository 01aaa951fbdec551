/**
 * MySQL 5.7, from the manual, not run: there is no package of it. Its replication tables have no times of
 * transactions (5.7 manual 25.12.11): a growing set shows that something was received, and the lag of a
 * replica that is behind is not known. A replica never chooses another source itself.
 */

import { coordinateStatements } from '../answer/coordinates.ts';
import { grantStatements } from '../answer/grants.ts';
import { hasGroup, pluginGone } from '../answer/group-rows.ts';
import type { QuerySet } from '../answer/query-set.ts';
import { mysql57Switches } from '../answer/write-switches.ts';
import { readMysql } from './mysql-rows.ts';
import { glanceQuery, noTimes, probeQuery, sessionSetup } from './probe-query.ts';

const setup = (queryTimeoutMs: number): string => sessionSetup('tx_read_only', queryTimeoutMs);

/** There is no MEMBER_ROLE. Without a single primary every online member is a primary, as in 8.0. */
const groupQuery = `SELECT @@global.group_replication_group_name AS group_name, @@global.group_replication_single_primary_mode AS single_primary,
 MEMBER_ID AS member_id, MEMBER_STATE AS member_state, MEMBER_HOST AS member_host, MEMBER_PORT AS member_port,
 CASE WHEN MEMBER_STATE <> 'ONLINE' THEN '' WHEN NOT @@global.group_replication_single_primary_mode THEN 'PRIMARY' WHEN MEMBER_ID = (
  SELECT VARIABLE_VALUE FROM performance_schema.global_status WHERE VARIABLE_NAME = 'group_replication_primary_member'
 ) THEN 'PRIMARY' ELSE 'SECONDARY' END AS member_role FROM performance_schema.replication_group_members`;

/** MySQL 5.7.9 (the first general release) and later. */
export const mysql57: QuerySet = {
  name: 'MySQL 5.7',
  setup,
  statements: [
    {
      name: 'server',
      spellings: [probeQuery({ autoFailover: "'0'", times: noTimes, rules: mysql57Switches })],
    },
    { name: 'group', spellings: [groupQuery], when: hasGroup, absentOn: [pluginGone] },
    ...coordinateStatements,
  ],
  glance: glanceQuery(mysql57Switches),
  read: (input) => readMysql(input, { timed: false, rules: mysql57Switches }),
  grants: grantStatements,
};
