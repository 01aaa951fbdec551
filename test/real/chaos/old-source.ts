/** Watches an old source that lives, until it takes no writes any more. */

import { setTimeout as delay } from 'node:timers/promises';
import type { ClingingClient } from './clinging-client.ts';
import type { ChaosServer } from './cluster.ts';
import type { OldSource } from './evidence.ts';
import { sourceName } from './watchers.ts';
import type { World } from './world.ts';
import { ledgerOf } from './zone-content.ts';

/** The name has moved before. An instance that was killed in the meantime may still read the zone. */
const namedWithinMs = 15_000;
/** A suspicion, and some attempts with their pauses. */
const boundMs = 30_000;
/** A commit that nobody acknowledges for so long waits for its replicas. */
const waitsMs = 8000;
/** So long it must stay closed. */
const staysMs = 300;
const lookEveryMs = 20;

/**
 * Resolves with what became of the old source; undefined where the name stays, and nobody has to be fenced.
 * `backAt`: when it could be reached again. `firstCommit`: of this round.
 */
export async function watchOldSource(
  world: World,
  old: ChaosServer,
  client: ClingingClient,
  { backAt, firstCommit }: { readonly backAt: number; readonly firstCommit: number },
): Promise<OldSource | undefined> {
  const { nameservers } = world;
  for (const named of [nameservers.pair.primary, nameservers.pair.secondary])
    if (!named.running) await named.start();
  const namedAt = await formerSince(world, old, firstCommit);
  if (namedAt === undefined) return undefined;
  const begun = performance.now();
  let waitsSince: number | undefined;
  while (client.refusedAt === undefined && performance.now() - begun < boundMs) {
    const silentSince = Math.max(begun, client.lastWriteAt ?? begun);
    if (performance.now() - silentSince > waitsMs && (await isWaiting(old))) {
      waitsSince = silentSince;
      break;
    }
    await delay(lookEveryMs);
  }
  await delay(staysMs);
  return {
    server: old.server,
    since: Math.max(backAt, namedAt),
    boundMs,
    until: performance.now(),
    closedAt: client.refusedAt,
    waitsSince,
    lastWriteAt: client.lastWriteAt,
  };
}

/** A moment just before the ledger first named the server as a former source. Undefined: it does not. */
async function formerSince(
  { referee, source }: World,
  old: ChaosServer,
  firstCommit: number,
): Promise<number | undefined> {
  const end = performance.now() + namedWithinMs;
  for (;;) {
    const commit = referee.commits.slice(firstCommit).find(({ zone }) => {
      const reading = ledgerOf(zone, sourceName);
      return (
        reading.kind === 'ledger' &&
        reading.ledger.uuid === source.uuid &&
        reading.ledger.was.some(({ uuid }) => uuid === old.uuid)
      );
    });
    if (commit !== undefined || performance.now() > end) return commit?.after;
    await delay(lookEveryMs);
  }
}

async function isWaiting({ mysqld }: ChaosServer): Promise<boolean> {
  const rows = await mysqld.sql(
    "SELECT id FROM performance_schema.processlist WHERE state LIKE 'Waiting for semi-sync%'",
  );
  return rows.length > 0;
}
