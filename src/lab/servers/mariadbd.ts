/** One MariaDB server of the lab. */

import type { MariadbPrograms } from '../programs/mariadb-programs.ts';
import { userOptions } from '../programs/mysql-data.ts';
import { SqlServer, type SqlServerOptions } from './sql-server.ts';

interface MariadbdOptions extends SqlServerOptions {
  readonly readOnly?: boolean;
}

/** Small, and not safe in a power cut: the lab only kills processes. */
const lightOptions: readonly string[] = [
  '--innodb-buffer-pool-size=32M',
  '--innodb-log-file-size=8M',
  '--innodb-use-native-aio=OFF',
  '--innodb-flush-log-at-trx-commit=2',
  '--innodb-doublewrite=OFF',
  '--sync-binlog=0',
  '--max-connections=100',
  '--performance-schema=OFF',
  '--aria-pagecache-buffer-size=8M',
  '--key-buffer-size=1M',
];

const replicationOptions: readonly string[] = [
  '--log-bin=binlog',
  '--log-slave-updates=ON',
  '--relay-log=relay',
  '--gtid-strict-mode=ON',
  // A receiver notices a silent source after 4 s (default: 60 s).
  '--slave-net-timeout=4',
];

export class Mariadbd extends SqlServer {
  constructor(programs: MariadbPrograms, options: MariadbdOptions) {
    const program = {
      name: 'mariadbd',
      executable: programs.mariadbd,
      ready: /ready for connections/,
      emptyData: programs.emptyData,
      options: [
        ...programs.options,
        ...userOptions,
        // SQL reads and writes files only below this folder, which has nothing else.
        `--secure-file-priv=${options.folder}`,
        ...lightOptions,
        ...replicationOptions,
        ...(options.readOnly ? ['--read-only=ON'] : []),
      ],
    };
    super(program, options);
  }
}
