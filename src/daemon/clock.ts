/** The real clocks and the real randomness: the only place of the daemon that asks the machine for them. */

import { randomBytes } from 'node:crypto';
import type { MonoMs, WallMs } from '../core/model/units.ts';
import type { Clock, Random } from '../ports.ts';

/** The longest delay that Node's timers take: a longer one would fire at once. */
const timerLimitMs = 2 ** 31 - 1;

/** The machine's clocks. `after` takes at most 24 days; a longer wait fires early, which every caller must take as "look again". */
export const systemClock: Clock = {
  mono: () => performance.now() as MonoMs,
  wall: () => Date.now() as WallMs,
  after(ms, callback) {
    let immediate: NodeJS.Immediate | undefined;
    const timer = setTimeout(
      () => {
        // Node looks at timers before sockets: after a moment without time of its own, a deadline would pass over an answer that has come.
        immediate = setImmediate(callback);
      },
      Math.min(timerLimitMs, Math.max(0, Math.ceil(ms))),
    );
    return () => {
      clearTimeout(timer);
      clearImmediate(immediate);
    };
  },
};

/** A token is drawn for every event of every cluster: the system is asked for many at once. */
const tokensAtOnce = 256;
let pool = Buffer.alloc(0);

function randomHex(bytes: number): string {
  if (pool.length < bytes) pool = randomBytes(bytes * tokensAtOnce);
  const hex = pool.toString('hex', 0, bytes);
  pool = pool.subarray(bytes);
  return hex;
}

/** 12 bytes are 96 bits; in base 36 that is at most 19 characters. */
const tokenBytes = 12;
const tokenLength = 19;

/** Random tokens of `[0-9a-z]` with 96 bits, always 19 characters long. */
export const systemRandom: Random = {
  token: () =>
    BigInt(`0x${randomHex(tokenBytes)}`)
      .toString(36)
      .padStart(tokenLength, '0'),
};
