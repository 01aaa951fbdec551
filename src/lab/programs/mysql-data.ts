/** An initialised, empty data folder of MySQL, from the cache or new. */

import { constants } from 'node:fs';
import { cp, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buildOnce, cacheFolder } from '../host/cache-folder.ts';
import { within } from '../host/deadline.ts';
import { LabError } from '../host/lab-error.ts';
import { launch } from '../host/processes.ts';

export interface MysqldProgram {
  /** e.g. `9.7.4`. */
  readonly version: string;
  /** The executable (a wrapper, if fetched). */
  readonly mysqld: string;
  /** Without these options mysqld does not find its own files; they come first. */
  readonly options: readonly string[];
}

/** It takes about 2 s on a quiet machine. */
const initializeDeadlineMs = 120_000;

/**
 * mysqld refuses to run as root unless told so. Another user could not reach files below root's home. So it
 * runs as root: on loopback, with its own data, and SQL cannot reach files.
 */
export const userOptions: readonly string[] = process.getuid?.() === 0 ? ['--user=root'] : [];

/** Resolves with the path of the folder for this version, which must not be written to. */
export async function provideEmptyData(program: MysqldProgram): Promise<string> {
  const folder = join(cacheFolder(), `data-${program.version}`);
  await buildOnce(folder, (temporary) => initialize(program, temporary));
  return join(folder, 'data');
}

/** Copies the folder without the server's identity (auto.cnf). */
export async function copyEmptyData(emptyData: string, target: string): Promise<void> {
  await cp(emptyData, target, {
    recursive: true,
    mode: constants.COPYFILE_FICLONE,
    filter: (path) => basename(path) !== 'auto.cnf',
  });
}

async function initialize(program: MysqldProgram, temporary: string): Promise<void> {
  const data = join(temporary, 'data');
  const work = join(temporary, 'work');
  await mkdir(data);
  await mkdir(work);
  const args = [
    ...program.options,
    ...userOptions,
    '--initialize-insecure',
    `--datadir=${data}`,
    `--tmpdir=${work}`,
    '--innodb-redo-log-capacity=8M',
    '--innodb-use-native-aio=OFF',
    '--innodb-doublewrite=OFF',
    '--skip-log-bin',
  ];
  const server = launch('mysqld --initialize-insecure', program.mysqld, args, {
    cwd: work,
    logFile: join(work, 'initialize.log'),
  });
  const exit = await within(server.exited, initializeDeadlineMs, () => new Error('late')).catch(() =>
    server.kill(),
  );
  if (exit.code !== 0) {
    throw new LabError(
      `mysqld could not initialise a data folder (${exit.signal ?? exit.code}):\n${server.log.tail()}`,
      { hint: `is there room in ${cacheFolder()}?` },
    );
  }
  await rm(work, { recursive: true });
}
