/** Plays one chaos round: faults, then the calm, then the verdict. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '../../../src/lab/stage/observer.ts';
import { awaitCalm, putInOrder } from './calm.ts';
import { ClingingClient } from './clinging-client.ts';
import { type ChaosServer, fenceUser } from './cluster.ts';
import { Dealings } from './dealings.ts';
import type { Evidence, FenceAct, FencesSeen, KnownZone, OldSource, Violation } from './evidence.ts';
import { Faults, isOfSource } from './faults.ts';
import { isMove, judge } from './judge.ts';
import { watchOldSource } from './old-source.ts';
import { type Cast, type Operation, operate } from './operator.ts';
import type { RoundPlan } from './plan.ts';
import { replicasName, sourceName } from './watchers.ts';
import type { World } from './world.ts';

/**
 * L2 is judged by this quiet time; together with the time before it, it is longer than any suspicion lasts.
 */
const quietTimeMs = 2000;

/** The result of a round. */
export interface RoundResult {
  readonly moves: number;
  readonly rebuilt: readonly string[];
  readonly gaveUp: string | undefined;
  /**
   * From the promotion to the first answer with the new address, by nameserver; undefined without a
   * promotion, or when the name moved only in the calm.
   */
  readonly answeredMs: { readonly primary: number; readonly all: number } | undefined;
  /**
   * Groups the times: a failover or a switchover in which only the source was broken; `faults`: more was
   * broken; `mistake`: not by the manual.
   */
  readonly kind: 'nothing' | 'failover' | 'switchover' | 'faults' | 'mistake';
  /**
   * From the beginning of the calm until all nameservers answer with the source, and until all is settled;
   * undefined: not within the bound.
   */
  readonly calmAnsweredMs: number | undefined;
  readonly settledMs: number | undefined;
  readonly acknowledged: number;
  /**
   * Acknowledged rows that are gone, and were not promised: semi-synchronous replication was broken by hand.
   */
  readonly excused: number;
  /** The old source that had to stop taking writes. */
  readonly old: OldSource | undefined;
  readonly violations: readonly Violation[];
}

/** What lasts from round to round. */
export interface Memory {
  readonly known: KnownZone;
  /** Acknowledged rows that were lost without a promise: they need not be found again. */
  readonly excused: Set<number>;
}

/** Plays one round: faults and operator at their times, then the calm, then the verdict. */
export async function playRound(
  world: World,
  plan: RoundPlan,
  memory: Memory,
  quietMs = quietTimeMs,
): Promise<RoundResult> {
  const { referee, observers, source, cluster } = world;
  const before = { zone: referee.zone, commits: referee.commits.length, gaps: referee.gaps };
  const begun = performance.now();
  const dealings = new Dealings(cluster);
  const { operation, misled, old, handEdits } = await playDisorder(world, plan, dealings, before.commits);
  const rebuilt = await putInOrder(world, dealings);
  const end = await awaitCalm(world, quietMs);
  // In this order: the writer goes on.
  const acknowledged = new Set(
    [...world.writer.acknowledged].filter((number) => !memory.excused.has(number)),
  );
  const present = await rowsOf(world.source);
  const promised = operation.keepsRows && !misled;
  const evidence: Evidence = {
    names: { source: sourceName, replicas: replicasName },
    servers: cluster.servers.map(({ uuid, server, address }) => ({ uuid, server, address })),
    zoneBefore: before.zone,
    known: memory.known,
    commits: referee.commits.slice(before.commits),
    gaps: referee.gaps - before.gaps,
    handEdits,
    stale: dealings.stale,
    errant: dealings.errant,
    answers: { ns1: since(observers.ns1.changes, begun), ns2: since(observers.ns2.changes, begun) },
    crashes: world.watchers.flatMap((watcher) => watcher.takeCrashes()),
    end,
    fences: {
      wanted: world.size.fences,
      acts: await fenceActs(cluster.servers),
      meant: meantSources(source, operation, dealings),
      old,
    },
    rows: { acknowledged, present, promised },
  };
  const violations = judge(evidence);
  const lost = [...acknowledged].filter((number) => !present.has(number));
  for (const number of lost) memory.excused.add(number);
  return {
    moves: countMoves(evidence),
    rebuilt: rebuilt.map(({ name }) => name),
    gaveUp: operation.gaveUp,
    answeredMs: answerTimes(world, operation),
    kind: kindOf(plan),
    calmAnsweredMs: latest(end.answeredMs),
    settledMs: end.settledMs,
    acknowledged: acknowledged.size,
    excused: promised ? 0 : lost.length,
    old,
    violations,
  };
}

/** What a round shows before its calm. */
interface Disorder {
  readonly operation: Operation;
  readonly misled: boolean;
  readonly old: OldSource | undefined;
  readonly handEdits: Evidence['handEdits'];
}

