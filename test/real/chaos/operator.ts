/**
 * The operator of a round: moves the source by the procedure of the manual, or with the usual mistakes. Knows
 * nothing of DNS.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ChaosServer } from './cluster.ts';
import type { Dealings } from './dealings.ts';
import type { Mistake, PlannedOperator } from './plan.ts';
import type { World } from './world.ts';

/** The result of an operation. */
export interface Operation {
  /** The promoted server, and when it could first be written to. */
  readonly promoted?: { readonly server: ChaosServer; readonly at: number };
  /** Why the operator stopped before the end. */
  readonly gaveUp?: string;
  /** Whether every row that was acknowledged before must be on the source. */
  readonly keepsRows: boolean;
}

/** The cast of the round: the source at its beginning, the replica that is to be promoted, and the others. */
export interface Cast {
  readonly source: ChaosServer;
  readonly heir: ChaosServer;
  readonly others: readonly ChaosServer[];
  /** Servers that the operator cannot reach, or knows as broken. */
  readonly broken: ReadonlySet<ChaosServer>;
}

type Act = Exclude<PlannedOperator, { readonly act: 'nothing' }>;

/** Plays the operator. Never rejects: an operator who fails stops there, and the calm mends it. */
export async function operate(
  world: World,
  dealings: Dealings,
  cast: Cast,
  { act, mistake }: Act,
): Promise<Operation> {
  let promoted: Operation['promoted'];
  let keepsRows = mistake === 'none';
  try {
    const healthy = cast.others.filter((server) => !cast.broken.has(server));
    if (cast.broken.has(cast.heir)) return { gaveUp: `${cast.heir.name} is broken`, keepsRows: true };
    if (act === 'failover')
      keepsRows &&= await prepareFailover(world, dealings, { ...cast, healthy }, mistake);
    else if (mistake !== 'unfenced' && mistake !== 'left-open') await prepareSwitchover(dealings, cast);
    dealings.loses(cast.source);
    const at = await dealings.promote(cast.heir);
    promoted = { server: cast.heir, at };
    world.source = cast.heir;
    if (act === 'switchover' && mistake === 'unfenced') {
      await delay(300);
      await dealings.fence(cast.source);
    }
    const old = act === 'switchover' && mistake === 'none' ? [cast.source] : [];
    for (const server of [...repointed(healthy, mistake), ...old]) await dealings.follow(server, cast.heir);
    // Of two servers that take writes nobody else can know which one is meant.
    if (mistake === 'left-open') await tell(world, cast.heir);
    return { promoted, keepsRows };
  } catch (error) {
    const gaveUp = error instanceof Error ? error.message : String(error);
    // No server was promoted: the source still has everything, also after a crash of its process.
    return { ...(promoted ? { promoted } : {}), gaveUp, keepsRows: keepsRows || promoted === undefined };
  }
}

/** Gives the command to one instance after another, until one has obeyed. */
async function tell({ watchers }: World, heir: ChaosServer): Promise<void> {
  for (const watcher of watchers) if (await watcher.follow(heir)) return;
  throw new Error(`no instance has obeyed \`follow ${heir.server}\``);
}

function repointed(healthy: readonly ChaosServer[], mistake: Mistake): readonly ChaosServer[] {
  if (mistake === 'none-repointed') return [];
  return mistake === 'half' ? healthy.slice(0, Math.floor(healthy.length / 2)) : healthy;
}

/**
 * Kills the old source for good (STONITH), and gives the heir what other replicas have received. Resolves
 * with whether the heir then has every acknowledged row.
 */
async function prepareFailover(
  { cluster }: World,
  dealings: Dealings,
  { source, heir, healthy }: Cast & { readonly healthy: readonly ChaosServer[] },
  mistake: Mistake,
): Promise<boolean> {
  if (mistake !== 'unfenced') await source.mysqld.kill9();
  if (mistake === 'no-catch-up') return false;
  await dealings.catchUpFrom(heir, healthy);
  return 1 + healthy.length >= cluster.quorum;
}

/**
 * Lets the source step down, and the heir catch up. If that fails, the source is writable again, and nothing
 * has changed.
 */
async function prepareSwitchover(dealings: Dealings, { source, heir, broken }: Cast): Promise<void> {
  if (broken.has(source)) throw new Error(`${source.name} is broken`);
  await dealings.fence(source);
  try {
    await dealings.catchUp(heir, source);
  } catch (error) {
    await dealings.unfence(source);
    throw error;
  }
}
