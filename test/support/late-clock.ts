/** A clock of a process that stands still: its timers are late. */

import type { MonoMs, WallMs } from '../../src/core/model/units.ts';
import type { Clock } from '../../src/ports.ts';

export interface LateClock extends Clock {
  /** So much time passes, and only then are the timers called that were due meanwhile. */
  pass(ms: number): void;
}

export function lateClock(): LateClock {
  let now = 1000;
  const timers = new Set<{ readonly at: number; callback(): void }>();
  return {
    mono: () => now as MonoMs,
    wall: () => (1_700_000_000_000 + now) as WallMs,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pass(ms) {
      now += ms;
      const due = [...timers].filter(({ at }) => at <= now).toSorted((a, b) => a.at - b.at);
      for (const timer of due) if (timers.delete(timer)) timer.callback();
    },
  };
}
