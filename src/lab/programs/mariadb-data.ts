/** An initialised, empty data folder of MariaDB, from the cache or new. */

import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ExecaError, execa } from 'execa';
import { buildOnce, cacheFolder } from '../host/cache-folder.ts';
import { LabError } from '../host/lab-error.ts';
import { userOptions } from './mysql-data.ts';

export interface MariadbdProgram {
  /** e.g. `10.11.14`. */
  readonly version: string;
  /** For people: the Debian package. */
  readonly origin: string;
  /** The executable (a wrapper). */
  readonly mariadbd: string;
  /** Without these options mariadbd does not find its own files; they come first. */
  readonly options: readonly string[];
  /** The folder of the SQL scripts that create the system tables. */
  readonly scripts: string;
}

/** It takes about 2 s on a quiet machine. */
const bootstrapDeadlineMs = 120_000;
/** The scripts of mariadb-install-db, without the help tables. Until 11.0 their names began with mysql_. */
const sqlScripts = ['system_tables.sql', 'performance_tables.sql', 'system_tables_data.sql'];

/** Resolves with the path of the folder for this version, which must not be written to. */
export async function provideMariadbData(program: MariadbdProgram): Promise<string> {
  const folder = join(cacheFolder(), `data-mariadb-${program.version}`);
  await buildOnce(folder, (temporary) => bootstrap(program, temporary));
  return join(folder, 'data');
}

/** mariadb-install-db is a shell script around this, and needs programs of other packages. */
async function bootstrap(program: MariadbdProgram, temporary: string): Promise<void> {
  const data = join(temporary, 'data');
  const work = join(temporary, 'work');
  await mkdir(data);
  await mkdir(work);
  const scripts = await Promise.all(
    sqlScripts.map((name) => readFile(scriptPath(program.scripts, name), 'utf8')),
  );
  // root@localhost without a password, like --initialize-insecure of MySQL.
  const input = ['create database mysql;', 'use mysql;', 'set @auth_root_socket=NULL;', ...scripts, ''].join(
    '\n',
  );
  const args = [
    ...program.options,
    ...userOptions,
    '--bootstrap',
    `--datadir=${data}`,
    `--tmpdir=${work}`,
    '--skip-log-bin',
  ];
  try {
    await execa(
      program.mariadbd,
      [...args, '--innodb-log-file-size=8M', '--log-warnings=0', '--loose-wsrep-on=OFF'],
      { input, all: true, timeout: bootstrapDeadlineMs, killSignal: 'SIGKILL' },
    );
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    const said = String(error.all).split('\n').slice(-20).join('\n');
    throw new LabError(`mariadbd could not initialise a data folder:\n${said}`, {
      hint: `is there room in ${cacheFolder()}?`,
      cause: error,
    });
  }
  await rm(work, { recursive: true });
}

function scriptPath(folder: string, name: string): string {
  const older = join(folder, `mysql_${name}`);
  return existsSync(older) ? older : join(folder, `mariadb_${name}`);
}
