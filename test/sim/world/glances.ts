/**
 * The glances of one process. They have a chance of their own, so that they change nothing else of a world;
 * some come late, and some are wrong: a glance is never evidence.
 */

import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { Life } from './machine.ts';
import { createPrng } from './prng.ts';
import type { World } from './world-types.ts';

export interface Glances {
  watch(servers: readonly ServerAddress[], everyMs: number): void;
  onDiffers(listener: (server: ServerAddress) => void): void;
}

const odds = { late: 0.05, wrong: 0.001 };

/** `differs`: whether the server is no longer as the last probe saw it, at this moment. */
export function createGlances(
  { timeline, script, weather }: World,
  life: Life,
  differs: (server: ServerAddress) => boolean,
): Glances {
  const chance = createPrng(script.seed ^ 0x91a9ce);
  const listeners: ((server: ServerAddress) => void)[] = [];
  let cancel: () => void = () => {};

  function glance(server: ServerAddress): void {
    if (!differs(server) && !chance.chance(odds.wrong)) return;
    const patienceMs = chance.chance(odds.late) ? weather.probeTimeoutMs : weather.rttMs;
    timeline.after(chance.between(0, patienceMs), () =>
      life.deliver(() => {
        for (const listener of listeners) listener(server);
      }),
    );
  }

  return {
    watch(servers, everyMs) {
      cancel();
      const round = (): void => {
        servers.forEach(glance);
        cancel = life.clock.after(everyMs, round);
      };
      cancel = life.clock.after(everyMs, round);
    },
    onDiffers: (listener) => void listeners.push(listener),
  };
}
