/**
 * TLS to the servers. The driver asks for it in the login, and this makes it: the driver's own TLS would hold
 * the driver, with all that it holds, as long as the connection lives. See docs/decisions/034.
 */

import { isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { splitAddress } from '../../core/model/observation.ts';
import type { ServerAddress } from '../../core/model/units.ts';

/** How to speak TLS. The same options are the same object for the whole process. */
export interface Tls {
  /** Some 10 KB, and with the authorities of Node some 100 KB. */
  readonly context: SecureContext;
  /** Whether the server must prove its host. */
  readonly isChecked: boolean;
  /** What each server gave us to come back sooner, if we accepted the server. */
  readonly sessions: Map<ServerAddress, Buffer>;
}

const known = new Map<string, Tls>();

/** Undefined: without TLS. */
export function tlsOf({
  tls,
  ca,
}: {
  readonly tls: 'disabled' | 'preferred' | 'required' | 'verify';
  readonly ca?: Buffer | string;
}): Tls | undefined {
  if (tls === 'disabled') return undefined;
  const isChecked = tls === 'verify';
  const key = isChecked ? `checked ${ca?.toString() ?? ''}` : 'unchecked';
  const context = isChecked && ca !== undefined ? { ca } : {};
  const made = known.get(key) ?? { context: createSecureContext(context), isChecked, sessions: new Map() };
  known.set(key, made);
  return made;
}

/** Node keeps its options, and with them this function, as long as the connection. */
const anyHost = (): undefined => undefined;

/** `secured` is called once: when TLS is up, or with the error that prevented it. */
export function encrypt(
  socket: Socket,
  server: ServerAddress,
  { context, isChecked, sessions }: Tls,
  secured: (error?: Error) => void,
): TLSSocket {
  const { host } = splitAddress(server);
  const session = sessions.get(server);
  const stream = connect({
    socket,
    secureContext: context,
    rejectUnauthorized: isChecked,
    checkServerIdentity: isChecked ? checkServerIdentity : anyHost,
    // Node checks the certificate against the host; an IP address may be no name for the server.
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ...(session !== undefined && { session }),
  });
  keepSession(stream, server, sessions);
  const fail = (error: Error): void => {
    sessions.delete(server);
    secured(error);
  };
  stream.once('error', fail);
  stream.once('secureConnect', () => {
    stream.off('error', fail);
    secured();
  });
  return stream;
}

/**
 * Node gives a session only after it has accepted the server. This function lives as long as the connection,
 * so it is not made beside `secured`, which holds the driver.
 */
function keepSession(stream: TLSSocket, server: ServerAddress, sessions: Map<ServerAddress, Buffer>): void {
  stream.on('session', (session) => sessions.set(server, session));
}
