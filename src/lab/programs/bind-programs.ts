/** BIND's programs, installed or fetched. */

import { findInstalled, isConfined, printedVersion } from '../host/installed-programs.ts';
import type { DebianRelease } from './debian.ts';
import { type ProgramSet, type Progress, provideSet } from './programs.ts';

/** Each is the path of an executable (a wrapper, if fetched). */
export interface BindPrograms {
  /** e.g. `9.20.26`. */
  readonly version: string;
  /** For people: a path, or the Debian package. */
  readonly origin: string;
  readonly named: string;
  readonly nsupdate: string;
  readonly dig: string;
  readonly rndc: string;
  readonly tsigKeygen: string;
  readonly namedCheckconf: string;
}

const programNames = ['named', 'nsupdate', 'dig', 'rndc', 'tsig-keygen', 'named-checkconf'] as const;
/** The oldest version that has every option of bind-config/. */
const oldestMinor = 18;

const setOf = (release: DebianRelease): ProgramSet => ({
  // No set name begins another one: the cache is searched by prefix.
  name: release === 'trixie' ? 'bind' : `${release}-bind`,
  main: 'bind9',
  wish: {
    packages: ['bind9', 'bind9-utils', 'bind9-dnsutils', 'bind9-libs'],
    suites: [release],
    // Not the libraries for installation and administration: users, firewalls, PAM, the init system.
    needed: (name) =>
      /^z?lib/.test(name) &&
      !/^lib(db5|pam|audit|sem|sepol|bpf|elf|xtables|mnl|debconf|c-gconv)|-common$|-bin$/.test(name),
  },
  programs: [
    'usr/sbin/named',
    'usr/bin/nsupdate',
    'usr/bin/dig',
    'usr/sbin/rndc',
    'usr/sbin/tsig-keygen',
    'usr/bin/named-checkconf',
  ],
  keep: ['usr/sbin', 'usr/bin/nsupdate', 'usr/bin/dig', 'usr/bin/named-checkconf', 'usr/lib'],
});

/** From PATH if it is complete, else from the cache, else from Debian. Rejects with a LabError. */
export async function provideBind(progress: Progress): Promise<BindPrograms> {
  return (await installedBind(progress)) ?? (await fetchedBind('trixie', progress));
}

/** BIND of a Debian release: never an installed one. */
export async function fetchedBind(release: DebianRelease, progress: Progress): Promise<BindPrograms> {
  const set = await provideSet(setOf(release), progress);
  return {
    version: set.version,
    origin: `Debian's bind9 ${set.packageVersion}`,
    ...paths((name) => set.program(name)),
  };
}

/** Undefined if BIND is missing, too old, incomplete or confined. */
export async function installedBind(progress: Progress): Promise<BindPrograms | undefined> {
  const named = findInstalled('named');
  if (named === undefined) return undefined;
  const printed = await printedVersion(named, ['-v']).catch(() => '');
  const match = /BIND (9)\.(\d+)\.(\d+)/.exec(printed);
  const missing = programNames.filter((name) => findInstalled(name) === undefined);
  const flaw =
    ((match === null || Number(match[2]) < oldestMinor) && `is not BIND 9.${oldestMinor} or newer`) ||
    (missing.length > 0 && `lacks ${missing.join(', ')}`) ||
    ((await isConfined(named)) && 'is confined by AppArmor');
  if (flaw !== false || match === null) {
    progress(`${named} is not used: it ${flaw}`);
    return undefined;
  }
  return {
    version: `${match[1]}.${match[2]}.${match[3]}`,
    origin: named,
    ...paths((name) => findInstalled(name) ?? name),
  };
}

function paths(
  pathOf: (name: (typeof programNames)[number]) => string,
): Omit<BindPrograms, 'version' | 'origin'> {
  return {
    named: pathOf('named'),
    nsupdate: pathOf('nsupdate'),
    dig: pathOf('dig'),
    rndc: pathOf('rndc'),
    tsigKeygen: pathOf('tsig-keygen'),
    namedCheckconf: pathOf('named-checkconf'),
  };
}
