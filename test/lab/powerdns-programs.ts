import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findInstalled } from '../../src/lab/installed-programs.ts';
import { type ProgramSet, type Progress, provideSet } from '../../src/lab/programs.ts';

/** PowerDNS Authoritative Server with its SQLite backend; each program is the path of an executable (a wrapper, when fetched). */
export interface PowerdnsPrograms {
  readonly pdnsServer: string;
  readonly pdnsutil: string;
  /** Makes the empty database: pdnsutil cannot. */
  readonly sqlite3: string;
  /** SQL of the empty database. */
  readonly schema: string;
  /** Folder of the backends, for `module-dir`. */
  readonly modules: string;
}

const PROGRAMS = ['usr/sbin/pdns_server', 'usr/bin/pdnsutil', 'usr/bin/sqlite3'];
const SCHEMA = 'usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql';

const SET: ProgramSet = {
  name: 'powerdns',
  main: 'pdns-server',
  wish: {
    packages: ['pdns-server', 'pdns-backend-sqlite3', 'sqlite3'],
    suites: ['trixie'],
    needed: (name) => /^z?lib/.test(name) && !/^lib(pam|audit|debconf)|-common$|-bin$/.test(name),
  },
  programs: PROGRAMS,
  keep: [...PROGRAMS, 'usr/lib', SCHEMA],
};

/** PowerDNS as it is installed, else from the cache, else from Debian. Rejects with a LabError when it cannot be had. */
export async function providePowerdns(progress: Progress): Promise<PowerdnsPrograms> {
  const [pdnsServer, pdnsutil, sqlite3] = ['pdns_server', 'pdnsutil', 'sqlite3'].map(findInstalled);
  const modules = await modulesBelow('/usr/lib').catch(() => undefined);
  if (pdnsServer && pdnsutil && sqlite3 && modules && existsSync(join('/', SCHEMA)))
    return { pdnsServer, pdnsutil, sqlite3, schema: join('/', SCHEMA), modules };
  const set = await provideSet(SET, progress);
  const root = join(set.folder, 'root');
  return {
    pdnsServer: set.program('pdns_server'),
    pdnsutil: set.program('pdnsutil'),
    sqlite3: set.program('sqlite3'),
    schema: join(root, SCHEMA),
    modules: (await modulesBelow(join(root, 'usr/lib'))) ?? root,
  };
}

/** Debian's folder of libraries is named after the architecture. */
async function modulesBelow(libraries: string): Promise<string | undefined> {
  const folders = (await readdir(libraries)).map((name) => join(libraries, name, 'pdns'));
  return folders.find((folder) => existsSync(join(folder, 'libgsqlite3backend.so')));
}
