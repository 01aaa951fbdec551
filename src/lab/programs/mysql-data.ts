import { constants } from 'node:fs';
import { cp, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buildOnce, cacheFolder } from '../host/cache-folder.ts';
import { within } from '../host/deadline.ts';
import { LabError } from '../host/lab-error.ts';
import { launch } from '../host/processes.ts';

/** What is needed to run a mysqld at all. */
export interface MysqldProgram {
  /** e.g. `9.7.4`. */
  readonly version: string;
  /** The executable (a wrapper, when fetched). */
  readonly mysqld: string;
  /** The options without which this mysqld does not find its own files; they come first. */
  readonly options: readonly string[];
}

/** Initialising takes about 2 s on a quiet machine. */
const initializeDeadlineMs = 120_000;

/**
 * mysqld refuses to run as root unless told so. Another user could not reach programs and data below root's home, so root it is: on loopback, with data of its own,
 * and without a way from SQL to files.
 */
export const userOptions: readonly string[] = process.getuid?.() === 0 ? ['--user=root'] : [];

/** An initialised, empty data folder for this version: from the cache, or made now. Resolves with its path; it must not be written to. */
export async function provideEmptyData(program: MysqldProgram): Promise<string> {
  const folder = join(cacheFolder(), `data-${program.version}`);
  await buildOnce(folder, (temporary) => initialize(program, temporary));
  return join(folder, 'data');
}

/** Makes `target` a data folder of its own: a copy without the identity (auto.cnf) of the original. Takes a tenth of a second; nothing where the file system shares blocks. */
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
      {
        hint: `is there room in ${cacheFolder()}?`,
      },
    );
  }
  await rm(work, { recursive: true });
}
