/** MariaDB, fetched from Debian: never an installed one, because a test is about one series. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type MariadbdProgram, provideMariadbData } from './mariadb-data.ts';
import { type ProgramSet, type Progress, provideSet } from './programs.ts';

/** 10.11 is in Debian 12, 11.8 in Debian 13. */
export type MariadbSeries = '10.11' | '11.8';

export interface MariadbPrograms extends MariadbdProgram {
  /** An empty data folder, to be copied. */
  readonly emptyData: string;
  /** The Galera provider, for `wsrep_provider`. */
  readonly galera: string;
}

const debianSuites: Readonly<Record<MariadbSeries, string>> = { '10.11': 'bookworm', '11.8': 'trixie' };

const setOf = (series: MariadbSeries): ProgramSet => ({
  name: `mariadb-${series}`,
  main: 'mariadb-server-core',
  wish: {
    packages: ['mariadb-server-core', 'galera-4'],
    suites: [debianSuites[series]],
    needed: (name) => /^z?lib/.test(name) && !/^lib(perl|gdbm|db5|c-gconv)|-common$/.test(name),
  },
  programs: ['usr/sbin/mariadbd'],
  keep: ['usr/sbin/mariadbd', 'usr/lib', 'usr/share/mysql', 'usr/share/mariadb'],
});

/** From the cache, else from Debian. Rejects with a LabError. */
export async function provideMariadb(series: MariadbSeries, progress: Progress): Promise<MariadbPrograms> {
  const set = await provideSet(setOf(series), progress);
  const usr = join(set.folder, 'root', 'usr');
  const shares = ['mariadb', 'mysql'].map((name) => join(usr, 'share', name));
  const share = shares.find((folder) => existsSync(folder)) ?? usr;
  const program = {
    version: set.version,
    origin: `Debian's mariadb-server-core ${set.packageVersion}`,
    mariadbd: set.program('mariadbd'),
    options: [
      '--no-defaults',
      `--basedir=${usr}`,
      `--lc-messages-dir=${share}`,
      `--character-sets-dir=${join(share, 'charsets')}`,
    ],
    scripts: share,
  };
  return {
    ...program,
    emptyData: await provideMariadbData(program),
    galera: join(usr, 'lib', 'galera', 'libgalera_smm.so'),
  };
}
