/**
 * MySQL 8.0, 8.4, 9.x and the calendar versions (26.x). One SELECT brings everything but the group: each
 * further statement is a further round trip, which counts at `suspect_interval`. It needs only SELECT on the
 * tables of grants.ts. With GTIDs, `SHOW REPLICA STATUS` is not used: it needs REPLICATION CLIENT, and lag.ts
 * computes Seconds_Behind_Source from the same tables.
 */

import { coordinateStatements } from '../answer/coordinates.ts';
import { failoverStatements } from '../answer/failover-list-rows.ts';
import { grantStatements } from '../answer/grants.ts';
import { groupStatement } from '../answer/group-rows.ts';
import type { QuerySet } from '../answer/query-set.ts';
import { mysqlSwitches } from '../answer/write-switches.ts';
import { readMysql } from './mysql-rows.ts';
import { glanceQuery, probeQuery, sessionSetup, timesOf8 } from './probe-query.ts';

const setup = (queryTimeoutMs: number): string => sessionSetup('transaction_read_only', queryTimeoutMs);

/** SOURCE_CONNECTION_AUTO_FAILOVER came with 8.0.22. */
const probes = ['c.SOURCE_CONNECTION_AUTO_FAILOVER', "'0'"].map((autoFailover) =>
  probeQuery({ autoFailover, times: timesOf8, rules: mysqlSwitches }),
) as [string, string];

/** MySQL 8.0 and later. */
export const mysql8: QuerySet = {
  name: 'MySQL 8',
  setup,
  statements: [
    { name: 'server', spellings: probes, prepared: true },
    groupStatement,
    ...coordinateStatements,
    ...failoverStatements,
  ],
  glance: glanceQuery(mysqlSwitches),
  read: (input) => readMysql(input, { timed: true, rules: mysqlSwitches }),
  grants: grantStatements,
};
