import { provideBind } from '../../src/lab/bind-programs.ts';
import { provideMysql } from '../../src/lab/mysql-programs.ts';

/** Fetches mysqld and named into the cache before the first test, so that no test's deadline pays for it. */
export async function setup(): Promise<void> {
  const progress = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  await Promise.all([provideMysql(progress), provideBind(progress)]);
}
