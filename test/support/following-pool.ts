/** Following pools on false servers, and the end of all of them after each test. */

import { createPool as createCallbackPool } from 'mysql2';
import { createPool, type Pool, type PoolOptions } from 'mysql2/promise';
import type { Source } from '../../src/client/contract.ts';
import type { followPool } from '../../src/client/follow.ts';
import type { FollowOptions } from '../../src/client/options.ts';
import { type FalseDns, type FalseSource, startFalseSource } from './false-source.ts';

export interface Stage {
  start(index: number): Promise<FalseSource>;
  /** A pool of promises with at most four connections, that asks one nameserver often. */
  pool(dns: FalseDns, options?: FollowOptions, pool?: PoolOptions): Pool & { readonly source: Source };
  end(): Promise<void>;
}

/** `build`: the program, or a wrong build of it. */
export function openStage(build: { readonly followPool: typeof followPool }): Stage {
  const ends: (() => Promise<unknown>)[] = [];
  return {
    start: async (index) => {
      const source = await startFalseSource(index);
      ends.push(source.kill);
      return source;
    },
    pool: (dns, options = {}, pool = {}) => {
      const plain = createPool({ host: 'source.example.com', user: 'app', connectionLimit: 4, ...pool });
      const given = { nameservers: ['192.0.2.1'], interval: '100ms', suspectInterval: '10ms', ...options };
      const following = build.followPool(plain, given, dns.open);
      // The servers end first: a pool with a statement under way would wait.
      ends.unshift(() => following.end());
      return following;
    },
    end: async () => {
      await Promise.all(ends.splice(0).map((end) => end().catch(() => {})));
    },
  };
}

export const callbackPool = (options: PoolOptions = {}) =>
  createCallbackPool({ host: 'source.example.com', user: 'app', connectionLimit: 4, ...options });
