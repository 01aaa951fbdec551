import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { grantStatements } from '../mysql/grants.ts';
import type { MysqlPrograms } from './mysql-programs.ts';
import { Mysqld } from './mysqld.ts';
import { findFreePort, withFreePort } from './ports.ts';
import { isPortTaken } from './sql-server.ts';

/** The servers of MySQL's picture "redundancy using replication" (manual 19.4.8), all on one port. */
export interface MysqlCluster {
  readonly source: LabServer;
  readonly replicas: readonly [LabServer, LabServer, LabServer];
  readonly all: readonly LabServer[];
  readonly port: number;
  readonly accounts: Accounts;
  stop(): Promise<void>;
}

/** One server, with the name that the manual's picture gives it. */
export interface LabServer {
  readonly name: string;
  readonly mysqld: Mysqld;
  /** `address:port`, as source-dns is configured with it. */
  readonly server: string;
}

/** Passwords of the lab's accounts, made anew for every lab. */
export interface Accounts {
  /** Replication and CLONE. */
  readonly repl: string;
  /** What the web application uses. */
  readonly web: string;
  /** What source-dns watches with. */
  readonly watcher: string;
}

const NAMES = ['Source', 'Replica 1', 'Replica 2', 'Replica 3'];
const PLUGINS = 'semisync_source.so;semisync_replica.so;mysql_clone.so';
/** Semi-synchronous replication and CLONE: what every server of a cluster is started with. */
export const clusterOptions: readonly string[] = [`--plugin-load-add=${PLUGINS}`, '--rpl-semi-sync-replica-enabled=ON'];

/** Starts all four at once: Source writable, the others super_read_only, none replicating yet. Rejects with a LabError; nothing is left behind then. */
export async function startMysqlCluster(programs: MysqlPrograms, folder: string): Promise<MysqlCluster> {
  const accounts = makeAccounts();
  const addresses = NAMES.map((_, index) => `127.0.0.${11 + index}`);
  const start = async (port: number): Promise<LabServer[]> => {
    const servers = NAMES.map((name, index) => {
      const address = addresses[index] as string;
      const mysqld = new Mysqld(programs, {
        folder: join(folder, name.toLowerCase().replace(' ', '-')),
        address,
        port,
        serverId: index + 1,
        // As it would be in its my.cnf. Source's own says nothing of read_only: that is what makes its return dangerous.
        readOnly: index === 0 ? 'off' : 'super-read-only',
        initSql: accountSql(accounts),
        options: clusterOptions,
      });
      return { name, mysqld, server: `${address}:${port}` };
    });
    const started = await Promise.allSettled(servers.map(({ mysqld }) => mysqld.start()));
    const failed = started.find((result) => result.status === 'rejected');
    if (failed === undefined) return servers;
    await Promise.all(servers.map(({ mysqld }) => mysqld.kill9()));
    throw failed.reason;
  };
  const all = await withFreePort(() => findFreePort(addresses), start, { isTaken: isPortTaken });
  const [source, first, second, third] = all as [LabServer, LabServer, LabServer, LabServer];
  return {
    source,
    replicas: [first, second, third],
    all,
    port: source.mysqld.port,
    accounts,
    stop: async () => {
      await Promise.all(all.map(({ mysqld }) => mysqld.stop()));
    },
  };
}

/** New passwords. */
export function makeAccounts(): Accounts {
  const password = () => randomBytes(12).toString('hex');
  return { repl: password(), web: password(), watcher: password() };
}

/** Makes the accounts for clients of these hosts (a pattern of LIKE), with what each needs and nothing else. */
export const accountSql = ({ repl, web, watcher }: Accounts, hosts = '127.0.0.%'): readonly string[] => [
  `CREATE USER IF NOT EXISTS 'repl'@'${hosts}' IDENTIFIED BY '${repl}'`,
  `GRANT REPLICATION SLAVE, BACKUP_ADMIN ON *.* TO 'repl'@'${hosts}'`,
  `CREATE USER IF NOT EXISTS 'web'@'${hosts}' IDENTIFIED BY '${web}'`,
  `GRANT SELECT, INSERT, CREATE ON shop.* TO 'web'@'${hosts}'`,
  `CREATE USER IF NOT EXISTS 'source_dns'@'${hosts}' IDENTIFIED BY '${watcher}'`,
  ...grantStatements(`'source_dns'@'${hosts}'`).map((statement) => statement.replace(/;$/, '')),
];
