/** MySQL, installed or fetched. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findInstalled, isConfined, printedVersion } from '../host/installed-programs.ts';
import { type MysqldProgram, provideEmptyData } from './mysql-data.ts';
import { type ProgramSet, type Progress, provideSet } from './programs.ts';

export interface MysqlPrograms extends MysqldProgram {
  /** For people: a path, or the Debian package. */
  readonly origin: string;
  /** It has semisync_source.so, semisync_replica.so and mysql_clone.so. */
  readonly pluginFolder: string;
  /** An empty data folder, to be copied. */
  readonly emptyData: string;
}

const pluginFiles = ['semisync_source.so', 'semisync_replica.so', 'mysql_clone.so'];
/** The oldest version in which all statements and plugins have the names that the lab uses. */
const oldest = { major: 8, minor: 4 };

const mysqlSet: ProgramSet = {
  name: 'mysql',
  main: 'mysql-server-core',
  wish: {
    packages: ['mysql-server-core'],
    // Only sid has MySQL; trixie has a library that sid lacks for a while.
    suites: ['sid', 'trixie'],
    // Perl and its libraries are only for scripts that do not run here.
    needed: (name) => /^z?lib/.test(name) && !/^lib(perl|gdbm|db5|c-gconv)|-common$/.test(name),
  },
  programs: ['usr/sbin/mysqld'],
  keep: ['usr/sbin/mysqld', 'usr/lib', 'usr/share/mysql'],
};

/** From PATH if new enough and complete, else from the cache, else from Debian. Rejects with a LabError. */
export async function provideMysql(progress: Progress): Promise<MysqlPrograms> {
  const programs = (await installedMysql(progress)) ?? (await fetchedMysql(progress));
  return { ...programs, emptyData: await provideEmptyData(programs) };
}

async function fetchedMysql(progress: Progress): Promise<Omit<MysqlPrograms, 'emptyData'>> {
  const set = await provideSet(mysqlSet, progress);
  const usr = join(set.folder, 'root', 'usr');
  const share = join(usr, 'share', 'mysql');
  const pluginFolder = join(usr, 'lib', 'mysql', 'plugin');
  return {
    version: set.version,
    origin: `Debian's mysql-server-core ${set.packageVersion}`,
    mysqld: set.program('mysqld'),
    options: [
      '--no-defaults',
      `--basedir=${usr}`,
      `--lc-messages-dir=${share}`,
      `--character-sets-dir=${join(share, 'charsets')}`,
      `--plugin-dir=${pluginFolder}`,
    ],
    pluginFolder,
  };
}

async function installedMysql(progress: Progress): Promise<Omit<MysqlPrograms, 'emptyData'> | undefined> {
  const mysqld = findInstalled('mysqld');
  if (mysqld === undefined) return undefined;
  const printed = await printedVersion(mysqld, ['--no-defaults', '--version']).catch(() => '');
  const version = parseMysqlVersion(printed);
  const base = dirname(dirname(mysqld));
  const folders = ['lib/mysql/plugin', 'lib/plugin', 'lib64/mysql/plugin'].map((folder) =>
    join(base, folder),
  );
  const pluginFolder = folders.find((folder) =>
    pluginFiles.every((plugin) => existsSync(join(folder, plugin))),
  );
  const flaw =
    (version === undefined && 'is not MySQL 8.4 or newer') ||
    (pluginFolder === undefined && `lacks a plugin of ${pluginFiles.join(', ')}`) ||
    ((await isConfined(mysqld)) && 'is confined by AppArmor');
  if (flaw !== false || version === undefined || pluginFolder === undefined) {
    progress(`${mysqld} is not used: it ${flaw}`);
    return undefined;
  }
  return {
    version,
    origin: mysqld,
    mysqld,
    options: ['--no-defaults', `--plugin-dir=${pluginFolder}`],
    pluginFolder,
  };
}

/** The version in the output of `mysqld --version`; undefined for MariaDB and for a MySQL that is too old. */
export function parseMysqlVersion(printed: string): string | undefined {
  const match = /Ver (\d+)\.(\d+)\.(\d+)/.exec(printed);
  if (match === null || /mariadb/i.test(printed)) return undefined;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) return undefined;
  return `${match[1]}.${match[2]}.${match[3]}`;
}
