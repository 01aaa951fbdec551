/** The accounts of the lab's servers, and the SQL that creates them. */

import { randomBytes } from 'node:crypto';
import { grantStatements, mariadbGrantStatements } from '../../mysql/answer/grants.ts';

/** Passwords, new for every lab. */
export interface Accounts {
  /** For replication, CLONE and the recovery of group members. */
  readonly repl: string;
  /** For the web application. */
  readonly web: string;
  /** For source-dns. */
  readonly watcher: string;
}

/** Statements of one line each. `hosts`: a LIKE pattern of client addresses. */
export type AccountSql = (accounts: Accounts, hosts?: string) => readonly string[];

const loopback = '127.0.0.%';

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

/** On MySQL, with the rights that each account needs and no others. */
export const accountSql: AccountSql = (accounts, hosts = loopback) => [
  ...userSql(accounts, hosts),
  `GRANT REPLICATION SLAVE, BACKUP_ADMIN ON *.* TO 'repl'@'${hosts}'`,
  ...grantStatements(`'source_dns'@'${hosts}'`).map((statement) => statement.replace(/;$/, '')),
];

/** The same on MariaDB. */
export const mariadbAccountSql: AccountSql = (accounts, hosts = loopback) => [
  ...userSql(accounts, hosts),
  `GRANT REPLICATION SLAVE ON *.* TO 'repl'@'${hosts}'`,
  ...mariadbGrantStatements(`'source_dns'@'${hosts}'`).map((statement) => statement.replace(/;$/, '')),
];
