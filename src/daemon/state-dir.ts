/** Prepares the state directory: creates it, and checks that only we can change it. */

import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Failure } from '../core/model/observation.ts';

/** `warning`: usable, but an operator should know. */
type StateDir =
  | { readonly kind: 'usable'; readonly warning: Failure | undefined }
  /** `state-dir-unusable`, `state-dir-open`. */
  | { readonly kind: 'failed'; readonly failure: Failure };

const sticky = 0o1000;
const writableByAll = 0o002;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'is a symbolic link to nothing, or is below such a link',
  EEXIST: 'exists and is not a directory',
  ENOTDIR: 'is below something that is not a directory',
  EACCES: 'is not writable for this user',
  EPERM: 'is not writable for this user',
  EROFS: 'is on a read-only file system',
  ENOSPC: 'has no room: the disk is full',
  EDQUOT: 'has no room: the quota is used up',
  ELOOP: 'is a symbolic link to itself',
  ENAMETOOLONG: 'has too long a name',
};

/** Creates the directory (0750) and its parents. Follows a link: systemd makes one. Never rejects. */
export async function prepareStateDir(path: string): Promise<StateDir> {
  try {
    await makeFolder(path);
    const { mode, uid } = await stat(path);
    await access(path, constants.W_OK | constants.X_OK);
    if ((mode & writableByAll) !== 0 && (mode & sticky) === 0)
      return failed('state-dir-open', `every user of this host may write to ${path}`, path);
    return { kind: 'usable', warning: shared(path, mode, uid) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return failed(
      'state-dir-unusable',
      `${path} ${reasons[code ?? ''] ?? `cannot be used (${code ?? message})`}`,
      path,
    );
  }
}

/** Creates missing folders (0750). Not Node's `recursive`: below a link to nothing it never ends. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o750 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(path) !== path) {
      await makeFolder(dirname(path));
      await mkdir(path, { mode: 0o750 });
    } else if (!(await stat(path)).isDirectory()) throw error;
  }
}

function failed(code: string, what: string, path: string): StateDir {
  const hint =
    code === 'state-dir-open'
      ? `another user could put a false history or socket there: chmod 0750 ${path}, or choose another state_dir in the configuration`
      : 'state_dir in the configuration must be a directory that this user may write to; it holds the history and the socket of the API';
  return { kind: 'failed', failure: { code, message: what, hint } };
}

function shared(path: string, mode: number, uid: number): Failure | undefined {
  const own = process.geteuid?.();
  const hint = 'choose a state_dir in the configuration that only the user of source-dns may change';
  if ((mode & writableByAll) !== 0)
    return { code: 'state-dir-shared', message: `every user of this host may put files into ${path}`, hint };
  if (uid === 0 || uid === own) return undefined;
  return {
    code: 'state-dir-shared',
    message: `${path} belongs to another user (uid ${uid}), who may replace what is in it`,
    hint,
  };
}
