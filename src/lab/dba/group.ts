/** What a DBA does with Group Replication in single-primary mode (manual chapter 20). */

import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../host/lab-error.ts';
import { until, waitMs } from '../host/until.ts';
import type { Accounts } from '../servers/accounts.ts';
import type { Cluster, ClusterPlan, LabServer, Place } from '../servers/cluster.ts';

const groupName = 'aaaaaaaa-5ce7-4d15-8e9d-000000000001';
const plugin = 'group_replication.so';
const lookEveryMs = 5;

/** Three members: the smallest group that survives the loss of a member. */
export const threeMembers: ClusterPlan = {
  product: 'MySQL',
  names: ['Member 1', 'Member 2', 'Member 3'],
  plugins: [plugin],
  elects: true,
  // The plugin makes all members super_read_only, except the primary.
  readOnly: () => false,
  options: groupOptions,
};

function groupOptions({ index, groupAddresses }: Place): readonly string[] {
  return [
    `--plugin-load-add=${plugin}`,
    `--group-replication-group-name=${groupName}`,
    `--group-replication-local-address=${groupAddresses[index]}`,
    `--group-replication-group-seeds=${groupAddresses.join(',')}`,
    // A member that restarts stays outside until it is told to join.
    '--group-replication-start-on-boot=OFF',
    '--group-replication-ip-allowlist=127.0.0.0/8,10.99.0.0/16',
    '--group-replication-recovery-get-public-key=ON',
    '--group-replication-recovery-reconnect-interval=1',
    '--group-replication-member-expel-timeout=0',
  ];
}

/** The first server becomes the primary. */
export async function makeGroup({ all: [first, ...others], accounts }: Cluster): Promise<string> {
  await first.mysqld.sql('SET GLOBAL group_replication_bootstrap_group = ON');
  await joinGroup(first, accounts);
  await first.mysqld.sql('SET GLOBAL group_replication_bootstrap_group = OFF');
  await Promise.all(others.map((other) => joinGroup(other, accounts)));
  await online([first, ...others]);
  return 'Member 1, 2 and 3 are a group (single primary); Member 1 is its primary';
}

/** For a server that is not a member now. Resolves when the group has admitted it; recovery may still run. */
export async function joinGroup({ mysqld }: LabServer, { repl }: Accounts): Promise<void> {
  await mysqld.sql(`START GROUP_REPLICATION USER='repl', PASSWORD='${repl}'`);
}

/** How a server sees itself in its group. */
interface OwnMembership {
  /** `ONLINE`, `RECOVERING`, `OFFLINE` or `ERROR`. */
  readonly state: string;
  /** `PRIMARY` or `SECONDARY`; empty outside a group. */
  readonly role: string;
  readonly superReadOnly: boolean;
}

export async function membershipOf({ mysqld }: LabServer): Promise<OwnMembership> {
  const [row] = await mysqld.sql(
    `SELECT @@GLOBAL.super_read_only AS super_read_only, MEMBER_STATE AS state, MEMBER_ROLE AS role
     FROM performance_schema.replication_group_members WHERE MEMBER_ID IN (@@server_uuid, '')`,
  );
  return {
    state: String(row?.['state']),
    role: String(row?.['role']),
    superReadOnly: Number(row?.['super_read_only']) === 1,
  };
}

/** Resolves when all members are ONLINE. */
export async function online(members: readonly LabServer[]): Promise<void> {
  const names = members.map(({ name }) => name).join(', ');
  const seen = async () => (await Promise.all(members.map(membershipOf))).map(({ state }) => state);
  await until(`${names} to be ONLINE in the group`, async () =>
    (await seen()).every((state) => state === 'ONLINE'),
  );
}

/** Resolves when the group has made this member its primary. */
export async function setAsPrimary({ mysqld }: LabServer): Promise<void> {
  await mysqld.sql('DO group_replication_set_as_primary(@@server_uuid)');
}

/** Polls read-only servers for the first writable one. `at`: a moment (performance.now) just before. */
export async function firstWritable(
  servers: readonly LabServer[],
): Promise<{ server: LabServer; at: number }> {
  const end = performance.now() + waitMs;
  const connections = await Promise.all(servers.map(({ mysqld }) => mysqld.connect()));
  try {
    for (let before = performance.now(); performance.now() < end; ) {
      const asked = performance.now();
      const answers = await Promise.all(
        connections.map((connection) =>
          connection.query({ sql: 'SELECT @@GLOBAL.super_read_only AS ro', timeout: waitMs }),
        ),
      );
      const found = answers.findIndex(([rows]) => Number((rows as { ro: unknown }[])[0]?.ro) === 0);
      const server = servers[found];
      if (server !== undefined) return { server, at: before };
      before = asked;
      await delay(lookEveryMs);
    }
  } finally {
    for (const connection of connections) connection.destroy();
  }
  throw new LabError(
    `none of ${servers.map(({ name }) => name).join(', ')} became writable in ${waitMs} ms`,
    { hint: 'run the lab with --keep and read the logs in its folder' },
  );
}