/** The faults and the operator; then the old source is back, and stops taking writes where it has to. */
async function playDisorder(
  world: World,
  plan: RoundPlan,
  dealings: Dealings,
  firstCommit: number,
): Promise<Disorder> {
  const { source, cluster } = world;
  const cast = castOf(world, plan.round);
  const faults = new Faults(world, dealings, cast);
  const client = plan.clings ? new ClingingClient(source, cluster.accounts.web) : undefined;
  try {
    const acting = act(world, dealings, { ...cast, broken: faults.broken }, plan);
    const suffering = plan.faults.map(async ({ fault, atMs, forMs }) => {
      await delay(atMs);
      await faults.suffer(fault, forMs);
    });
    // Everything ends before a failure is passed on, so that the world is not taken down while something still
    // runs.
    await Promise.allSettled([acting, ...suffering]);
    await Promise.all(suffering);
    const operation = await acting;
    const misled = await comeBack(world, plan, dealings, source);
    const { promoted, gaveUp } = operation;
    const old =
      client !== undefined && promoted !== undefined && gaveUp === undefined
        ? await watchOldSource(world, source, client, {
            backAt: faults.sourceBackAt ?? promoted.at,
            firstCommit,
          })
        : undefined;
    return { operation, misled, old, handEdits: faults.handEdits };
  } finally {
    await client?.stop();
  }
}

/** What the servers have logged of the account that fences, since the round before. */
async function fenceActs(servers: readonly ChaosServer[]): Promise<readonly FenceAct[]> {
  const acts = await Promise.all(
    servers.map(async ({ server, uuid, generalLog }) =>
      (await generalLog.read(fenceUser))
        .filter(({ command }) => command !== 'Quit')
        .map(({ at, command, text }) => ({ server, uuid, at, command, text })),
    ),
  );
  return acts.flat();
}

function meantSources(
  source: ChaosServer,
  { promoted }: Operation,
  { stale }: Dealings,
): FencesSeen['meant'] {
  const first = { uuid: source.uuid, from: Number.NEGATIVE_INFINITY };
  if (promoted !== undefined) return [first, { uuid: promoted.server.uuid, from: promoted.at }];
  // A promotion that broke off.
  const lost = stale.find(({ uuid }) => uuid === source.uuid);
  return lost === undefined ? [first] : [first, { uuid: undefined, from: lost.from }];
}

/** The heir is the next replica after the source, so that every server has its turn. */
function castOf({ cluster, source }: World, round: number): Omit<Cast, 'broken'> {
  const replicas = cluster.servers.filter((server) => server !== source);
  const turned = replicas.map((_, index) => replicas[(index + round) % replicas.length] as ChaosServer);
  return { source, heir: turned[0] as ChaosServer, others: turned.slice(1) };
}

async function act(
  world: World,
  dealings: Dealings,
  cast: Cast,
  { operator }: RoundPlan,
): Promise<Operation> {
  if (operator.act === 'nothing') return { keepsRows: true };
  await delay(operator.atMs);
  return await operate(world, dealings, cast, operator);
}

/**
 * The old source is back, writable, and a script writes a row that no other server has. Resolves with whether
 * the application may write there too.
 */
async function comeBack(
  { observers }: World,
  { operator, round }: RoundPlan,
  dealings: Dealings,
  old: ChaosServer,
): Promise<boolean> {
  if (operator.act !== 'failover') return false;
  await dealings.start(old, true);
  if (operator.back.staleWrite) await dealings.staleWrite(old, -round);
  // If the name still leads there (no nameserver could be updated), the application writes to it too, and it
  // waits for no replica any more.
  const misled =
    operator.back.staleWrite && [observers.ns1, observers.ns2].some(({ current }) => current === old.address);
  await delay(operator.back.forMs);
  return misled;
}

async function rowsOf({ mysqld }: ChaosServer): Promise<ReadonlySet<number>> {
  const rows = await mysqld.sql('SELECT n FROM shop.orders');
  return new Set(rows.map((row) => Number(row['n'])));
}

/** The answer at a moment, and every change since. */
function since(changes: readonly Answer[], moment: number): readonly Answer[] {
  const first = changes.findLastIndex(({ at }) => at <= moment);
  return changes.slice(Math.max(0, first));
}

const latest = ({ ns1, ns2 }: Evidence['end']['answeredMs']): number | undefined =>
  ns1 === undefined || ns2 === undefined ? undefined : Math.max(ns1, ns2);

function countMoves({ commits, zoneBefore, names }: Evidence): number {
  return commits.filter((commit, index) =>
    isMove(commits[index - 1]?.zone ?? zoneBefore, commit, names.source),
  ).length;
}

function answerTimes({ observers }: World, { promoted }: Operation): RoundResult['answeredMs'] {
  if (promoted === undefined) return undefined;
  const { server, at } = promoted;
  const times = [observers.ns1, observers.ns2].map(
    ({ changes }) => changes.find((change) => change.at >= at && change.addresses === server.address)?.at,
  );
  const [primary, secondary] = times;
  return primary === undefined || secondary === undefined
    ? undefined
    : { primary: primary - at, all: Math.max(primary, secondary) - at };
}

function kindOf({ faults, operator }: RoundPlan): RoundResult['kind'] {
  if (operator.act !== 'nothing' && operator.mistake !== 'none') return 'mistake';
  const onlySource = faults.every(({ fault }) => isOfSource(fault));
  return onlySource ? operator.act : 'faults';
}
