/** What the real tests need before the first of them: the built program, mysqld and the nameservers. */

import { execFileSync } from 'node:child_process';
import { provideMysql } from '../../src/lab/programs/mysql-programs.ts';
import { root } from '../support/checkout.ts';
import { tryBrowser } from '../support/servers/browser.ts';
import { everyBind, everyKnot, everyPowerdns } from '../support/servers/nameservers.ts';

/**
 * Builds dist/ once: a test that built it anew would take it from the program of another test. Fetches mysqld and
 * the nameservers into the cache, so that no test's deadline pays for it.
 */
export async function setup(): Promise<void> {
  const progress = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  execFileSync(process.execPath, ['build.mjs'], { cwd: root });
  await Promise.all([
    provideMysql(progress),
    everyBind(),
    everyKnot(),
    everyPowerdns(),
    tryBrowser(progress),
  ]);
}
