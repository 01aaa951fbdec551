/**
 * What keeps a simulated server from becoming read-only at once: a running write, the lock of somebody who
 * went for lunch, a missing privilege. Has dice of its own.
 */

import type { ServerAddress } from '../../../src/core/model/units.ts';
import { createPrng } from './prng.ts';
import type { World } from './world-types.ts';

export interface Locks {
  /** Whether somebody holds a lock there now that SET GLOBAL super_read_only waits for. */
  isHeld(server: ServerAddress): boolean;
  /** The connections of the applications were ended: their running writes hold nothing any more. */
  clientsEnded(server: ServerAddress): void;
  /** Whether our account lacks the privilege there at this time. */
  refuses(server: ServerAddress): boolean;
}

/** Probabilities of one attempt. */
const odds = { held: 0.3, byClient: 0.6, refused: 0.05 };

interface Lock {
  readonly until: number;
  readonly isOfClient: boolean;
}

export function createLocks(world: Pick<World, 'timeline' | 'script' | 'phase'>): Locks {
  const { timeline, script } = world;
  const chance = createPrng(script.seed ^ 0x10c5);
  const locks = new Map<ServerAddress, Lock>();
  /** An attempt looks at the lock again and again: the dice are thrown once in so many milliseconds. */
  const quietMs = 1500;
  return {
    isHeld(server) {
      const known = locks.get(server);
      if (known !== undefined && timeline.now < known.until) return true;
      if (known !== undefined && timeline.now < known.until + quietMs) return false;
      const until = chance.chance(odds.held)
        ? timeline.now + chance.between(100, chance.pick([900, 8000]))
        : timeline.now;
      locks.set(server, { until, isOfClient: chance.chance(odds.byClient) });
      return until > timeline.now;
    },
    clientsEnded(server) {
      const known = locks.get(server);
      if (known?.isOfClient) locks.set(server, { ...known, until: Math.min(known.until, timeline.now) });
    },
    refuses: () => !world.phase.isCalm && chance.chance(odds.refused),
  };
}
