/** The programs of Prometheus: the server, and promtool, which checks rules. */

import { findInstalled, printedVersion } from '../../../src/lab/host/installed-programs.ts';
import type { DebianRelease } from '../../../src/lab/programs/debian.ts';
import { type ProgramSet, type Progress, provideSet } from '../../../src/lab/programs/programs.ts';

/** Each is the path of an executable (a wrapper, if fetched). */
export interface PrometheusPrograms {
  /** e.g. `2.53.3`. */
  readonly version: string;
  readonly prometheus: string;
  readonly promtool: string;
}

const programNames = ['usr/bin/prometheus', 'usr/bin/promtool'];

const setOf = (release: DebianRelease): ProgramSet => ({
  name: release === 'trixie' ? 'prometheus' : `${release}-prometheus`,
  main: 'prometheus',
  // Its web page needs more: fonts, and libraries for the browser.
  wish: {
    packages: ['prometheus', 'promtool'],
    suites: [release],
    needed: (name) => /^libc6$|^libgcc/.test(name),
  },
  programs: programNames,
  keep: [...programNames, 'usr/lib'],
});

/** The installed one, else from the cache, else from Debian. Rejects with a LabError. */
export async function providePrometheus(progress: Progress): Promise<PrometheusPrograms> {
  return (await installedPrometheus()) ?? fetchedPrometheus(progress);
}

async function fetchedPrometheus(progress: Progress): Promise<PrometheusPrograms> {
  const set = await provideSet(setOf('trixie'), progress);
  return {
    version: set.version,
    prometheus: set.program('prometheus'),
    promtool: set.program('promtool'),
  };
}

async function installedPrometheus(): Promise<PrometheusPrograms | undefined> {
  const [prometheus, promtool] = [findInstalled('prometheus'), findInstalled('promtool')];
  if (prometheus === undefined || promtool === undefined) return undefined;
  const printed = await printedVersion(promtool, ['--version']).catch(() => '');
  const version = /version ([\d.]+)/.exec(printed)?.[1];
  return version === undefined ? undefined : { version, prometheus, promtool };
}
