/** The other clusters of the process: while it has too much to do, probes wait, and answers share turns. */

import type { ProcessLoad, Turns } from '../../../src/daemon/runtime.ts';
import type { Life } from './machine.ts';
import { createPrng } from './prng.ts';
import type { World } from './world-types.ts';

/** The pauses of an incident, then. */
const stretch = 64;

export interface Crowd {
  readonly load: ProcessLoad;
  readonly turns: Turns;
}

export function createCrowd(world: Pick<World, 'weather' | 'script'>, life: Life): Crowd {
  /** Dice of its own: worlds where nothing waits stay the same. */
  const chance = createPrng(world.script.seed ^ 0xc20d);
  const isBusy = (): boolean => world.weather.crowdMs > 0;
  return {
    load: {
      haste: () => {},
      stretch: () => (isBusy() ? stretch : 1),
      restStretch: () => (isBusy() ? 2 : 1),
      get sharesTurns() {
        return isBusy();
      },
    },
    turns: {
      take(begin) {
        if (isBusy()) life.clock.after(chance.between(0, world.weather.crowdMs), begin);
        else begin();
      },
    },
  };
}
