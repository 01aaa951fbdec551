import { type MonoMs, plusMs } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';

/** The earlier of the caller's deadline and `ms` from now. */
export function boundedDeadline(clock: Clock, deadline: MonoMs, ms: number): MonoMs {
  const own = plusMs(clock.mono(), ms);
  return own < deadline ? own : deadline;
}

/** What `work` resolves to, or `late()` when the deadline comes first: `late` is then the only result, and the work's own is dropped. */
export function withDeadline<T>(clock: Clock, deadline: MonoMs, work: Promise<T>, late: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(Math.max(0, deadline - clock.mono()), () => resolve(late()));
    work.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error('not an Error', { cause: error }));
      },
    );
  });
}
