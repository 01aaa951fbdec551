/** What people do when the faults of a round are over, and the bound within which all must then be well. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ChaosServer } from './cluster.ts';
import type { Dealings } from './dealings.ts';
import type { RoundEnd } from './evidence.ts';
import { replicasName, sourceName } from './watchers.ts';
import type { World } from './world.ts';
import { addressesOf, ledgerOf } from './zone-content.ts';

/**
 * In the calm all is mended, but timers still run: a nameserver that asks its primary again (10 s), an
 * instance that takes over the RRset of the replicas (30 s).
 */
export const boundMs = 60_000;
/**
 * What the calm did to the replicas is seen within a second, and their RRset is written at most every two
 * seconds. Only after that nothing is left to write.
 */
const steadyMs = 3500;
const lookEveryMs = 20;

/**
 * Leaves exactly one source, and makes every other server its replica with no other data. Resolves with the
 * servers that had to be rebuilt.
 */
export async function putInOrder(world: World, dealings: Dealings): Promise<readonly ChaosServer[]> {
  const { cluster, source, watchers, nameservers } = world;
  const others = cluster.servers.filter((server) => server !== source);
  for (const named of [nameservers.pair.primary, nameservers.pair.secondary])
    if (!named.running) await named.start();
  for (const server of dealings.wedged) await dealings.bounce(server, server === source);
  await Promise.all(cluster.servers.map((server) => dealings.start(server, server === source)));
  for (const server of others) {
    // A commit that waits for replicas prevents its server from becoming read-only. The server is killed, so
    // that nobody acknowledges the commit now.
    await dealings.fence(server).catch(() => dealings.bounce(server, false));
    await dealings.semiSyncOff(server);
  }
  await dealings.promote(source).catch(async () => {
    await dealings.bounce(source, true);
    await dealings.promote(source);
  });
  const rebuilt: ChaosServer[] = [];
  for (const server of others) {
    if ((await dealings.compare(server, source)) === '') await dealings.rejoin(server, source);
    else rebuilt.push(server);
  }
  // CLONE waits for the commits of the source, and these would wait for replicas that are still to be cloned.
  if (rebuilt.length > 0) await dealings.waitForReplicas(source, false);
  for (const server of rebuilt) await dealings.rebuild(server, source);
  await dealings.replicating(others);
  await dealings.waitForReplicas(source, true);
  await Promise.all(watchers.map((watcher) => watcher.start()));
  return rebuilt;
}

/**
 * Watches the nameservers and the zone from now on, until all has been well for a while or the bound is
 * reached. Then a quiet time follows.
 */
export async function awaitCalm(world: World, quietMs: number): Promise<RoundEnd> {
  const { observers, referee, source } = world;
  const from = performance.now();
  const answered: { ns1: number | undefined; ns2: number | undefined } = { ns1: undefined, ns2: undefined };
  let well: { readonly since: number; readonly serial: number } | undefined;
  while (
    performance.now() - from < boundMs + steadyMs &&
    (well === undefined || performance.now() - well.since < steadyMs)
  ) {
    for (const which of ['ns1', 'ns2'] as const) {
      if (observers[which].current !== source.address) answered[which] = undefined;
      else answered[which] ??= Math.max(0, (observers[which].changes.at(-1)?.at ?? from) - from);
    }
    if (answered.ns1 === undefined || answered.ns2 === undefined || !isSettled(world)) well = undefined;
    else if (well?.serial !== referee.serial) well = { since: performance.now(), serial: referee.serial };
    await delay(lookEveryMs);
  }
  const before = referee.serial;
  await delay(quietMs);
  return {
    source: { uuid: source.uuid, server: source.server, address: source.address },
    boundMs,
    answeredMs: answered,
    settledMs: well === undefined ? undefined : well.since - from,
    quiet: { ms: quietMs, before, after: referee.serial },
  };
}

/**
 * The ledger names the source and no former source, and the RRset of the replicas names all other servers.
 */
function isSettled({ referee, source, cluster }: World): boolean {
  const reading = ledgerOf(referee.zone, sourceName);
  const replicas = cluster.servers.filter((server) => server !== source).map(({ address }) => address);
  return (
    reading.kind === 'ledger' &&
    reading.ledger.uuid === source.uuid &&
    reading.ledger.was.length === 0 &&
    addressesOf(referee.zone, replicasName) === replicas.sort().join(' ') &&
    addressesOf(referee.zone, sourceName) === source.address
  );
}
