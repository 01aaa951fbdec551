/** Clusters in each state that the status page shows: the real core plays a story in the simulated world. */

import type { HistoryEntry } from '../../src/core/model/events.ts';
import { snapshot } from '../../src/core/report/snapshot.ts';
import type { Snapshot } from '../../src/core/report/snapshot-types.ts';
import { Script } from '../scenarios/player/script.ts';

export interface PageState {
  readonly snapshot: Snapshot;
  readonly history: readonly HistoryEntry[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

const begin = ['cluster servers=db1,db2,db3,db4 replicas=10s', 'run 5s'];
const chained = [...begin, 'db4 follow db2', 'run 5s'];
const switchover = [
  'db1 demote',
  'run 200ms',
  'db2 promote',
  'db1 follow db2',
  'db3 follow db2',
  'db4 follow db2',
  'run 5s',
];
const minutes = 60_000;

/** What happens, and how long ago that is. */
interface Story {
  readonly commands: readonly string[];
  readonly agoMs?: number;
}

const stories = {
  healthy: { commands: [...begin, ...switchover], agoMs: 49 * minutes },
  'failing-over': { commands: [...begin, ...switchover, 'db2 write 12', 'db2 kill', 'run 2s'] },
  moving: {
    commands: [
      ...begin,
      'nameserver behind ns2',
      'db1 kill',
      'run 2s',
      'db2 promote',
      'db3 follow db2',
      'run 400ms',
    ],
  },
  'two-sources': {
    commands: [
      ...begin,
      'db3 promote',
      'db4 stop-replica',
      'run 2s',
      'db1 kill',
      'run 1s',
      'db2 promote',
      'run 5s',
    ],
  },
  'stale-source': {
    commands: [
      ...begin,
      'db1 write 3',
      'db1 kill',
      'run 2s',
      'db2 promote',
      'db3 follow db2',
      'db4 follow db3',
      'run 5s',
      'db2 write 10',
      'db1 restart writable',
      'run 5s',
    ],
    agoMs: 2 * minutes,
  },
  fenced: {
    commands: [
      'cluster servers=db1,db2,db3,db4 fence=5s',
      'run 5s',
      'db1 kill',
      'run 2s',
      'db2 promote',
      'db3 follow db2',
      'db4 follow db2',
      'run 5s',
      'db2 write 10',
      'db1 restart writable',
      'run 5s',
    ],
  },
  frozen: {
    commands: [...begin, ...switchover, 'freeze rack-7-is-being-moved', 'run 3s'],
    agoMs: 12 * minutes,
  },
  lagging: { commands: [...chained, 'db2 lag 47', 'db3 stop-applier', 'run 30s'] },
  'nameserver-down': { commands: [...begin, 'nameserver down', 'run 10s'] },
  nothing: { commands: ['cluster servers=db1,db2,db3 source=none', 'run 5s'] },
  starting: { commands: ['cluster servers=db1,db2,db3', 'run 1ms'] },
} as const satisfies Readonly<Record<string, Story>>;

export type StateName = keyof typeof stories;
export const stateNames = Object.keys(stories) as readonly StateName[];

const played = new Map<StateName, PageState>();

/** The state after its story, with names as a company has them. A story is played once. */
export function pageState(name: StateName, cluster = 'shop'): PageState {
  const state = played.get(name) ?? play(stories[name]);
  played.set(name, state);
  return renamed(state, cluster);
}

function play({ commands, agoMs = 0 }: Story): PageState {
  const history: HistoryEntry[] = [];
  const script = new Script((effect) => {
    if (effect.kind === 'record') history.push(effect.entry);
  });
  for (const command of commands) script.play(command);
  const now = script.world.now();
  return { snapshot: snapshot(script.world.state, now), history, now: now.wall + agoMs };
}

function renamed<T>(value: T, cluster: string): T {
  const text = JSON.stringify(value)
    .replace(/\bdb(\d):3306/g, `${cluster}-db$1.internal:3306`)
    .replace(/\b(source|replicas)\.example\./g, `$1.${cluster}.db.example.com.`)
    .replaceAll('"example."', '"db.example.com."')
    .replaceAll('follow shop ', `follow ${cluster} `)
    .replaceAll('"cluster":"shop"', `"cluster":${JSON.stringify(cluster)}`);
  return JSON.parse(text) as T;
}
