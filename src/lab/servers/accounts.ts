import { randomBytes } from 'node:crypto';
import { grantStatements, mariadbGrantStatements } from '../../mysql/answer/grants.ts';

/** Passwords of the lab's accounts, made anew for every lab. */
export interface Accounts {
  /** Replication, CLONE and the recovery of a group's members. */
  readonly repl: string;
  /** What the web application uses. */
  readonly web: string;
  /** What source-dns watches with. */
  readonly watcher: string;
}

/** Makes the accounts for clients of these hosts (a pattern of LIKE): one statement of one line each. */
export type AccountSql = (accounts: Accounts, hosts?: string) => readonly string[];

const loopback = '127.0.0.%';

/** New passwords. */
export function makeAccounts(): Accounts {
  const password = () => randomBytes(12).toString('hex');
  return { repl: password(), web: password(), watcher: password() };
}

const userSql = ({ repl, web, watcher }: Accounts, hosts: string): readonly string[] => [
  `CREATE USER IF NOT EXISTS 'repl'@'${hosts}' IDENTIFIED BY '${repl}'`,
  `CREATE USER IF NOT EXISTS 'web'@'${hosts}' IDENTIFIED BY '${web}'`,
  `GRANT SELECT, INSERT, CREATE ON shop.* TO 'web'@'${hosts}'`,
  `CREATE USER IF NOT EXISTS 'source_dns'@'${hosts}' IDENTIFIED BY '${watcher}'`,
];

/** On MySQL, with what each account needs and nothing else. */
export const accountSql: AccountSql = (accounts, hosts = loopback) => [
  ...userSql(accounts, hosts),
  `GRANT REPLICATION SLAVE, BACKUP_ADMIN ON *.* TO 'repl'@'${hosts}'`,
  ...grantStatements(`'source_dns'@'${hosts}'`).map((statement) => statement.replace(/;$/, '')),
];

/** On MariaDB, the same. */
export const mariadbAccountSql: AccountSql = (accounts, hosts = loopback) => [
  ...userSql(accounts, hosts),
  `GRANT REPLICATION SLAVE ON *.* TO 'repl'@'${hosts}'`,
  ...mariadbGrantStatements(`'source_dns'@'${hosts}'`).map((statement) => statement.replace(/;$/, '')),
];
