/**
 * The network between the hosts of the world: which host reaches which, each direction by itself, and how
 * long a message takes.
 */

import type { World } from './world-types.ts';

/** An instance of source-dns, a nameserver, or a MySQL server's address. */
export type Host = string;

export interface Network {
  /** Whether a message that leaves `from` now arrives at `to`. */
  isOpen(from: Host, to: Host): boolean;
  /** Cuts one direction; the returned function mends it. Several cuts of one direction add up. */
  cut(from: Host, to: Host): () => void;
  /** Every cut is mended. */
  mendAll(): void;
  /**
   * How long one message takes one way, in milliseconds; `patienceMs`: how long its sender waits for the
   * answer.
   */
  travelMs(patienceMs: number): number;
}

export function createNetwork(world: Pick<World, 'weather' | 'chance'>): Network {
  const cuts = new Map<string, number>();
  return {
    isOpen: (from, to) => cuts.size === 0 || !cuts.has(`${from} ${to}`),
    cut(from, to) {
      const key = `${from} ${to}`;
      cuts.set(key, (cuts.get(key) ?? 0) + 1);
      return () => {
        const left = (cuts.get(key) ?? 0) - 1;
        if (left > 0) cuts.set(key, left);
        else cuts.delete(key);
      };
    },
    mendAll: () => cuts.clear(),
    travelMs(patienceMs) {
      const { weather, chance } = world;
      return chance.chance(weather.slow)
        ? chance.between(weather.rttMs, Math.ceil(patienceMs * 0.7))
        : chance.between(0, weather.rttMs);
    },
  };
}
