/** The statements that end a refusal, by error number: one a line, ready to paste. */

import { isIP } from 'node:net';
import { accountName, grantStatements, quotedText } from './grants.ts';

export interface RefusalMend {
  /** Accounts replicate, so their statements belong on the source. */
  readonly at: 'source' | 'server' | 'configuration';
  readonly lines: readonly string[];
}

export interface Refused {
  readonly errno: number;
  /** The server's words. */
  readonly text: string;
  readonly user: string;
  /** The account, quoted, if another member accepted the same user. */
  readonly account?: string;
}

/** Not known before the login. */
export const unknownHost = '<host>';

/**
 * The address that the server saw: `Access denied for user 'u'@'10.0.0.5'`, `Host '::1' is not allowed`. Without
 * skip_name_resolve it may be a name, which is no good host part: then our address is ours to fill in.
 */
function seenHost(text: string): string {
  const [, host = ''] = /'@'([^']{1,255})'/.exec(text) ?? /Host '([^']{1,255})' is/.exec(text) ?? [];
  return isIP(host) === 0 ? '<our IP address>' : host;
}

/** Undefined: no statement is right without more knowledge; then the hint must be enough. */
export function refusalMend(refused: Refused): RefusalMend | undefined {
  const { errno, text, user } = refused;
  const known = refused.account ?? accountName(user, unknownHost);
  switch (errno) {
    case 1040:
      return { at: 'server', lines: ['SET PERSIST max_connections = <number>;'] };
    case 1203:
      return { at: 'server', lines: ['SET PERSIST max_user_connections = 0;'] };
    case 1226:
      return limitMend(known, text);
    case 1043:
    case 1251:
    case 1275:
    case 1524:
      return {
        at: 'source',
        lines: [`ALTER USER IF EXISTS ${known} IDENTIFIED WITH caching_sha2_password BY '<password>';`],
      };
    case 1045:
    case 1130:
    case 1698:
      return {
        at: 'source',
        lines: accountLines(refused.account ?? accountName(user, seenHost(text))),
      };
    case 1820:
    case 1862:
      return {
        at: 'source',
        lines: [`ALTER USER IF EXISTS ${known} IDENTIFIED BY '<password>' PASSWORD EXPIRE NEVER;`],
      };
    case 3118:
    case 3955:
    case 4151:
      return { at: 'source', lines: [`ALTER USER IF EXISTS ${known} ACCOUNT UNLOCK;`] };
    case 1129:
      return { at: 'server', lines: ['TRUNCATE TABLE performance_schema.host_cache;'] };
    case 3159:
      return { at: 'configuration', lines: ['tls: required'] };
    default:
      return undefined;
  }
}

/** The accounts that may be the one of our login. Only an administrator may ask. */
export const accountsQuery = (user: string): string =>
  `SELECT user, host, plugin, ssl_type, password_expired FROM mysql.user WHERE user IN (${quotedText(user)}, '');`;

/** For an account that wants a client certificate, which source-dns does not have. */
export const certificateLine = (
  { user, account = accountName(user, unknownHost) }: Pick<Refused, 'user' | 'account'>,
  encrypted: boolean,
): string => `ALTER USER ${account} REQUIRE ${encrypted ? 'SSL' : 'NONE'};`;

/** Right whether the account exists or not. */
const accountLines = (account: string): readonly string[] => [
  `CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY '<password>';`,
  `ALTER USER ${account} IDENTIFIED BY '<password>';`,
  ...grantStatements(account),
];

/** The names of a limit in error 1226, and in ALTER USER. */
const limits: Readonly<Record<string, string>> = {
  max_questions: 'MAX_QUERIES_PER_HOUR',
  max_updates: 'MAX_UPDATES_PER_HOUR',
  max_connections_per_hour: 'MAX_CONNECTIONS_PER_HOUR',
  max_user_connections: 'MAX_USER_CONNECTIONS',
};

function limitMend(account: string, text: string): RefusalMend | undefined {
  const [, resource = ''] = /'(max_[a-z_]+)'/.exec(text) ?? [];
  const limit = limits[resource];
  return limit === undefined
    ? undefined
    : { at: 'source', lines: [`ALTER USER IF EXISTS ${account} WITH ${limit} 0;`] };
}
