/** Fetches the programs of the real tests before the first of them. */

import { provideMysql } from '../../src/lab/programs/mysql-programs.ts';
import { everyBind, everyKnot, everyPowerdns } from '../support/servers/nameservers.ts';

/**
 * Fetches mysqld and the nameservers into the cache before the first test, so that no test's deadline pays
 * for it.
 */
export async function setup(): Promise<void> {
  const progress = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  await Promise.all([provideMysql(progress), everyBind(), everyKnot(), everyPowerdns()]);
}
