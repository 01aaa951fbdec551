/** Opens the files of the state directory: regular files of our own, and nothing that somebody else put in their place. */

import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const { O_APPEND, O_CREAT, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
/** A link is not followed, and a FIFO is not waited for. */
const careful = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

/** The file at `path` is not what we put there. `message` is the end of a sentence. */
export class NotOurs extends Error {}

/** For reading; `append`: also for writing at its end, and made 0640 where it is not there. Rejects with `NotOurs`, or as `open` does. */
export async function openOwn(path: string, how: 'read' | 'append'): Promise<FileHandle> {
  const handle = await open(
    path,
    careful | (how === 'read' ? O_RDONLY : O_RDWR | O_APPEND | O_CREAT),
    0o640,
  ).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === 'ELOOP' ? new NotOurs('is a symbolic link') : error;
  });
  try {
    const [stats, folder] = [await handle.stat(), await stat(dirname(path))];
    const wrong = whyNotOurs(stats, folder);
    if (wrong !== undefined) throw new NotOurs(wrong);
    // A command that root ran first must not leave a file to which the daemon's user may not write.
    if (how === 'append' && process.geteuid?.() === 0 && stats.size === 0)
      await handle.chown(folder.uid, folder.gid);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function whyNotOurs(stats: Stats, folder: Stats): string | undefined {
  if (stats.isDirectory()) return 'is a directory';
  if (!stats.isFile()) return 'is not a regular file';
  // Somebody may have linked a file here that only we may write to.
  if (stats.nlink > 1) return `has ${stats.nlink} names (hard links)`;
  // A command that root runs beside the daemon of another user writes to the file of that user.
  const owners = [process.geteuid?.(), 0, folder.uid];
  return owners.includes(stats.uid) ? undefined : `belongs to another user (uid ${stats.uid})`;
}
