/** The folder of fetched programs, and how a folder in it is built: completely or not at all. */

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { LabError } from './lab-error.ts';

const temporaryPrefix = '.building-';
/** A build takes ten minutes at most; an older folder belongs to a process that was killed. */
const leftoverAgeMs = 3_600_000;

/** `$SOURCE_DNS_CACHE`, else `$XDG_CACHE_HOME/source-dns`, else `~/.cache/source-dns`. Absolute. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment['SOURCE_DNS_CACHE'];
  if (own) return resolve(own);
  const shared = environment['XDG_CACHE_HOME'];
  return shared ? resolve(shared, 'source-dns') : join(home(), '.cache', 'source-dns');
}

function home(): string {
  try {
    return homedir();
  } catch (error) {
    const hint = 'set SOURCE_DNS_CACHE to a folder that this user may write to';
    throw new LabError('this user has no home directory to keep the fetched programs in', {
      hint,
      cause: error,
    });
  }
}

/**
 * `build` fills a temporary folder beside `folder`, which is then renamed. If another process was faster, its
 * result stays. This needs no lock, which a killed process could leave behind.
 */
export async function buildOnce(folder: string, build: (temporary: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return;
  const temporary = await temporaryFolder(dirname(folder));
  try {
    await build(temporary);
    await rename(temporary, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** A new folder in `parent` (0700), to be renamed or removed. Removes old ones of killed processes. */
export async function temporaryFolder(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  for (const name of await readdir(parent)) {
    if (!name.startsWith(temporaryPrefix)) continue;
    const path = join(parent, name);
    const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (age > leftoverAgeMs) await rm(path, { recursive: true, force: true });
  }
  return await mkdtemp(join(parent, temporaryPrefix));
}
