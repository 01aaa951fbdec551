import { probedTables } from './queries.ts';

/** The account of the watching user as MySQL writes it: `'source_dns'@'%'`. */
export const accountName = (user: string, hostPattern = '%'): string => `${quote(user)}@${quote(hostPattern)}`;

/** `CURRENT_USER()` says `source_dns@%`: the account that the server chose, quoted for a statement. The host never holds an `@`. */
export function accountOfCurrentUser(currentUser: string): string {
  const at = currentUser.lastIndexOf('@');
  return accountName(currentUser.slice(0, at), currentUser.slice(at + 1));
}

/** The least that watching needs: SELECT on the replication tables of the Performance Schema, and nothing else. One statement a table: MySQL has no list. */
export const grantStatements = (account: string): readonly string[] =>
  probedTables.map((table) => `GRANT SELECT ON performance_schema.${table} TO ${account};`);

/** All statements for a new account. On a source they reach the replicas by replication. The password is a placeholder. */
export const accountStatements = (account: string): readonly string[] => [
  `CREATE USER ${account} IDENTIFIED BY '<password>';`,
  ...grantStatements(account),
];

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
