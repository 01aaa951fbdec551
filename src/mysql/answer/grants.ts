/** What our account must be allowed to do, as statements. */

import type { Version } from '../../core/model/observation.ts';
import { atLeast } from './version.ts';

/** The tables of `performance_schema` that the queries for MySQL read: the account needs SELECT on them. */
export const probedTables = [
  'replication_applier_configuration',
  'replication_applier_status',
  'replication_applier_status_by_coordinator',
  'replication_applier_status_by_worker',
  'replication_connection_configuration',
  'replication_connection_status',
  'replication_group_members',
] as const;

export const accountName = (user: string, hostPattern = '%'): string =>
  `${quotedText(user)}@${quotedText(hostPattern)}`;

/** `CURRENT_USER()` says `source_dns@%`: quoted for a statement. The host never has an `@`. */
export function accountOfCurrentUser(currentUser: string): string {
  const at = currentUser.lastIndexOf('@');
  return accountName(currentUser.slice(0, at), currentUser.slice(at + 1));
}

/** All that MySQL needs. One statement for each table: MySQL allows no list. */
export const grantStatements = (account: string): readonly string[] =>
  probedTables.map((table) => `GRANT SELECT ON performance_schema.${table} TO ${account};`);

/** All that MariaDB needs: the privilege to see the status of replicas has its own name from 10.5.9 on. */
export const mariadbGrantStatements = (account: string, version?: Version): readonly string[] => [
  `GRANT ${version && !atLeast(version, 10, 5, 9) ? 'REPLICATION SLAVE ADMIN' : 'REPLICA MONITOR'} ON *.* TO ${account};`,
];

/** For a new account. On a source they reach the replicas too. The password is a placeholder. */
export const accountStatements = (account: string, grants = grantStatements): readonly string[] => [
  `CREATE USER ${account} IDENTIFIED BY '<password>';`,
  ...grants(account),
];

/** A text as a literal of SQL. With NO_BACKSLASH_ESCAPES a backslash would count twice. */
export const quotedText = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
