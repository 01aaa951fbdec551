/** The real clocks and the real randomness. */

import { randomBytes } from 'node:crypto';
import type { MonoMs, WallMs } from '../core/model/units.ts';
import type { Clock, Random } from '../ports.ts';

/** Node's longest timer: a longer one would fire at once. */
const timerLimitMs = 2 ** 31 - 1;

/** `after` waits at most 24 days: a longer wait fires early, and every caller then looks again. */
export const systemClock: Clock = {
  mono: () => performance.now() as MonoMs,
  wall: () => Date.now() as WallMs,
  after(ms, callback) {
    let immediate: NodeJS.Immediate | undefined;
    const timer = setTimeout(
      () => {
        // Node runs timers before sockets: after a busy moment, a deadline would beat an answer.
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

/** Every event takes a token: fetch many at once. */
const tokensAtOnce = 256;
let pool = Buffer.alloc(0);

function randomHex(bytes: number): string {
  if (pool.length < bytes) pool = randomBytes(bytes * tokensAtOnce);
  const hex = pool.toString('hex', 0, bytes);
  pool = pool.subarray(bytes);
  return hex;
}

/** 12 bytes are 96 bits, which is at most 19 characters in base 36. */
const tokenBytes = 12;
const tokenLength = 19;

export const systemRandom: Random = {
  token: () =>
    BigInt(`0x${randomHex(tokenBytes)}`)
      .toString(36)
      .padStart(tokenLength, '0'),
};
