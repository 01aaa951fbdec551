/**
 * The computer of an instance, and the life of one process on it: clocks that drift and are set, a machine
 * that sleeps, a process that stands still.
 */

import type { MonoMs, WallMs } from '../../../src/core/model/units.ts';
import type { Clock } from '../../../src/ports.ts';
import { beginning, type World } from './world-types.ts';

export interface Machine {
  readonly clock: Omit<Clock, 'after'>;
  /** Sets the wall clock forward, or back. */
  stepClock(ms: number): void;
  /** The wall clock is right again. Returns by how many milliseconds it was wrong. */
  setClock(): number;
  /** The machine sleeps: nothing happens, the monotonic clock stands, the wall clock goes on. */
  suspend(forMs: number): void;
  /** The process gets no time, but both clocks go on (SIGSTOP, or a busy machine). */
  stall(forMs: number): void;
  /** A new process, with nothing in memory. */
  begin(): Life;
}

/** One process. After `end` it does nothing any more, and no message reaches it. */
export interface Life {
  readonly clock: Clock;
  /** Something arrives for the process, from a socket or a person; the process takes it when it gets time. */
  deliver(action: () => void): void;
  end(): void;
}

/** A time server sets the clock so often: a bad quartz alone would leave the fudge after hours. */
const setEveryMs = 15 * 60_000;
const awakeForMs = 5000;

/** `drift`: both clocks are so much faster than true time; 0.0001 is a bad quartz. */
export function createMachine(
  { timeline, chance }: Pick<World, 'timeline' | 'chance'>,
  drift: number,
): Machine {
  /** Since when the wall clock drifts, and by how much it was set wrong. */
  let [setAt, wrongMs] = [0, 0];
  let sleptMs = 0;
  let asleepUntil = 0;
  const rate = 1 + drift;
  const mono = (): MonoMs => ((timeline.now - sleptMs) * rate) as MonoMs;
  const wall = (): WallMs => (beginning + timeline.now + (timeline.now - setAt) * drift + wrongMs) as WallMs;
  // The time server is asked again some time after a sleep: until then the clocks tell how long that was.
  const setAgain = (): void => {
    const isAsleep = timeline.now < asleepUntil + awakeForMs;
    if (!isAsleep) setAt = timeline.now;
    timeline.after(isAsleep ? awakeForMs : setEveryMs, setAgain);
  };
  timeline.after(setEveryMs, setAgain);

  function begin(): Life {
    let over = false;
    timeline.stir();
    function whenAwake(action: () => void): void {
      if (over) return;
      // What waited is not all taken in one moment.
      if (timeline.now < asleepUntil) timeline.at(asleepUntil + chance.int(20), () => whenAwake(action));
      else action();
    }
    function deliver(action: () => void): void {
      whenAwake(() => {
        timeline.stir();
        action();
      });
    }
    function after(ms: number, callback: () => void): () => void {
      let cancelled = false;
      const due = mono() + ms;
      const wait = (): void =>
        timeline.after((due - mono()) / rate, () =>
          whenAwake(() => {
            if (cancelled) return;
            // A sleep stopped the clock of this deadline.
            if (mono() + 1e-6 < due) {
              wait();
              return;
            }
            timeline.stir();
            callback();
          }),
        );
      wait();
      return () => {
        cancelled = true;
      };
    }
    return {
      clock: { mono, wall, after },
      deliver,
      end() {
        over = true;
      },
    };
  }

  return {
    clock: { mono, wall },
    stepClock(ms) {
      wrongMs += ms;
    },
    setClock() {
      const before = wall();
      [setAt, wrongMs] = [timeline.now, 0];
      return Math.abs(wall() - before);
    },
    suspend(forMs) {
      if (timeline.now < asleepUntil) return;
      sleptMs += forMs;
      asleepUntil = timeline.now + forMs;
    },
    stall(forMs) {
      asleepUntil = Math.max(asleepUntil, timeline.now + forMs);
    },
    begin,
  };
}
