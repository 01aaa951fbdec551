/** Which product answers at an address, before there is an account: a server greets each client first. */

import { connect } from 'node:net';

export type Greeting =
  | {
      readonly kind: 'greeted';
      readonly product: 'mysql' | 'mariadb';
      readonly version: string;
      /** Our own address of the connection. */
      readonly local?: string | undefined;
    }
  | { readonly kind: 'failed'; readonly why: string };

/** A greeting has about a hundred bytes. */
const maxBytes = 4096;
const headerBytes = 4;
/** Protocol::HandshakeV10 begins with this byte; an error packet with 0xff. */
const handshakeV10 = 10;
const errorPacket = 0xff;

/** Reads one greeting, then hangs up. Ends after `timeoutMs`; never rejects. */
export const greetingOf = (host: string, port: number, timeoutMs: number): Promise<Greeting> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    let bytes = Buffer.alloc(0);
    const end = (greeting: Greeting): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(greeting);
    };
    const fail = (why: string): void => end({ kind: 'failed', why });
    const timer = setTimeout(() => fail('it does not answer'), timeoutMs);
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.on('end', () => fail('it ends the connection without a greeting of MySQL'));
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk.subarray(0, maxBytes - bytes.length)]);
      const greeting = readGreeting(bytes);
      if (greeting !== undefined)
        end(greeting.kind === 'greeted' ? { ...greeting, local: socket.localAddress } : greeting);
      else if (bytes.length >= maxBytes) fail('it does not greet as MySQL does');
    });
  });

/**
 * The version in Protocol::HandshakeV10 (MySQL internals, "Connection Phase Packets"). MariaDB before 11 has
 * `5.5.5-` in front of its own. Undefined: not all of it has come. Pure.
 */
export function readGreeting(bytes: Buffer): Greeting | undefined {
  const first = bytes[headerBytes];
  if (first === undefined) return undefined;
  if (first === errorPacket) return { kind: 'failed', why: 'it refuses every client of this host' };
  if (first !== handshakeV10) return { kind: 'failed', why: 'it does not greet as MySQL does' };
  const end = bytes.indexOf(0, headerBytes + 1);
  if (end < 0) return undefined;
  const version = bytes.toString('latin1', headerBytes + 1, end).replace(/[^\x20-\x7e]/g, '?');
  return { kind: 'greeted', product: /mariadb/i.test(version) ? 'mariadb' : 'mysql', version };
}
