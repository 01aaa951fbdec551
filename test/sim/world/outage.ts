/** How a simulated server stops taking writes or goes away, and how it comes back. */

import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { Act } from './script.ts';
import type { World } from './world-types.ts';

/** A switch refuses all writes; innodb_force_recovery and innodb_read_only come with a new process. */
export function closeBy(
  { mysql }: World,
  server: ServerAddress,
  { variable, refuses }: Act & { kind: 'switch' },
  lost: () => void,
): void {
  mysql.turn(server, variable, variable === 'innodb_force_recovery' ? 4 : 1);
  if (variable.startsWith('innodb_')) lost();
  if (refuses) mysql.server(server).health = 'refusing';
}

/** The server takes writes again, and a client that stayed connected has written. */
export function reopen(
  { mysql }: World,
  server: ServerAddress,
  { variable }: Act & { kind: 'switch' },
  lost: () => void,
): void {
  if (mysql.server(server).health === 'down') return;
  if (variable.startsWith('innodb_')) {
    mysql.restart(server, { readOnly: mysql.server(server).readOnly });
    lost();
  } else mysql.open(server);
  mysql.resume(server);
  mysql.write(server, 2);
}

/**
 * A server goes away: its process ends (`kill`), it hangs, or it refuses everybody. Returns whether the
 * server was there before.
 */
export function takeAway(
  { mysql }: World,
  server: ServerAddress,
  how: (Act & { kind: 'away' })['how'],
  kill: () => void,
): boolean {
  if (mysql.server(server).health !== 'up') return false;
  if (how === 'kill') kill();
  else if (how === 'hang') mysql.hang(server);
  else mysql.server(server).health = 'refusing';
  return true;
}
