/** One MySQL server of the lab. */

import { userOptions } from '../programs/mysql-data.ts';
import type { MysqlPrograms } from '../programs/mysql-programs.ts';
import { SqlServer, type SqlServerOptions } from './sql-server.ts';

export interface MysqldOptions extends SqlServerOptions {
  /** Default: `off`. */
  readonly readOnly?: 'off' | 'read-only' | 'super-read-only';
}

/** "ready for connections", in any language (lc_messages). */
const readyLine = /\[MY-010931\]/;

/** Small: four servers run at once, and need only the replication tables of the Performance Schema. */
const lightOptions: readonly string[] = [
  '--innodb-buffer-pool-size=64M',
  '--innodb-buffer-pool-instances=1',
  '--innodb-log-buffer-size=1M',
  '--innodb-redo-log-capacity=8M',
  // Simulated, because all processes of a machine share the kernel's limit of native requests (aio-max-nr).
  '--innodb-use-native-aio=OFF',
  // Safe for a killed process; only a power cut needs more.
  '--innodb-flush-log-at-trx-commit=2',
  '--sync-binlog=0',
  '--innodb-doublewrite=OFF',
  '--table-open-cache=200',
  '--table-definition-cache=400',
  '--max-connections=100',
  '--thread-cache-size=4',
  '--performance-schema=ON',
  '--performance-schema-instrument=wait/%=OFF',
  '--performance-schema-instrument=memory/%=OFF',
  '--performance-schema-instrument=stage/%=OFF',
  '--performance-schema-digests-size=0',
  '--performance-schema-events-statements-history-long-size=0',
  '--performance-schema-events-waits-history-long-size=0',
  '--performance-schema-events-stages-history-long-size=0',
  '--performance-schema-events-transactions-history-long-size=0',
  '--performance-schema-error-size=0',
  '--performance-schema-max-program-instances=0',
  '--performance-schema-max-prepared-statements-instances=0',
  '--performance-schema-max-memory-classes=0',
  '--performance-schema-max-mutex-instances=0',
  '--performance-schema-max-rwlock-instances=0',
  '--performance-schema-max-cond-instances=0',
  '--performance-schema-max-file-instances=100',
  '--performance-schema-max-table-instances=200',
  '--performance-schema-max-table-handles=200',
  '--performance-schema-accounts-size=20',
  '--performance-schema-hosts-size=20',
  '--performance-schema-users-size=20',
  '--mysqlx=OFF',
];

const replicationOptions: readonly string[] = [
  '--gtid-mode=ON',
  '--enforce-gtid-consistency=ON',
  '--log-bin=binlog',
  '--log-replica-updates=ON',
  '--relay-log=relay',
  '--relay-log-recovery=ON',
  // A receiver notices a silent source after 4 s (default: 60 s), and gets a heartbeat every 2 s.
  '--replica-net-timeout=4',
  '--replica-parallel-workers=2',
];

/** For semi-synchronous replication and CLONE: on every server that may be a source or a replica. */
export const semiSyncOptions: readonly string[] = [
  '--plugin-load-add=semisync_source.so;semisync_replica.so;mysql_clone.so',
  '--rpl-semi-sync-replica-enabled=ON',
];

export class Mysqld extends SqlServer {
  constructor(programs: MysqlPrograms, options: MysqldOptions) {
    const { readOnly = 'off' } = options;
    const program = {
      name: 'mysqld',
      executable: programs.mysqld,
      ready: readyLine,
      emptyData: programs.emptyData,
      options: [
        ...programs.options,
        ...userOptions,
        // SQL cannot read or write files.
        '--secure-file-priv=NULL',
        ...lightOptions,
        ...replicationOptions,
        ...(readOnly === 'off' ? [] : ['--read-only=ON']),
        ...(readOnly === 'super-read-only' ? ['--super-read-only=ON'] : []),
      ],
    };
    super(program, options);
  }
}
