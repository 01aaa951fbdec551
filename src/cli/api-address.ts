/** Where the API listens over TCP, for the log. */

import { serverAddress } from '../config/server-address.ts';
import type { Log } from '../daemon/log.ts';
import type { ApiServer } from '../http/server.ts';

/** With the address to open in a browser. Nothing, if it does not listen. */
export function sayApiAddress({ tcpAddress }: Pick<ApiServer, 'tcpAddress'>, log: Pick<Log, 'say'>): void {
  const at = tcpAddress();
  if (at === undefined) return;
  const address = serverAddress(at.address, at.port);
  log.say('info', 'api-listening', `the API and the status page are on http://${address}/`);
}
