/** What befalls the source, and what the DBA does then. */

import { setTimeout as delay } from 'node:timers/promises';
import {
  catchUpFromPeers,
  executed,
  executedOf,
  makeReadOnly,
  replicateFrom,
  stopReplicating,
} from '../../../src/lab/dba/dba.ts';
import type { LabServer } from '../../../src/lab/servers/cluster.ts';
import { monotonicMs } from '../harness/monotonic.ts';
import type { World } from './world.ts';

/**
 * `kill`: SIGKILL. `switchover`: closed by its DBA, then a replica. `hang`: SIGSTOP. `unfenced`: it stays
 * writable, and the name leaves it by command.
 */
export type Incident = 'kill' | 'switchover' | 'hang' | 'unfenced';

export const incidents: readonly Incident[] = ['kill', 'switchover', 'hang', 'unfenced'];

/** What a failover tool needs to find out that the source is away. */
const toolMs = { shortest: 300, longest: 1000 };

/** Resolves with the moment (monotonicMs) in which the new source became writable. */
export async function befall(incident: Incident, world: World, to: LabServer): Promise<number> {
  const { source: old, cluster } = world;
  const [other] = world.others.filter((each) => each !== to);
  if (other === undefined) throw new Error('three servers are needed');
  if (incident === 'kill' || incident === 'hang') {
    await (incident === 'kill' ? old.mysqld.kill9() : old.mysqld.suspend());
    await delay(toolMs.shortest + Math.random() * (toolMs.longest - toolMs.shortest));
    await catchUpFromPeers(to, [other], cluster.accounts);
  }
  if (incident === 'switchover') {
    await makeReadOnly(old);
    await executed(to, await executedOf(old));
  }
  await stopReplicating(to);
  const promotedAt = await opened(to);
  await replicateFrom(other, to, cluster.accounts);
  if (incident === 'switchover') await replicateFrom(old, to, cluster.accounts);
  if (incident === 'unfenced') await world.order(to);
  return promotedAt;
}

async function opened({ mysqld }: LabServer): Promise<number> {
  const connection = await mysqld.connect();
  try {
    await connection.query('SET GLOBAL read_only = OFF');
    return monotonicMs();
  } finally {
    connection.destroy();
  }
}
