/** The part of Debian's mha4mysql-manager that calls the user's scripts, with fixtures for its servers. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { provideSet } from '../../src/lab/programs/programs.ts';

/** The folder of MHA's Perl modules: from the cache, else fetched (about ten seconds). */
export async function mhaModules(): Promise<string> {
  const set = {
    name: 'mha',
    main: 'mha4mysql-manager',
    wish: {
      packages: ['mha4mysql-manager', 'mha4mysql-node'],
      suites: ['bookworm'],
      needed: () => false,
    },
    programs: [],
    keep: ['usr/share/perl5/MHA'],
  };
  const { folder } = await provideSet(set, (line) => process.stderr.write(`${line}\n`));
  return join(folder, 'root', 'usr', 'share', 'perl5');
}

interface MhaScripts {
  readonly modules: string;
  /** Where MHA writes the output of its failover script. */
  readonly log: string;
  /** `master_ip_failover_script` and `master_ip_online_change_script`, as in MHA's configuration. */
  readonly failover: string;
  readonly online: string;
}

/** Calls the scripts at every phase. One line a phase: whether MHA goes on. */
export async function callAsMha({ modules, log, failover, online }: MhaScripts): Promise<string> {
  const driver = join(import.meta.dirname, 'mha-calls.pl');
  const { stdout } = await promisify(execFile)('perl', [driver, modules, log, failover, online], {
    timeout: 60_000,
  });
  return stdout;
}
