/** Opens files of the state directory: only regular files of our own. */

import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const { O_APPEND, O_CREAT, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
/** Follows no link, and waits for no FIFO. */
const careful = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

/** The file is not ours. `message` is the end of a sentence. */
export class NotOurs extends Error {}

/** `append` reads and appends, and creates a missing file (0640). Rejects with `NotOurs`, or like `open`. */
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
    // A command of root must not leave a file that the daemon's user cannot write.
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
  // It may be a hard link to a file that only we may write.
  if (stats.nlink > 1) return `has ${stats.nlink} names (hard links)`;
  // A command of root, beside the daemon of another user, writes to that user's file.
  const owners = [process.geteuid?.(), 0, folder.uid];
  return owners.includes(stats.uid) ? undefined : `belongs to another user (uid ${stats.uid})`;
}
