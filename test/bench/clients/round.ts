/** One application, one incident: when its writers were on the new source, and what that cost. */

import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../../src/lab/host/until.ts';
import type { LabServer } from '../../../src/lab/servers/cluster.ts';
import type { Asker } from '../harness/asker.ts';
import type { Attempt, PoolKind, Writing } from './application.ts';
import { Application } from './application-process.ts';
import { befall, type Incident } from './incidents.ts';
import type { World } from './world.ts';

export interface Plan {
  readonly incident: Incident;
  readonly pool: PoolKind;
  readonly writing: Writing;
  readonly fenced: boolean;
}

export interface Round {
  /** Milliseconds from the promotion to the authoritative answer. */
  readonly answerMs: number;
  /** Milliseconds from the answer until the last writer had written to the new source; Infinity: not all did. */
  readonly followedMs: number;
  /** Writers that had not written to the new source when the watch ended. */
  readonly left: number;
  readonly errors: number;
  readonly failures: ReadonlyMap<string, number>;
  /** Writes that the old source acknowledged after the answer, and when the last of them was (after the answer). */
  readonly lost: number;
  readonly lastLostMs: number;
  /** Rows that were written more than once, on all servers together. */
  readonly twice: number;
  readonly exited: boolean;
}

export const writers = 20;
export const connections = 10;
const answerLimitMs = 20_000;
const exitMs = { default: 1000, following: 20_000 };
/** Incidents come at any point of the second in which the follower asks. */
const beforeMs = { shortest: 300, longest: 1300 };

/** `watchMs`: how long after the answer writers may come. */
export async function play(plan: Plan, world: World, asker: Asker, watchMs: number): Promise<Round> {
  const { bind, source: old } = world;
  await world.watched(plan.fenced);
  const [to] = world.others;
  if (to === undefined) throw new Error('there is no replica');
  const application = await Application.start({
    ...plan,
    host: world.name,
    port: world.cluster.port,
    password: world.cluster.accounts.web,
    nameservers: world.nameservers,
    writers,
    connections,
  });
  let noted: Awaited<ReturnType<Application['stop']>>;
  let moved: readonly [number, { readonly at: number }];
  try {
    await delay(beforeMs.shortest + Math.random() * (beforeMs.longest - beforeMs.shortest));
    const { address, port } = bind.primary;
    const answered = asker.answered(
      { address, port, name: world.name, wanted: to.mysqld.address },
      answerLimitMs,
    );
    answered.catch(() => undefined);
    moved = await Promise.all([befall(plan.incident, world, to), answered]);
    await allOn(to, watchMs);
  } finally {
    noted = await application.stop(exitMs[plan.pool]);
  }
  const [promotedAt, { at: answeredAt }] = moved;
  const rows = await rowsOf(world, old, plan.incident);
  await world.mend(to);
  return {
    answerMs: answeredAt - promotedAt,
    ...judged(noted.attempts, rows, answeredAt),
    exited: noted.exited,
  };
}

/** Resolves when each writer has written there, or the time is over. */
async function allOn({ mysqld }: LabServer, watchMs: number): Promise<void> {
  const count = 'SELECT COUNT(DISTINCT writer) AS n FROM shop.orders WHERE server = @@server_uuid';
  const connection = await mysqld.connect();
  const all = async (): Promise<boolean> => {
    const [rows] = await connection.query(count);
    return (rows as { n: number }[])[0]?.n === writers;
  };
  try {
    await until('all writers', all, watchMs).catch(() => undefined);
  } finally {
    connection.destroy();
  }
}

interface Rows {
  /** By number of the write: the servers that took it, once for each time. */
  readonly takers: ReadonlyMap<number, readonly string[]>;
  readonly old: string;
}

/** What each server itself has taken: the old one is started again, where that is needed. */
async function rowsOf(world: World, old: LabServer, incident: Incident): Promise<Rows> {
  if (incident === 'hang') await old.mysqld.kill9();
  if (!old.mysqld.running) await old.mysqld.start(['--super-read-only=ON']);
  const takers = new Map<number, string[]>();
  for (const { mysqld } of world.cluster.all) {
    const rows = await mysqld.sql('SELECT n, server FROM shop.orders WHERE server = @@server_uuid');
    for (const { n, server } of rows)
      takers.set(Number(n), [...(takers.get(Number(n)) ?? []), String(server)]);
  }
  const [row] = await old.mysqld.sql('SELECT @@server_uuid AS uuid');
  return { takers, old: String(row?.['uuid']) };
}

function judged(attempts: readonly Attempt[], { takers, old }: Rows, answeredAt: number) {
  const firstNew = new Map<number, number>();
  const lost: number[] = [];
  const failures = new Map<string, number>();
  for (const { writer, n, at, failure } of attempts) {
    const taker = takers.get(n)?.[0];
    if (failure !== undefined) failures.set(failure, (failures.get(failure) ?? 0) + 1);
    else if (taker === undefined) throw new Error(`write ${n} was acknowledged, and no server has it`);
    else if (taker !== old && !firstNew.has(writer)) firstNew.set(writer, at);
    else if (taker === old && at > answeredAt) lost.push(at);
  }
  const left = writers - firstNew.size;
  return {
    followedMs: left > 0 ? Number.POSITIVE_INFINITY : Math.max(...firstNew.values()) - answeredAt,
    left,
    errors: [...failures.values()].reduce((sum, count) => sum + count, 0),
    failures,
    lost: lost.length,
    lastLostMs: lost.length > 0 ? Math.max(...lost) - answeredAt : 0,
    twice: [...takers.values()].filter((servers) => servers.length > 1).length,
  };
}
