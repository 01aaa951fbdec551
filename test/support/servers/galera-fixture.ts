/** A Galera cluster of three nodes. */

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MariadbSeries } from '../../../src/lab/programs/mariadb-programs.ts';
import { copyEmptyData } from '../../../src/lab/programs/mysql-data.ts';
import type { Mariadbd } from '../../../src/lab/servers/mariadbd.ts';
import { until } from '../../real/lab/probing.ts';
import { type MariadbServers, startMariadbServers } from './mariadb-fixture.ts';

/** Galera notices a lost node within a second or two (default: five to fifteen). */
const fast =
  'evs.keepalive_period=PT0.2S;evs.inactive_check_period=PT0.2S;evs.suspect_timeout=PT2S;evs.inactive_timeout=PT4S;evs.install_timeout=PT4S';

/** All nodes are synced. */
export const startGalera = (series: MariadbSeries): Promise<MariadbServers> =>
  startMariadbServers(series, 3, {
    extraPorts: 2,
    options: (index, [, group = 0, transfer = 0], programs) => {
      const addresses = [1, 2, 3].map((n) => `127.0.0.${20 + n}`);
      return [
        '--wsrep-on=ON',
        `--wsrep-provider=${programs.galera}`,
        `--wsrep-cluster-address=gcomm://${addresses.map((address) => `${address}:${group}`).join(',')}`,
        '--wsrep-cluster-name=shop',
        `--wsrep-node-address=${addresses[index]}:${group}`,
        `--wsrep-provider-options=gmcast.listen_addr=tcp://${addresses[index]}:${group};ist.recv_addr=${addresses[index]}:${transfer};gcache.size=4M;socket.ssl=NO;${fast}`,
        // No full state transfer happens: see `join`.
        '--wsrep-sst-method=skip',
        '--binlog-format=ROW',
        '--innodb-autoinc-lock-mode=2',
      ];
    },
    start: async ([first, ...others], programs) => {
      await first!.start(['--wsrep-new-cluster']);
      // One after the other: a donor serves one node at a time.
      for (const server of others) await joinCluster(first!, server, programs.emptyData);
    },
  });

/**
 * A state transfer needs scripts and programs of other packages. All nodes begin with the same data, so a new
 * node is told that it has the data of the first one, and gets the few write sets since then from the first
 * one's cache.
 */
export async function joinCluster(first: Mariadbd, server: Mariadbd, emptyData: string): Promise<void> {
  const data = join(server.folder, 'data');
  await rm(data, { recursive: true, force: true });
  await copyEmptyData(emptyData, data);
  const status = await statusOf(first);
  const state = [
    '# GALERA saved state',
    'version: 2.1',
    `uuid: ${status['wsrep_cluster_state_uuid']}`,
    `seqno: ${status['wsrep_last_committed']}`,
  ];
  await writeFile(join(data, 'grastate.dat'), `${[...state, 'safe_to_bootstrap: 0'].join('\n')}\n`);
  await server.start();
  await until(
    () => statusOf(server),
    (now) => now['wsrep_local_state_comment'] === 'Synced',
  );
}

async function statusOf(server: Mariadbd): Promise<Record<string, string>> {
  const rows = await server.sql("SHOW GLOBAL STATUS LIKE 'wsrep%'");
  return Object.fromEntries(rows.map((row) => [String(row['Variable_name']), String(row['Value'])]));
}
