/** Reaches a server over TCP, and waits until it speaks: a MySQL server speaks first. */

import { connect, type LookupFunction, type Socket } from 'node:net';
import { splitAddress } from '../../core/model/observation.ts';
import type { ServerAddress } from '../../core/model/units.ts';

/** TCP checks an idle peer after this time, to end half-open connections between slow probes. */
const keepAliveDelayMs = 10_000;

export function connectTo(server: ServerAddress, lookup: LookupFunction): Socket {
  const { host, port } = splitAddress(server);
  return connect({
    host,
    port,
    lookup,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveDelayMs,
  });
}

const closed = { code: 'PROTOCOL_CONNECTION_LOST', message: 'the server closed the connection' };

/** Resolves when the first bytes are there, unread; or with the error that prevented them. */
export function spoken(socket: Socket): Promise<{ readonly error: unknown } | undefined> {
  return new Promise((resolve) => {
    const end = (result: { readonly error: unknown } | undefined): void => {
      socket.off('readable', onReadable).off('close', onClose);
      // An error without a listener would end the process.
      if (result === undefined) socket.off('error', onError);
      resolve(result);
    };
    const onReadable = (): void => {
      if (socket.readableLength > 0) end(undefined);
      // The end of the stream is seen by reading.
      else socket.read();
    };
    const onError = (error: unknown): void => end({ error });
    const onClose = (): void => end({ error: closed });
    socket.on('readable', onReadable).on('error', onError).on('close', onClose);
  });
}
