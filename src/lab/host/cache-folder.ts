import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { LabError } from './lab-error.ts';

/** Begins the names of folders that are being built. */
const temporaryPrefix = '.building-';
/** A build takes a minute at most, a slow network included ten: what is older was left by a process that was killed. */
const leftoverAgeMs = 3_600_000;

/** Where fetched programs are kept: `$SOURCE_DNS_CACHE`, else `$XDG_CACHE_HOME/source-dns`, else `~/.cache/source-dns`. Absolute. */
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
 * Builds `folder` at once or not at all: `build` fills a temporary folder beside it, which is then renamed. When another process was faster,
 * its result is taken and ours is dropped: so no lock is needed that a killed process could leave behind.
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

/** A new folder in `parent` (made when missing, mode 0700), whose owner renames or removes it. Removes those that killed processes left there. */
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
