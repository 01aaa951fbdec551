/** Host lookups of the hooks, one at a time. */

import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

type Callback = Parameters<LookupFunction>[2];

/**
 * A lookup blocks one of libuv's four threads until the resolver gives up, after up to 40 s, and nothing can
 * cancel it. The lookups of the MySQL servers and the history need these threads: hooks take one of them.
 */
export function createOneLookup(resolver: LookupFunction = systemLookup): LookupFunction {
  const waiting: (() => void)[] = [];
  let isBusy = false;
  const next = (): void => {
    const begin = waiting.shift();
    isBusy = begin !== undefined;
    begin?.();
  };
  return (host, options, callback) => {
    waiting.push(() =>
      resolver(host, options, (...answer: Parameters<Callback>) => {
        next();
        callback(...answer);
      }),
    );
    if (!isBusy) next();
  };
}

const systemLookup: LookupFunction = (host, options: LookupOptions, callback) =>
  lookup(host, options, callback as (error: Error | null, address: string | LookupAddress[]) => void);
