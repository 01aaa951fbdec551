/** What to do about a server's refusal, by its number, as statements where there are any. */

import type { ServerAddress } from '../../core/model/units.ts';
import {
  accountName,
  accountOfCurrentUser,
  accountStatements,
  grantStatements,
  mariadbGrantStatements,
} from './grants.ts';

/** Who asked whom. `currentUser` is what CURRENT_USER() said, where the login succeeded. */
export interface Asker {
  readonly server: ServerAddress;
  readonly user: string;
  /** Whether the login went through TLS. */
  readonly encrypted: boolean;
  readonly currentUser?: string;
  /** What the account needs, where the flavour is known. */
  readonly grants?: (account: string) => readonly string[];
}

/** Undefined where the server's own words must do. `text`: these words. */
export function hintForServerError(asker: Asker, errno: number, text: string): string | undefined {
  const named = account(asker);
  switch (errno) {
    case 1040:
    case 1203:
      return `No connection was left for us: look at ${errno === 1040 ? 'max_connections' : 'max_user_connections'}, and at what uses them. ${asker.user} needs one at a time.`;
    case 1226:
      return limitHint(named, text);
    case 1043:
    case 1251:
    case 1275:
      return noCommonLogin(asker);
    case 1044:
    case 1142:
    case 1143:
    case 1227:
      return onSource((asker.grants ?? grantStatements)(named).join(' '));
    case 1045:
    case 1698:
      return deniedHint(asker);
    case 1130:
      return `No account of the server may come from this machine: ${newAccount(accountName(asker.user))}`;
    case 1524:
      return `The server has not (any more) the plugin that the account logs in by; MySQL 9 has no mysql_native_password, and 8.4 only where it is switched on. ${newPassword(named)}`;
    case 1820:
    case 1862:
      return onSource(`ALTER USER ${named} IDENTIFIED BY '<password>' PASSWORD EXPIRE NEVER;`);
    case 3118:
    case 3955:
    case 4151:
      return onSource(`ALTER USER ${named} ACCOUNT UNLOCK;`);
    default:
      return hints[errno];
  }
}

/** No login is possible that both know. */
export const noCommonLogin = (asker: Asker): string =>
  `The server and this client have no way to log in in common. ${newPassword(account(asker))}`;

/** Accounts replicate. The same statement on a replica that is not read-only would be a transaction that only this replica has. */
const onSource = (statements: string): string =>
  `On the source, which passes it on to its replicas (on a replica it would be an errant transaction): ${statements}`;

/** Those that are the same for every account. */
const hints: Readonly<Record<number, string>> = {
  1047: "The Galera node is outside of the primary component, joins, or rejects queries. Look there at: SHOW STATUS LIKE 'wsrep_%'; SHOW VARIABLES LIKE 'wsrep_reject_queries';",
  1129: 'Too many connections from this machine were broken off. On the server: TRUNCATE TABLE performance_schema.host_cache; (MariaDB: FLUSH LOCAL HOSTS;)',
  1158: 'The server lost the connection to us: look at the network in between.',
  1159: 'The server waited for us in vain: look at the network in between, and at connect_timeout and net_read_timeout of the server.',
  1160: 'The server lost the connection to us: look at the network in between.',
  1161: 'The server could not send to us: look at the network in between, and at net_write_timeout of the server.',
  1184: "The server breaks off every new connection of an account without CONNECTION_ADMIN (SUPER): mostly its init_connect fails. See the server's error log, and: SELECT @@global.init_connect;",
  3032: 'The server is in offline_mode: it lets nobody in but administrators. If it shall serve clients: SET GLOBAL offline_mode = OFF; there. If another server takes its place, promote that one: the name follows it.',
  3159: 'The server has require_secure_transport: set tls: required, or preferred.',
  4150: 'Too many wrong passwords (max_password_errors). On the server: FLUSH LOCAL PRIVILEGES;',
};

/** What error 1226 calls a limit, and how ALTER USER does. The first names of a limit are MySQL's, the second MariaDB's. */
const limits: Readonly<Record<string, string>> = {
  max_questions: 'MAX_QUERIES_PER_HOUR',
  max_queries_per_hour: 'MAX_QUERIES_PER_HOUR',
  max_updates: 'MAX_UPDATES_PER_HOUR',
  max_updates_per_hour: 'MAX_UPDATES_PER_HOUR',
  max_connections_per_hour: 'MAX_CONNECTIONS_PER_HOUR',
  max_user_connections: 'MAX_USER_CONNECTIONS',
};

function limitHint(named: string, text: string): string {
  const [, resource = ''] = /'(max_[a-z_]+)'/.exec(text) ?? [];
  const limit = limits[resource];
  const statement =
    limit === undefined ? `SHOW CREATE USER ${named};` : onSource(`ALTER USER ${named} WITH ${limit} 0;`);
  return `A limit of the account is used up (max_connections of the server is another one): ${statement}`;
}

/** MariaDB before 11 says "access denied" too where it wants TLS (run on 10.11). */
function deniedHint(asker: Asker): string {
  const tls = asker.encrypted
    ? ''
    : ' This login was without TLS: if the account has REQUIRE SSL, or the server require_secure_transport, set tls: required.';
  return `Check the password.${tls} If there is no such account: ${newAccount(account(asker))}`;
}

const account = (asker: Asker): string =>
  asker.currentUser === undefined ? accountName(asker.user) : accountOfCurrentUser(asker.currentUser);

/** Before the login nobody knows which product it is. */
const newAccount = (name: string): string =>
  onSource(
    `${accountStatements(name).join(' ')} (MariaDB: ${accountStatements(name, mariadbGrantStatements).join(' ')})`,
  );

const newPassword = (named: string): string =>
  onSource(
    `ALTER USER ${named} IDENTIFIED WITH caching_sha2_password BY '<password>'; (MariaDB: ALTER USER ${named} IDENTIFIED BY '<password>';)`,
  );
