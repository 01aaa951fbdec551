/** Opens the files of the state directory: regular files of our own, and nothing that somebody else put in their place. */

import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const { O_APPEND, O_CREAT, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
/** A link is not followed, and a FIFO is not waited for. */
const careful = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

/** The file at `path` is not what we put there. `message` is the end of a sentence. */
export class NotOurs extends Error {}

/** For reading; `append`: also for writing at its end, and made 0640 where it is not there. Rejects with `NotOurs`, or as `open` does. */
export async function openOwn(path: string, how: 'read' | 'append'): Promise<FileHandle> {
  const handle = await open(path, careful | (how === 'read' ? O_RDONLY : O_RDWR | O_APPEND | O_CREAT), 0o640).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === 'ELOOP' ? new NotOurs('is a symbolic link') : error;
  });
  try {
    const wrong = await whyNotOurs(handle, path);
    if (wrong !== undefined) throw new NotOurs(wrong);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function whyNotOurs(handle: FileHandle, path: string): Promise<string | undefined> {
  const stats = await handle.stat();
  if (stats.isDirectory()) return 'is a directory';
  if (!stats.isFile()) return 'is no regular file';
  // Somebody may have linked a file here that only we may write to.
  if (stats.nlink > 1) return `has ${stats.nlink} names (hard links)`;
  const folder = await stat(dirname(path));
  // A command that root runs beside the daemon of another user writes to the file of that user.
  const owners = [process.geteuid?.(), 0, folder.uid];
  return owners.includes(stats.uid) ? undefined : `belongs to another user (uid ${stats.uid})`;
}
