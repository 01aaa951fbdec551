/** The program of Knot DNS. */

import { findInstalled, printedVersion } from '../../../src/lab/host/installed-programs.ts';
import type { DebianRelease } from '../../../src/lab/programs/debian.ts';
import { type ProgramSet, type Progress, provideSet } from '../../../src/lab/programs/programs.ts';

/** The path of its daemon (a wrapper, if fetched). */
export interface KnotPrograms {
  /** e.g. `3.4.6`. */
  readonly version: string;
  readonly knotd: string;
}

const setOf = (release: DebianRelease): ProgramSet => ({
  name: release === 'trixie' ? 'knot' : `${release}-knot`,
  main: 'knot',
  wish: {
    packages: ['knot'],
    suites: [release],
    needed: (name) => /^z?lib/.test(name) && !/^lib(pam|audit|debconf)|-common$|-bin$/.test(name),
  },
  programs: ['usr/sbin/knotd'],
  keep: ['usr/sbin', 'usr/lib'],
});

/** From the cache, else from Debian. Rejects with a LabError. */
export async function fetchedKnot(release: DebianRelease, progress: Progress): Promise<KnotPrograms> {
  const set = await provideSet(setOf(release), progress);
  return { version: set.version, knotd: set.program('knotd') };
}

/** From PATH; undefined if it is not there. */
export async function installedKnot(): Promise<KnotPrograms | undefined> {
  const knotd = findInstalled('knotd');
  if (knotd === undefined) return undefined;
  const printed = await printedVersion(knotd, ['--version']).catch(() => '');
  const version = /Knot DNS(?:\), version)? (3\.[\d.]+)/.exec(printed)?.[1];
  return version === undefined ? undefined : { version, knotd };
}
