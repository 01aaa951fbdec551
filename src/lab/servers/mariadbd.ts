import type { MariadbPrograms } from '../programs/mariadb-programs.ts';
import { userOptions } from '../programs/mysql-data.ts';
import { SqlServer, type SqlServerOptions } from './sql-server.ts';

/** One MariaDB server of the lab. */
interface MariadbdOptions extends SqlServerOptions {
  /** What it starts with; default false. */
  readonly readOnly?: boolean;
}

/** Small, and without what a real server needs for a power cut: it is only ever killed. */
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
  // A receiver notices a silent source after 4 s (the default is 60).
  '--slave-net-timeout=4',
];

/** A real mariadbd on loopback. It can be stopped, killed and started again, and keeps its data folder over that. */
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
        // No SQL user reads or writes files of this machine but below this folder, which holds nothing else.
        `--secure-file-priv=${options.folder}`,
        ...lightOptions,
        ...replicationOptions,
        ...(options.readOnly ? ['--read-only=ON'] : []),
      ],
    };
    super(program, options);
  }
}
