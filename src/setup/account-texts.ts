/** The account of source-dns, as SQL: one statement a line. Pure but for the password, which is random. */

import { randomInt } from 'node:crypto';
import {
  accountName,
  accountStatements,
  grantStatements,
  mariadbGrantStatements,
  quotedText,
} from '../mysql/answer/grants.ts';
import type { SetupAccount } from './setup.ts';

const alphabets = ['ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnopqrstuvwxyz', '23456789', '-_.+'] as const;
/** From every alphabet: together about 140 bits. */
const lettersOfEach = 7;

/** A new password that policies accept (all kinds of letters), and that needs no escape in SQL or a shell. */
export function newPassword(): string {
  const letters = alphabets.flatMap((alphabet) =>
    Array.from({ length: lettersOfEach }, () => alphabet[randomInt(alphabet.length)] ?? ''),
  );
  // Fisher and Yates: every order is as likely as any other.
  for (let last = letters.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [letters[last], letters[other]] = [letters[other] ?? '', letters[last] ?? ''];
  }
  return letters.join('');
}

/** CREATE USER, unless the account is there, and the GRANT statements. Without a password: a placeholder. */
export function accountSql(
  { user, hosts, product, exists }: Omit<SetupAccount, 'tls' | 'caFile'>,
  password?: string,
): readonly string[] {
  const account = accountName(user, hosts);
  const grants = product === 'mariadb' ? mariadbGrantStatements : grantStatements;
  if (exists) return grants(account);
  const statements = accountStatements(account, grants);
  if (password === undefined) return statements;
  // A function: `$&` in a password has no meaning.
  return statements.map((statement) => statement.replace("'<password>'", () => quotedText(password)));
}

/** The text of grants.sql. It has the password, if the account is new. */
export function grantsText(account: SetupAccount, password: string): string {
  return [
    '-- The account of source-dns: it may look at replication, and at no data. Run this on the source; the',
    '-- replicas get it by replication:  mysql -h SOURCE -u ADMIN -p < grants.sql',
    ...(account.exists
      ? ['-- The account exists. If its host part is not the one below, correct it: SELECT CURRENT_USER();']
      : ['-- The password is the one in mysql.password. Delete this file when the account exists.']),
    ...accountSql(account, password),
    '-- Only to find replicas by the source (init, discover_within). On MySQL it also lets the account read the',
    '-- whole binary log: take it back afterwards.',
    `-- GRANT ${account.product === 'mariadb' ? 'REPLICATION MASTER ADMIN' : 'REPLICATION SLAVE'} ON *.* TO ${accountName(account.user, account.hosts)};`,
    '',
  ].join('\n');
}
