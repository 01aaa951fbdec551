import { findInstalled, printedVersion } from '../../src/lab/installed-programs.ts';
import { type ProgramSet, type Progress, provideSet } from '../../src/lab/programs.ts';

/** Knot DNS: the path of its daemon (a wrapper, when fetched). */
export interface KnotPrograms {
  /** e.g. `3.4.6`. */
  readonly version: string;
  readonly knotd: string;
}

const SET: ProgramSet = {
  name: 'knot',
  main: 'knot',
  wish: {
    packages: ['knot'],
    suites: ['trixie'],
    needed: (name) => /^z?lib/.test(name) && !/^lib(pam|audit|debconf)|-common$|-bin$/.test(name),
  },
  programs: ['usr/sbin/knotd'],
  keep: ['usr/sbin', 'usr/lib'],
};

/** Knot from PATH, else from the cache, else from Debian. Rejects with a LabError when it cannot be had. */
export async function provideKnot(progress: Progress): Promise<KnotPrograms> {
  const knotd = findInstalled('knotd');
  const printed = knotd === undefined ? '' : await printedVersion(knotd, ['--version']).catch(() => '');
  const version = /Knot DNS\), version (3\.[\d.]+)/.exec(printed)?.[1];
  if (knotd !== undefined && version !== undefined) return { version, knotd };
  const set = await provideSet(SET, progress);
  return { version: /^(?:\d+:)?([\d.]+)/.exec(set.packageVersion)?.[1] ?? set.packageVersion, knotd: set.program('knotd') };
}
