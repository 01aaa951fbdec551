/** Clusters in each state that the status page shows: the real core plays a story in the simulated world. */

import type { Effect, HistoryEntry } from '../../src/core/model/events.ts';
import { snapshot } from '../../src/core/report/snapshot.ts';
import type { Snapshot } from '../../src/core/report/snapshot-types.ts';
import { Script } from '../scenarios/player/script.ts';

export interface PageState {
  readonly snapshot: Snapshot;
  readonly history: readonly HistoryEntry[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

const begin = ['cluster servers=db1,db2,db3,db4 replicas=10s', 'run 5s', 'db4 follow db2', 'run 10m'];
const switchover = ['db1 demote', 'run 200ms', 'db2 promote', 'db1 follow db2', 'db3 follow db2', 'run 10m'];
const failover = ['db1 kill', 'run 2s', 'db2 promote', 'db3 follow db2', 'run 20s'];

/** The names of the states, and their stories. */
const stories = {
  healthy: [...begin, ...switchover, 'run 40m'],
  'failing-over': [...begin, ...switchover, 'db2 write 12', 'db2 kill', 'run 2s'],
  moving: [
    ...begin,
    'nameserver behind ns2',
    'db1 kill',
    'run 2s',
    'db2 promote',
    'db3 follow db2',
    'run 400ms',
  ],
  'two-sources': [
    ...begin,
    'db3 promote',
    'db4 stop-replica',
    'run 2s',
    'db1 kill',
    'run 1s',
    'db2 promote',
    'run 20s',
  ],
  'stale-source': [...begin, 'db1 write 3', ...failover, 'db2 write 10', 'db1 restart writable', 'run 30s'],
  frozen: [...begin, ...switchover, 'freeze rack-7-is-being-moved', 'run 12m'],
  lagging: [...begin, 'db2 lag 47', 'db3 stop-applier', 'run 4m'],
  'nameserver-down': [...begin, 'nameserver down', 'run 1m'],
  nothing: ['cluster servers=db1,db2,db3 source=none', 'run 5s'],
  starting: ['cluster servers=db1,db2,db3', 'run 1ms'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type StateName = keyof typeof stories;
export const stateNames = Object.keys(stories) as readonly StateName[];

/** The state after its story, with names as a company has them. */
export function pageState(name: StateName, cluster = 'shop'): PageState {
  const entries: HistoryEntry[] = [];
  const script = new Script((effect: Effect) => {
    if (effect.kind === 'record') entries.push(effect.entry);
  });
  for (const command of stories[name]) script.play(command);
  const now = script.world.now();
  const { snapshot: named, history } = renamed(
    { snapshot: snapshot(script.world.state, now), history: entries },
    cluster,
  );
  return { snapshot: named, history, now: now.wall };
}

function renamed<T>(value: T, cluster: string): T {
  const text = JSON.stringify(value)
    .replace(/\bdb(\d):3306/g, `${cluster}-db$1.internal:3306`)
    .replace(/\b(source|replicas)\.example\./g, `$1.${cluster}.db.example.com.`)
    .replace(/"cluster":"shop"/g, JSON.stringify({ cluster }).slice(1, -1));
  return JSON.parse(text) as T;
}
