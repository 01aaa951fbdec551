/** Turns whatever went wrong on the way to a server into a problem: a code, a message and a hint. */

import type { Failure } from '../../core/model/observation.ts';
import type { ServerAddress } from '../../core/model/units.ts';
import { AnswerFault } from './answer-fault.ts';
import { proxyThatSaid } from './proxies.ts';
import { type Asker, hintForServerError, noCommonLogin } from './refusal-hints.ts';
import { boundedLine } from './text.ts';

/** A probe without facts. `alive`: a MySQL server answered. `unknown`: nothing or something else answered. */
export interface Problem {
  readonly kind: 'alive' | 'unknown';
  readonly failure: Failure;
  /** See Probe. Only with `alive`. */
  readonly servesNobody?: true;
}

/** The fields of the errors of mysql2, node:net, node:dns and node:tls. */
interface ErrorFields {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly sqlMessage?: unknown;
  readonly message?: unknown;
}

/** ER_SERVER_SHUTDOWN: the server announces its own end; our next connection will be refused. */
const serverShutdown = 1053;

/** Classifies an error. Any error packet of a server proves that it is alive, except its good-bye. */
export function classify(asker: Asker, error: unknown): Problem {
  if (error instanceof AnswerFault) {
    const hint = error.hint ?? (error.code === 'login-unsupported' ? noCommonLogin(asker) : undefined);
    return (error.alive ? aliveProblem : unknownProblem)(asker.server, error.code, error.message, hint);
  }
  const fields: ErrorFields =
    typeof error === 'object' && error !== null ? error : { message: String(error) };
  if (typeof fields.errno === 'number' && fields.errno >= 1000 && typeof fields.sqlMessage === 'string') {
    return ofServerError(asker, fields.errno, fields.sqlMessage);
  }
  const code = typeof fields.code === 'string' ? fields.code : '';
  const message =
    clientMessages[code] ??
    boundedLine(typeof fields.message === 'string' && fields.message !== '' ? fields.message : code);
  if (code === 'AUTH_SWITCH_PLUGIN_ERROR')
    return aliveProblem(asker.server, 'login-unsupported', message, noCommonLogin(asker));
  return (
    ofTlsError(asker, code, message) ??
    unknownProblem(asker.server, clientCodes[code] ?? 'connection-failed', message, clientHints[code])
  );
}

const problemOf =
  (kind: Problem['kind']) =>
  (server: ServerAddress, code: string, what: string, hint?: string): Problem => ({
    kind,
    failure: { code, message: `${server}: ${what}`, ...(hint !== undefined && { hint }) },
  });

/** Nothing proves that the server is alive. */
export const unknownProblem = problemOf('unknown');
/** The server answered, but not our question. */
export const aliveProblem = problemOf('alive');

function ofServerError(asker: Asker, errno: number, text: string): Problem {
  const words = boundedLine(text) || `error ${errno} without a text`;
  const proxy = proxyThatSaid(errno, words);
  if (proxy !== undefined)
    return proxyProblem(unknownProblem, asker.server, `${proxy} sent error ${errno}: ${words}`);
  const problem = errno === serverShutdown ? unknownProblem : aliveProblem;
  const refused = problem(asker.server, `mysql-${errno}`, words, hintForServerError(asker, errno, words));
  return refusesEverybody(errno, words) ? { ...refused, servesNobody: true } : refused;
}

/** Every client is refused: ER_SERVER_OFFLINE_MODE, or ER_UNKNOWN_COM_ERROR of a Galera node. */
const refusesEverybody = (errno: number, text: string): boolean =>
  errno === 3032 || (errno === 1047 && /^WSREP /.test(text));

/** `problem` says what the answer of the proxy shows of the server itself. */
export const proxyProblem = (problem: typeof unknownProblem, server: ServerAddress, what: string): Problem =>
  problem(
    server,
    'proxy-answers',
    `something between us and the server answers in its place: ${what}`,
    "Write the server's own address and port into servers: an answer of a proxy does not show the state of the server behind it.",
  );

/** TLS begins after the greeting of a MySQL server. But a connection that ends during TLS proves nothing. */
function ofTlsError(asker: Asker, code: string, message: string): Problem | undefined {
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') {
    return aliveProblem(
      asker.server,
      'tls-unsupported',
      'the server has no TLS',
      "Turn TLS on at the server: remove tls_version = '' and skip_ssl, and restart MySQL; it creates a certificate if the data directory has none. If the server had TLS before, an attacker in between may have removed it.",
    );
  }
  if (code !== 'HANDSHAKE_SSL_ERROR') return undefined;
  if (/ECONNRESET|EPIPE|socket disconnected|socket hang up/.test(message))
    return unknownProblem(asker.server, 'connection-lost', message);
  return aliveProblem(
    asker.server,
    'tls-failed',
    message,
    tlsHints.find(([words]) => words.test(message))?.[1],
  );
}

/** By the words of OpenSSL and Node: mysql2 passes no code on. */
const tlsHints: readonly (readonly [words: RegExp, hint: string])[] = [
  [
    /unsupported protocol|protocol version|no protocols available|version too low/i,
    "This client needs TLS 1.2 or later, but the server offers only older versions. Set the server's tls_version (its certificate needs a key of 2048 bits or more), or upgrade the server.",
  ],
  [
    /expired|not yet valid/i,
    'A certificate has expired or is not valid yet: renew it, or correct the clock of this machine or of the server.',
  ],
  [
    /certificate|altnames|self[- ]signed|issuer/i,
    'tls: verify needs a certificate for exactly this host name, signed by an authority in ca_file. A certificate that MySQL created itself names no host.',
  ],
  [
    /handshake failure|no shared cipher|key too small|dh key/i,
    'The server and this client have no cipher in common: check ssl_cipher and tls_ciphersuites on the server.',
  ],
];

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

/** Where the message of the system only repeats the address. */
const clientMessages: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at this address and port (connection refused)',
};

const clientHints: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'Check that mysqld runs and that the port is right; on the server, check bind_address and skip_networking.',
  ENOTFOUND:
    'The resolver of this machine finds no address for the host name: correct the name, or its DNS records.',
  EAI_AGAIN: 'The resolver of this machine did not answer: check the DNS servers of this machine.',
};
