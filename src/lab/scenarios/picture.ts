/** The servers of MySQL's picture "redundancy using replication" (manual 19.4.8). */

import type { Accounts } from '../servers/accounts.ts';
import type { LabServer } from '../servers/cluster.ts';
import type { Scene } from '../stage/scene.ts';

interface Picture {
  readonly source: LabServer;
  readonly first: LabServer;
  readonly second: LabServer;
  readonly third: LabServer;
  readonly replicas: readonly [LabServer, LabServer, LabServer];
  readonly accounts: Accounts;
}

/** The names in that picture. */
export const fourServers: readonly string[] = ['Source', 'Replica 1', 'Replica 2', 'Replica 3'];

/** For a scenario that has these four servers. */
export function picture({ stage: { cluster } }: Scene): Picture {
  const [source, first, second, third] = cluster.all;
  if (first === undefined || second === undefined || third === undefined)
    throw new Error('the picture has four servers');
  return { source, first, second, third, replicas: [first, second, third], accounts: cluster.accounts };
}
