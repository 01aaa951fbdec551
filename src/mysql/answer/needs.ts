/** Each thing that our account may need, with the cheapest statement that shows whether it may. */

import { failoverTables } from './failover-list-rows.ts';
import { mariadbGrantStatements, probedTables } from './grants.ts';
import type { Traits } from './query-set.ts';

/**
 * - `probe`: every probe needs it.
 * - `positions`: places in the binary logs, in any `gtid_mode` but ON.
 * - `failover-lists`: the source lists of replicas that choose their source by themselves.
 * - `replicas`: servers that nobody configured.
 */
type Purpose = 'probe' | 'positions' | 'failover-lists' | 'replicas';

export interface Need {
  readonly purpose: Purpose;
  /** Between GRANT and TO: `SELECT ON performance_schema.replication_group_members`. */
  readonly privilege: string;
  /** The newest first; the next one where the server does not know a word. */
  readonly spellings: readonly [string, ...string[]];
}

const table = (purpose: Purpose, name: string): Need => ({
  purpose,
  privilege: `SELECT ON ${name}`,
  spellings: [`SELECT 1 FROM ${name} LIMIT 0`],
});

const mysqlNeeds: readonly Need[] = [
  ...probedTables.map((name) => table('probe', `performance_schema.${name}`)),
  {
    purpose: 'positions',
    privilege: 'REPLICATION CLIENT ON *.*',
    spellings: ['SHOW BINARY LOG STATUS', 'SHOW MASTER STATUS'],
  },
  ...failoverTables.map((name) => table('failover-lists', `performance_schema.${name}`)),
  {
    purpose: 'replicas',
    privilege: 'REPLICATION SLAVE ON *.*',
    spellings: ['SHOW REPLICAS', 'SHOW SLAVE HOSTS'],
  },
];

/** Aurora needs none. */
export function needsOf({ mariadb, aurora, rds, version }: Traits): readonly Need[] {
  if (aurora) return [];
  if (!mariadb) return rds ? [...mysqlNeeds, table('probe', 'mysql.rds_topology')] : mysqlNeeds;
  const [monitor = ''] = mariadbGrantStatements('', version);
  return [
    {
      purpose: 'probe',
      privilege: monitor.replace(/^GRANT | TO ;$/g, ''),
      spellings: ['SHOW ALL SLAVES STATUS'],
    },
    { purpose: 'replicas', privilege: 'REPLICATION MASTER ADMIN ON *.*', spellings: ['SHOW SLAVE HOSTS'] },
  ];
}
