/** Fakes for the daemon's tests: a clock, adapters and a core that the test controls. */

import type { Effect, Event } from '../../src/core/model/events.ts';
import type { ClusterSettings } from '../../src/core/model/settings.ts';
import type { ClusterState } from '../../src/core/model/state.ts';
import type { Fqdn, MonoMs, Now, ServerAddress, WallMs } from '../../src/core/model/units.ts';
import type { Snapshot } from '../../src/core/report/snapshot-types.ts';
import type { Core } from '../../src/daemon/runtime.ts';
import type { Clock, Random, ServerProber, ZoneClient } from '../../src/ports.ts';

export const db1 = 'db1:3306' as ServerAddress;
export const db2 = 'db2:3306' as ServerAddress;

export interface FakeClock extends Clock {
  /** Moves both clocks, and calls what is due, in order. */
  advance(ms: number): Promise<void>;
  timers(): number;
}

export function fakeClock(): FakeClock {
  let now = 1000;
  const timers = new Set<{ readonly at: number; callback(): void }>();
  const due = (until: number) => [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
  return {
    mono: () => now as MonoMs,
    wall: () => (1_700_000_000_000 + now) as WallMs,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    timers: () => timers.size,
    async advance(ms) {
      const until = now + ms;
      for (let timer = due(until); timer !== undefined; timer = due(until)) {
        timers.delete(timer);
        now = timer.at;
        timer.callback();
        await settled();
      }
      now = until;
      await settled();
    },
  };
}

/** Resolves when every promise that can go on has gone on. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function fakeRandom(): Random {
  let count = 0;
  return { token: () => `t${++count}` };
}

/** A question to an adapter; the test answers it. */
export interface Asked {
  readonly call: string;
  readonly request: unknown;
  answer(value: unknown): void;
  fail(error: unknown): void;
}

export interface FakeAdapters {
  readonly prober: ServerProber;
  readonly zoneClients: ReadonlyMap<string, ZoneClient>;
  readonly asked: Asked[];
  /** What the adapters were told without a question. */
  readonly told: string[];
  loseConnection(server: ServerAddress): void;
  glanceDiffers(server: ServerAddress): void;
}

export function fakeAdapters(nameservers: readonly string[] = ['ns1']): FakeAdapters {
  const asked: Asked[] = [];
  const told: string[] = [];
  const lost: ((server: ServerAddress) => void)[] = [];
  const differs: ((server: ServerAddress) => void)[] = [];
  const ask = <T>(call: string, request: unknown): Promise<T> =>
    new Promise((resolve, reject) => {
      asked.push({ call, request, answer: (value) => resolve(value as T), fail: reject });
    });
  const client = (name: string): ZoneClient => ({
    read: (request) => ask(`read ${name}`, request),
    update: (request) => ask(`update ${name}`, request),
    propagation: (request) => ask(`propagation ${name}`, request),
    inspectRefusal: (request) => ask(`inspectRefusal ${name}`, request),
    close: async () => void told.push(`close ${name}`),
  });
  return {
    asked,
    told,
    prober: {
      probe: (server) => ask(`probe ${server}`, server),
      probeAt: (server, address) => ask(`probe ${server} at ${address}`, server),
      renew: (server) => void told.push(`renew ${server}`),
      resolve: (server) => ask(`resolve ${server}`, server),
      release: (server) => void told.push(`release ${server}`),
      onConnectionLost: (listener) => void lost.push(listener),
      watch: (servers, everyMs) => void told.push(`watch ${servers.join(' ')} every ${everyMs}`),
      onGlanceDiffers: (listener) => void differs.push(listener),
      close: async () => void told.push('close prober'),
    },
    zoneClients: new Map(nameservers.map((name) => [name, client(name)])),
    loseConnection: (server) => {
      for (const listener of lost) listener(server);
    },
    glanceDiffers: (server) => {
      for (const listener of differs) listener(server);
    },
  };
}

export interface FakeCore {
  readonly core: Core;
  /** The events that `step` got, in order. */
  readonly events: Event[];
  readonly tokens: string[];
  /** What the next call of `step` does; default: `[]`. */
  on(answer: (event: Event, now: Now) => readonly Effect[]): void;
}

/** A core that answers events as the test says. */
export function fakeCore(): FakeCore {
  const events: Event[] = [];
  const tokens: string[] = [];
  let answer: (event: Event, now: Now) => readonly Effect[] = () => [];
  const state = {} as ClusterState;
  return {
    events,
    tokens,
    on(given) {
      answer = given;
    },
    core: {
      initialState: () => state,
      step(_state, event, now) {
        events.push(event);
        tokens.push(now.token);
        return [state, answer(event, now)];
      },
      snapshot: () => ({}) as Snapshot,
    },
  };
}

export const settings = (over: Partial<ClusterSettings> = {}): ClusterSettings => ({
  cluster: 'shop',
  instance: 'watcher-1',
  mode: 'active',
  servers: [
    { address: db1, candidate: 'auto' },
    { address: db2, candidate: 'auto' },
  ],
  watch: {
    intervalMs: 1000,
    suspectIntervalMs: 50,
    freshForMs: 3000,
    settleMs: 30_000,
    goneAfterMs: 600_000,
    maxMoves: 5,
    maxMovesWindowMs: 600_000,
    probeTimeoutMs: 2000,
  },
  publications: [
    {
      nameserver: 'ns1',
      zone: 'db.example.com.' as Fqdn,
      source: { name: 'source.shop.db.example.com.' as Fqdn, ttlSeconds: 5, type: 'address', srv: false },
      adopt: false,
      timeoutMs: 2000,
      fudgeMs: 30_000,
    },
  ],
  onNoSource: 'keep',
  gtidGuard: 'warn',
  allowLoopback: false,
  ...over,
});
