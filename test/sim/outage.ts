import type { ServerAddress } from '../../src/core/units.ts';
import type { Act } from './script.ts';
import type { World } from './world-types.ts';

/** A server goes away: its process ends (`kill`), it hangs, or it refuses everybody. Says whether it was there to begin with. */
export function takeAway({ mysql }: World, server: ServerAddress, how: (Act & { kind: 'away' })['how'], kill: () => void): boolean {
  if (mysql.server(server).health !== 'up') return false;
  if (how === 'kill') kill();
  else if (how === 'hang') mysql.hang(server);
  else mysql.server(server).health = 'refusing';
  return true;
}
