/** What the real tests need first: the built program, mysqld, the nameservers and Prometheus. */

import { execFileSync } from 'node:child_process';
import { provideMysql } from '../../src/lab/programs/mysql-programs.ts';
import { root } from '../support/checkout.ts';
import { tryBrowser } from '../support/servers/browser.ts';
import { everyBind, everyKnot, everyPowerdns } from '../support/servers/nameservers.ts';
import { providePrometheus } from '../support/servers/prometheus-programs.ts';

/** Vitest loads this file for each project, in one process: what all of them wait for lies here. */
const shared = globalThis as typeof globalThis & { sourceDnsIsReady?: Promise<void> };

/** What Vitest calls. */
export function setup(): Promise<void> {
  shared.sourceDnsIsReady ??= prepare();
  return shared.sourceDnsIsReady;
}

/**
 * Builds dist/ once: a test that built it anew would take it from the program of another test. Fetches
 * mysqld, the nameservers, Prometheus and a browser into the cache, so that no test's deadline pays for it.
 */
async function prepare(): Promise<void> {
  const progress = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  execFileSync(process.execPath, ['build.mjs', '--noCheck'], { cwd: root });
  await Promise.all([
    provideMysql(progress),
    everyBind(),
    everyKnot(),
    everyPowerdns(),
    tryBrowser(progress),
    providePrometheus(progress),
  ]);
}
