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

type Account = Pick<SetupAccount, 'user' | 'hosts' | 'product'>;

const grantsOf = ({ product }: Account) => (product === 'mariadb' ? mariadbGrantStatements : grantStatements);

/** What creates the account. Without a password: with a placeholder. */
export function newAccountSql(account: Account, password?: string): readonly string[] {
  const statements = accountStatements(accountName(account.user, account.hosts), grantsOf(account));
  if (password === undefined) return statements;
  // A function: `$&` in a password has no meaning.
  return statements.map((statement) => statement.replace("'<password>'", () => quotedText(password)));
}

/** The text of grants.sql. With a password: for an account that does not exist yet. */
export function grantsText(account: Account, password?: string): string {
  const name = accountName(account.user, account.hosts);
  return [
    '-- The account of source-dns: it may look at replication, and at no data. Run this on the source; the',
    '-- replicas get it by replication:  mysql -h SOURCE -u ADMIN -p < grants.sql',
    ...(password === undefined
      ? [
          '-- The account exists, and has these rights already. If its host part is another one, correct it here.',
          ...grantsOf(account)(name),
        ]
      : [
          '-- The password is the one in mysql.password. Delete this file when the account exists.',
          ...newAccountSql(account, password),
        ]),
    '-- Only to find replicas by the source (init, discover_within). On MySQL it also lets the account read the',
    '-- whole binary log: take it back afterwards.',
    `-- GRANT ${account.product === 'mariadb' ? 'REPLICATION MASTER ADMIN' : 'REPLICATION SLAVE'} ON *.* TO ${name};`,
    '',
  ].join('\n');
}
