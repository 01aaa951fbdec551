import type { Version } from '../../core/model/observation.ts';
import { atLeast } from './version.ts';

/** The tables of `performance_schema` that the queries of MySQL read, and nothing else: what the user needs SELECT on. */
export const probedTables = [
  'replication_applier_configuration',
  'replication_applier_status',
  'replication_applier_status_by_coordinator',
  'replication_applier_status_by_worker',
  'replication_connection_configuration',
  'replication_connection_status',
  'replication_group_members',
] as const;

/** The account of the watching user as MySQL writes it: `'source_dns'@'%'`. */
export const accountName = (user: string, hostPattern = '%'): string =>
  `${quote(user)}@${quote(hostPattern)}`;

/** `CURRENT_USER()` says `source_dns@%`: the account that the server chose, quoted for a statement. The host never holds an `@`. */
export function accountOfCurrentUser(currentUser: string): string {
  const at = currentUser.lastIndexOf('@');
  return accountName(currentUser.slice(0, at), currentUser.slice(at + 1));
}

/** The least that watching MySQL needs: SELECT on the replication tables of the Performance Schema, and nothing else. One statement a table: MySQL has no list. */
export const grantStatements = (account: string): readonly string[] =>
  probedTables.map((table) => `GRANT SELECT ON performance_schema.${table} TO ${account};`);

/** The least that watching MariaDB needs, which was renamed twice (MariaDB manual, "GRANT"): 10.5.9 has the one privilege that only shows the replicas' status. */
export const mariadbGrantStatements = (account: string, version?: Version): readonly string[] => [
  `GRANT ${version && !atLeast(version, 10, 5, 9) ? 'REPLICATION SLAVE ADMIN' : 'REPLICA MONITOR'} ON *.* TO ${account};`,
];

/** All statements for a new account. On a source they reach the replicas by replication. The password is a placeholder. */
export const accountStatements = (account: string, grants = grantStatements): readonly string[] => [
  `CREATE USER ${account} IDENTIFIED BY '<password>';`,
  ...grants(account),
];

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
