/** The programs of PowerDNS with its SQLite backend. */

import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findInstalled, printedVersion } from '../../../src/lab/host/installed-programs.ts';
import type { DebianRelease } from '../../../src/lab/programs/debian.ts';
import { type ProgramSet, type Progress, provideSet } from '../../../src/lab/programs/programs.ts';

/** Each program is the path of an executable (a wrapper, if fetched). */
export interface PowerdnsPrograms {
  /** e.g. `4.9.18`. */
  readonly version: string;
  readonly pdnsServer: string;
  /** Creates the empty database: pdnsutil cannot. */
  readonly sqlite3: string;
  /** The SQL of the empty database. */
  readonly schema: string;
  /** The folder of the backends, for `module-dir`. */
  readonly modules: string;
}

const programNames = ['usr/sbin/pdns_server', 'usr/bin/sqlite3'];
const schemaFile = 'usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql';

const setOf = (release: DebianRelease): ProgramSet => ({
  name: release === 'trixie' ? 'powerdns' : `${release}-powerdns`,
  main: 'pdns-server',
  wish: {
    packages: ['pdns-server', 'pdns-backend-sqlite3', 'sqlite3'],
    suites: [release],
    needed: (name) => /^z?lib/.test(name) && !/^lib(pam|audit|debconf)|-common$|-bin$/.test(name),
  },
  programs: programNames,
  keep: [...programNames, 'usr/lib', schemaFile],
});

/** From the cache, else from Debian. Rejects with a LabError. */
export async function fetchedPowerdns(release: DebianRelease, progress: Progress): Promise<PowerdnsPrograms> {
  const set = await provideSet(setOf(release), progress);
  const root = join(set.folder, 'root');
  return {
    version: set.version,
    pdnsServer: set.program('pdns_server'),
    sqlite3: set.program('sqlite3'),
    schema: join(root, schemaFile),
    modules: (await modulesBelow(join(root, 'usr/lib'))) ?? root,
  };
}

/** The installed one; undefined if it, its SQLite backend or the schema is missing. */
export async function installedPowerdns(): Promise<PowerdnsPrograms | undefined> {
  const [pdnsServer, sqlite3] = ['pdns_server', 'sqlite3'].map(findInstalled);
  const modules = await modulesBelow('/usr/lib').catch(() => undefined);
  const schema = join('/', schemaFile);
  if (!pdnsServer || !sqlite3 || !modules || !existsSync(schema)) return undefined;
  const printed = await printedVersion(pdnsServer, ['--version']).catch(() => '');
  const version = /PowerDNS Authoritative Server (\d+\.[\d.]+\d)/.exec(printed)?.[1];
  return version === undefined ? undefined : { version, pdnsServer, sqlite3, schema, modules };
}

/** Debian names its folder of libraries after the architecture. */
async function modulesBelow(libraries: string): Promise<string | undefined> {
  const folders = (await readdir(libraries)).map((name) => join(libraries, name, 'pdns'));
  return folders.find((folder) => existsSync(join(folder, 'libgsqlite3backend.so')));
}
