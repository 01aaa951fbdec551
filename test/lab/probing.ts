import { setTimeout as pause } from 'node:timers/promises';
import type { ServerFacts } from '../../src/core/observation.ts';
import type { MonoMs, ServerAddress, WallMs } from '../../src/core/units.ts';
import type { Clock, ServerProber } from '../../src/ports.ts';

/** The machine's own clocks. */
export const clock: Clock = {
  mono: () => performance.now() as MonoMs,
  wall: () => Date.now() as WallMs,
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

export const deadline = (ms = 5000): MonoMs => (clock.mono() + ms) as MonoMs;

/** The facts that a probe brings. Throws where it brings none. */
export async function factsOf(prober: ServerProber, server: ServerAddress): Promise<ServerFacts> {
  const answer = await prober.probe(server, deadline());
  if (answer.kind !== 'reachable') throw new Error(`${answer.kind}: ${answer.failure.message}`);
  return answer.facts;
}

/** Asks again until the answer is as wanted, at most 20 s. */
export async function until<T>(ask: () => Promise<T> | T, wanted: (answer: T) => boolean): Promise<T> {
  const end = deadline(20_000);
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (clock.mono() > end) throw new Error(`still ${JSON.stringify(answer)}`);
    await pause(10);
  }
}
