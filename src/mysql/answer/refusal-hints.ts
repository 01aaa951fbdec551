/** What to do when a server refuses us, by error number; with statements where possible. */

import type { ServerAddress } from '../../core/model/units.ts';
import {
  accountName,
  accountOfCurrentUser,
  accountStatements,
  grantStatements,
  mariadbGrantStatements,
} from './grants.ts';

/** Who asked which server. `currentUser`: the answer of CURRENT_USER(), after a login. */
export interface Asker {
  readonly server: ServerAddress;
  readonly user: string;
  readonly encrypted: boolean;
  readonly currentUser?: string;
  /** What the account needs; absent while the flavour is not known. */
  readonly grants?: (account: string) => readonly string[];
}

/** Undefined: the server's own `text` must be enough. */
export function hintForServerError(asker: Asker, errno: number, text: string): string | undefined {
  const named = account(asker);
  switch (errno) {
    case 1040:
    case 1203:
      return `The server had no free connection: check ${errno === 1040 ? 'max_connections' : 'max_user_connections'}, and which clients use the connections. ${asker.user} needs one connection at a time.`;
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
      return `No account of the server allows a login from this machine. ${newAccount(accountName(asker.user))}`;
    case 1524:
      return `The server does not have the authentication plugin of the account: MySQL 9 has no mysql_native_password, and MySQL 8.4 has it only where it is turned on. ${newPassword(named)}`;
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

export const noCommonLogin = (asker: Asker): string =>
  `The server and this client have no login method in common. ${newPassword(account(asker))}`;

/** Accounts replicate. On a replica that is not read-only the statement would be an errant transaction. */
const onSource = (statements: string): string =>
  `Run on the source, which replicates it (on a replica it would be an errant transaction): ${statements}`;

const hints: Readonly<Record<number, string>> = {
  1047: "The Galera node is outside the primary component, is joining, or rejects queries. Check on the node: SHOW STATUS LIKE 'wsrep_%'; SHOW VARIABLES LIKE 'wsrep_reject_queries';",
  1129: 'The server blocks this machine after too many broken connections. Run on the server: TRUNCATE TABLE performance_schema.host_cache; (MariaDB: FLUSH LOCAL HOSTS;)',
  1158: 'The server lost the connection to us: check the network in between.',
  1159: 'The server waited too long for our data: check the network in between, and connect_timeout and net_read_timeout on the server.',
  1160: 'The server lost the connection to us: check the network in between.',
  1161: 'The server could not send to us: check the network in between, and net_write_timeout on the server.',
  1184: "The server ends every new connection of an account without CONNECTION_ADMIN (SUPER), usually because its init_connect fails. Check the server's error log, and: SELECT @@global.init_connect;",
  3032: 'The server is in offline_mode: only administrators may connect. To let it serve clients, run on the server: SET GLOBAL offline_mode = OFF; If another server takes its place, promote that server: the name follows it.',
  3159: 'The server requires TLS (require_secure_transport): set tls: required, or tls: preferred.',
  4150: 'Too many wrong passwords (max_password_errors). Correct the password, then run on the server: FLUSH LOCAL PRIVILEGES;',
};

/** The names of a limit in error 1226 (first MySQL's, then MariaDB's), and in ALTER USER. */
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
    limit === undefined
      ? `Run on the server: SHOW CREATE USER ${named};`
      : onSource(`ALTER USER ${named} WITH ${limit} 0;`);
  return `The account has reached one of its own limits (not max_connections of the server). ${statement}`;
}

/** MariaDB before 11 says "access denied" also where it wants TLS (run on 10.11). */
function deniedHint(asker: Asker): string {
  const tls = asker.encrypted
    ? ''
    : ' This login used no TLS: if the account has REQUIRE SSL, or the server has require_secure_transport, set tls: required.';
  return `Check the password.${tls} If the account does not exist, create it. ${newAccount(account(asker))}`;
}

const account = (asker: Asker): string =>
  asker.currentUser === undefined ? accountName(asker.user) : accountOfCurrentUser(asker.currentUser);

/** Before the login we do not know the product. */
const newAccount = (name: string): string =>
  onSource(
    `${accountStatements(name).join(' ')} (MariaDB: ${accountStatements(name, mariadbGrantStatements).join(' ')})`,
  );

const newPassword = (named: string): string =>
  onSource(
    `ALTER USER ${named} IDENTIFIED WITH caching_sha2_password BY '<password>'; (MariaDB: ALTER USER ${named} IDENTIFIED BY '<password>';)`,
  );
