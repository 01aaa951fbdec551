/** Sockets as the driver would make them. */

import { isIP, type LookupFunction, Socket } from 'node:net';
import type { Target } from './target.ts';

/** Not connected yet. `options`: what the driver calls `stream` with. */
export function newSocket(options: object): Socket {
  const socket = new Socket();
  const { enableKeepAlive, keepAliveInitialDelay } = keepAliveOf(options);
  socket.setNoDelay(true);
  if (enableKeepAlive) socket.setKeepAlive(true, keepAliveInitialDelay);
  return socket;
}

/** `name`: the published one. */
export function connect(socket: Socket, name: string, { addresses, port }: Target): void {
  const [host = ''] = addresses;
  if (addresses.length === 1) socket.connect({ host, port });
  else socket.connect({ host: name, port, lookup: oneOf(addresses), autoSelectFamily: true });
}

/** The driver's own options; it leaves both to us where it does not open the socket itself. */
function keepAliveOf(options: object): { enableKeepAlive: boolean; keepAliveInitialDelay: number } {
  const config: unknown = 'config' in options ? options.config : undefined;
  const { enableKeepAlive, keepAliveInitialDelay }: Record<string, unknown> =
    typeof config === 'object' && config !== null ? { ...config } : {};
  return {
    enableKeepAlive: enableKeepAlive !== false,
    keepAliveInitialDelay: typeof keepAliveInitialDelay === 'number' ? keepAliveInitialDelay : 0,
  };
}

/** The ledger has all addresses of the server: nobody needs to be asked. */
const oneOf =
  (addresses: readonly string[]): LookupFunction =>
  (_host, { all }, callback) => {
    const list = addresses.map((address) => ({ address, family: isIP(address) }));
    if (all) callback(null, list);
    else callback(null, list[0]?.address ?? '', list[0]?.family);
  };
