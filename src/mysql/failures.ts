import type { Failure } from '../core/observation.ts';
import type { ServerAddress } from '../core/units.ts';
import { accountName, accountOfCurrentUser, accountStatements, grantStatements, mariadbGrantStatements } from './grants.ts';
import { boundedLine } from './text.ts';

/** A probe that brought no facts: `alive` where a MySQL server answered, `unknown` where nothing did. */
export interface Problem {
  readonly kind: 'alive' | 'unknown';
  readonly failure: Failure;
}

/** Who asked whom. `currentUser` is what CURRENT_USER() said, where the login succeeded. */
export interface Asker {
  readonly server: ServerAddress;
  readonly user: string;
  readonly currentUser?: string;
  /** What the account needs, where the flavour is known. */
  readonly grants?: (account: string) => readonly string[];
}

/** The fields of what mysql2, node:net, node:dns and node:tls call an error. */
interface ErrorFields {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly sqlMessage?: unknown;
  readonly message?: unknown;
}

/** ER_SERVER_SHUTDOWN: the server says itself that it is going, and the next that we hear will be a refusal. */
const serverShutdown = 1053;

/** What went wrong on the way to one server, classified. A server's error packet says that it lives, whatever its number; but for its good-bye. */
export function classify(asker: Asker, error: unknown): Problem {
  const fields: ErrorFields = typeof error === 'object' && error !== null ? error : { message: String(error) };
  if (typeof fields.errno === 'number' && fields.errno >= 1000 && typeof fields.sqlMessage === 'string') {
    return ofServerError(asker, fields.errno, fields.sqlMessage);
  }
  const code = typeof fields.code === 'string' ? fields.code : '';
  const message = clientMessages[code] ?? boundedLine(typeof fields.message === 'string' && fields.message !== '' ? fields.message : code);
  if (code === 'AUTH_SWITCH_PLUGIN_ERROR') return aliveProblem(asker.server, 'login-unsupported', message, noCommonLogin(asker));
  return (
    ofTlsError(asker, code, message) ?? unknownProblem(asker.server, clientCodes[code] ?? 'connection-failed', message, clientHints[code])
  );
}

/** Nothing came that shows the server to be alive; the message begins with its address. */
export function unknownProblem(server: ServerAddress, code: string, what: string, hint?: string): Problem {
  return { kind: 'unknown', failure: { code, message: `${server}: ${what}`, ...(hint !== undefined && { hint }) } };
}

/** The server answered, but not with what was asked; the message begins with its address. */
export function aliveProblem(server: ServerAddress, code: string, what: string, hint?: string): Problem {
  return { kind: 'alive', failure: { code, message: `${server}: ${what}`, ...(hint !== undefined && { hint }) } };
}

function ofServerError(asker: Asker, errno: number, text: string): Problem {
  const problem = errno === serverShutdown ? unknownProblem : aliveProblem;
  return problem(asker.server, `mysql-${errno}`, boundedLine(text), hintForServerError(asker, errno));
}

/** TLS begins only after a MySQL server greeted us; but an end of the connection in the middle of it says nothing of the server. */
function ofTlsError(asker: Asker, code: string, message: string): Problem | undefined {
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') {
    return aliveProblem(
      asker.server,
      'tls-unsupported',
      'the server has no TLS',
      'Give it a certificate (MySQL makes one by itself at its first start), or set tls: preferred.',
    );
  }
  if (code !== 'HANDSHAKE_SSL_ERROR') return undefined;
  if (/ECONNRESET|EPIPE|socket disconnected|socket hang up/.test(message)) return unknownProblem(asker.server, 'connection-lost', message);
  return aliveProblem(
    asker.server,
    'tls-failed',
    message,
    'tls: verify needs a certificate that ca_file signed, for this very host name. A certificate that MySQL made by itself names no host.',
  );
}

const clientCodes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection-refused',
  EHOSTUNREACH: 'host-unreachable',
  ENETUNREACH: 'host-unreachable',
  EHOSTDOWN: 'host-unreachable',
  ETIMEDOUT: 'host-unreachable',
  ENOTFOUND: 'host-not-found',
  EAI_AGAIN: 'host-not-found',
  EAI_FAIL: 'host-not-found',
  ECONNRESET: 'connection-lost',
  EPIPE: 'connection-lost',
  PROTOCOL_CONNECTION_LOST: 'connection-lost',
};

/** Where the message of the system would only say the address once more. */
const clientMessages: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
};

const clientHints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Is mysqld running, and is the port right? (bind_address, skip_networking)',
  ENOTFOUND: 'The host name has no address, by the resolver of this machine.',
  EAI_AGAIN: 'The resolver of this machine did not answer.',
};

function hintForServerError(asker: Asker, errno: number): string | undefined {
  switch (errno) {
    case 1040:
    case 1203:
    case 1226:
      return `No connection was left for us: look at max_connections, and at what uses them. ${asker.user} needs one at a time.`;
    case 1043:
    case 1251:
    case 1275:
      return noCommonLogin(asker);
    case 1044:
    case 1142:
    case 1143:
    case 1227:
      return (asker.grants ?? grantStatements)(account(asker)).join(' ');
    case 1045:
    case 1698:
      return `Check the password. If there is no such account: ${newAccount(account(asker))}`;
    case 1129:
      return 'Too many connections from this machine were broken off. On the server: TRUNCATE TABLE performance_schema.host_cache; (MariaDB: FLUSH HOSTS;)';
    case 1130:
      return `No account of the server may come from this machine: ${newAccount(accountName(asker.user))}`;
    case 1820:
    case 1862:
      return `ALTER USER ${account(asker)} IDENTIFIED BY '<password>' PASSWORD EXPIRE NEVER;`;
    case 3032:
      return 'The server is in offline_mode: only administrators may log in.';
    case 3118:
      return `ALTER USER ${account(asker)} ACCOUNT UNLOCK;`;
    case 3159:
      return 'The server has require_secure_transport: set tls: required, or preferred.';
    default:
      return undefined;
  }
}

const account = (asker: Asker): string =>
  asker.currentUser === undefined ? accountName(asker.user) : accountOfCurrentUser(asker.currentUser);

/** Before the login nobody knows which product it is. */
const newAccount = (name: string): string =>
  `${accountStatements(name).join(' ')} (MariaDB: ${accountStatements(name, mariadbGrantStatements).join(' ')})`;

const noCommonLogin = (asker: Asker): string =>
  `The server and this client have no way to log in in common: ALTER USER ${account(asker)} IDENTIFIED WITH caching_sha2_password BY '<password>';`;
