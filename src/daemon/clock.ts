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

/** Every event takes a token: many are made at once. */
const tokensAtOnce = 256;
/** 19 characters of 5 bits each. */
const tokenLength = 19;
const alphabet = Buffer.from('0123456789abcdefghijklmnopqrstuv');
let pool = Buffer.alloc(0);
let taken = 0;

export const systemRandom: Random = {
  token() {
    if (taken === pool.length) {
      pool = randomBytes(tokenLength * tokensAtOnce);
      for (const [index, byte] of pool.entries()) pool[index] = alphabet[byte % alphabet.length] ?? 0;
      taken = 0;
    }
    taken += tokenLength;
    return pool.toString('latin1', taken - tokenLength, taken);
  },
};
