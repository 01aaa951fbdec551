/** The real MySQL servers of a chaos world. */

import { join } from 'node:path';
import { executedOf } from '../../../src/lab/dba/dba.ts';
import type { MysqlPrograms } from '../../../src/lab/programs/mysql-programs.ts';
import { type Accounts, accountSql, makeAccounts } from '../../../src/lab/servers/accounts.ts';
import type { LabServer } from '../../../src/lab/servers/cluster.ts';
import { Mysqld, semiSyncOptions } from '../../../src/lab/servers/mysqld.ts';
import { fenceAccountStatements, fenceSetOf } from '../../../src/mysql/flavour/fence-set.ts';
import { readTraits } from '../../../src/mysql/flavour/flavour.ts';
import { clingingUser } from './clinging-client.ts';
import { GeneralLog } from './general-log.ts';
import { addressOf, type HostName, type Network } from './network.ts';

export const mysqlPort = 3306;
/** The account of `fence:`. It is there whether the instances use it or not. */
export const fenceUser = 'source_dns_fence';
/** Longer than any run: a source that waits for acknowledgements must never go on without them. */
const semiSyncTimeoutMs = 86_400_000;

/** One server, on a host of its own. */
export interface ChaosServer extends LabServer {
  readonly host: HostName;
  readonly address: string;
  readonly generalLog: GeneralLog;
  uuid: string;
}

/**
 * The servers of a world. All have the same configuration: read-only, until somebody makes one of them the
 * source.
 */
export interface ChaosCluster {
  readonly servers: readonly ChaosServer[];
  readonly accounts: Accounts;
  /**
   * How many replicas must have a commit before it is acknowledged: all but one, so that one may be away. A
   * server that is promoted after it caught up from at least `quorum` replicas, itself included, has every
   * acknowledged row. 0: replication is asynchronous, and no number of replicas is enough.
   */
  readonly acknowledgements: number;
  readonly quorum: number;
}

/**
 * The options of a server that its owner starts as the source: writable, and semi-synchronous from the first
 * commit.
 */
export const sourceOptions = ({
  acknowledgements,
}: Pick<ChaosCluster, 'acknowledgements'>): readonly string[] => [
  '--super-read-only=OFF',
  '--read-only=OFF',
  ...(acknowledgements === 0
    ? []
    : [
        '--rpl-semi-sync-source-enabled=ON',
        `--rpl-semi-sync-source-timeout=${semiSyncTimeoutMs}`,
        `--rpl-semi-sync-source-wait-for-replica-count=${acknowledgements}`,
      ]),
];

/** Starts so many servers at once, the first server as the source. */
export async function startCluster(
  programs: MysqlPrograms,
  network: Network,
  folder: string,
  { servers: count, semiSync }: { readonly servers: number; readonly semiSync: boolean },
): Promise<ChaosCluster> {
  const accounts = makeAccounts();
  const replicas = count - 1;
  const acknowledgements = semiSync ? replicas - 1 : 0;
  const servers = (['db1', 'db2', 'db3', 'db4'] as const).slice(0, count).map((host, index): ChaosServer => {
    const address = addressOf(host);
    const logFile = join(folder, host, 'general.log');
    const mysqld = new Mysqld(programs, {
      folder: join(folder, host),
      address,
      port: mysqlPort,
      serverId: index + 1,
      readOnly: 'super-read-only',
      initSql: [...accountSql(accounts, '10.99.%'), ...moreAccounts(accounts, programs.version)],
      options: [...semiSyncOptions, '--general-log=ON', `--general-log-file=${logFile}`],
      through: network.through(host),
    });
    const generalLog = new GeneralLog(logFile);
    return { name: host, host, address, mysqld, server: `${address}:${mysqlPort}`, generalLog, uuid: '' };
  });
  const cluster: ChaosCluster = {
    servers,
    accounts,
    acknowledgements,
    quorum: replicas - acknowledgements + 1,
  };
  await Promise.all(
    servers.map(({ mysqld }, index) => mysqld.start(index === 0 ? sourceOptions(cluster) : [])),
  );
  for (const server of servers) {
    const [row] = await server.mysqld.sql('SELECT @@server_uuid AS uuid');
    server.uuid = String(row?.['uuid']);
  }
  return cluster;
}

/**
 * The account of `fence:`, with what the documents say and no more, and an application on the server itself.
 */
function moreAccounts({ watcher, web }: Accounts, version: string): readonly string[] {
  const set = fenceSetOf(readTraits([{ Variable_name: 'version', Value: version }]));
  if (typeof set === 'string') throw new Error(set);
  const fencing = fenceAccountStatements(`'${fenceUser}'@'10.99.%'`, set).map((statement) =>
    statement.replace('<password>', watcher),
  );
  const clinging = [
    `CREATE USER '${clingingUser}'@'localhost' IDENTIFIED BY '${web}'`,
    `GRANT INSERT ON shop.* TO '${clingingUser}'@'localhost'`,
  ];
  // Run at every start.
  return [...fencing, ...clinging].map((statement) =>
    statement.replace('CREATE USER', 'CREATE USER IF NOT EXISTS').replace(/;$/, ''),
  );
}

/**
 * Transactions of `server` that `source` lacks. Transactions of the source itself may just be on their way to
 * it, so `source` is asked last.
 */
export async function errantOf(server: ChaosServer, source: ChaosServer): Promise<string> {
  const own = await executedOf(server);
  const theirs = await executedOf(source);
  const [row] = await source.mysqld.sql(`SELECT GTID_SUBTRACT('${own}', '${theirs}') AS errant`);
  return String(row?.['errant'] ?? '')
    .replaceAll('\n', '')
    .split(',')
    .filter((each) => each !== '' && !each.startsWith(source.uuid))
    .join(',');
}
