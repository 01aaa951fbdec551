/**
 * Writes new files into a folder: all of them or none, and never over one that exists. Each file is written
 * under another name first. Then it gets its own name by link(2), which replaces nothing, not even a link to
 * nothing.
 */

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, type FileHandle, link, lstat, mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface NewFile {
  readonly name: string;
  readonly mode: 0o600 | 0o640 | 0o644;
  readonly text: string;
  /** Its text must not be shown. */
  readonly secret: boolean;
}

export type Written =
  | {
      readonly kind: 'written';
      /** The names of new files, and of files that were there. */
      readonly fresh: readonly string[];
      readonly left: readonly string[];
    }
  /** The end of a sentence about the folder or one of its files. Nothing is left behind. */
  | { readonly kind: 'failed'; readonly problem: string };

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'is not writable for this user',
  EDQUOT: 'has no room: the quota is used up',
  EEXIST: 'exists and is not a folder',
  ELOOP: 'is a symbolic link to itself',
  ENAMETOOLONG: 'has too long a name',
  ENOENT: 'is below a folder in which nothing new can be made',
  ENOSPC: 'has no room: the disk is full',
  ENOTDIR: 'is not a folder, or is below a file',
  EPERM: 'is not writable for this user',
  EROFS: 'is on a read-only file system',
};

const why = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return reasons[code ?? ''] ?? `cannot be used (${code ?? message})`;
};

/** Creates the folder (0750) where it is missing. Never rejects for what the file system says. */
export async function writeNewFiles(folder: string, files: readonly NewFile[]): Promise<Written> {
  const made = await prepareFolder(folder);
  if (typeof made === 'string') return { kind: 'failed', problem: `${folder} ${made}` };
  const written = await writeAll(folder, files);
  if (written.kind === 'failed') for (const each of made) await rm(each, { recursive: true }).catch(() => {});
  return written;
}

/** The folders that were made, the deepest first; or why the folder cannot be used. */
async function prepareFolder(folder: string): Promise<readonly string[] | string> {
  try {
    const made = await makeFolders(folder);
    const stats = await stat(folder);
    if (!stats.isDirectory()) return 'exists and is not a folder';
    if ((stats.mode & 0o002) !== 0)
      return 'can be changed by every user of this host, who could put other files there; run chmod 0750 on it, or choose another folder with --output';
    const own = process.geteuid?.();
    if (stats.uid !== own && stats.uid !== 0)
      return `belongs to another user (uid ${stats.uid}), who could replace the files; run chown root on it, or choose another folder with --output`;
    return made;
  } catch (error) {
    return (await isBelowDeadLink(folder))
      ? 'is a symbolic link to nothing, or is below such a link'
      : why(error);
  }
}

/** Whether the path, or a folder above it, is a link to nothing. */
async function isBelowDeadLink(path: string): Promise<boolean> {
  const isLink = (await lstat(path).catch(() => undefined))?.isSymbolicLink() === true;
  // A link to itself is another fault.
  const code = await stat(path).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code,
  );
  if (isLink && code === 'ENOENT') return true;
  return dirname(path) !== path && (await isBelowDeadLink(dirname(path)));
}

/** Missing folders get mode 0750, whatever the umask is. Node's `recursive` hangs below a link to nothing. */
async function makeFolders(folder: string): Promise<readonly string[]> {
  try {
    await mkdir(folder);
    await chmod(folder, 0o750);
    return [folder];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return [];
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    // A link to nothing: making its parent does not help.
    if (await lstat(folder).catch(() => undefined)) throw error;
    const above = await makeFolders(dirname(folder));
    if (above.length === 0) throw error;
    await mkdir(folder);
    await chmod(folder, 0o750);
    return [folder, ...above];
  }
}

async function writeAll(folder: string, files: readonly NewFile[]): Promise<Written> {
  const end = `.${randomBytes(6).toString('hex')}.new`;
  const temporary = ({ name }: NewFile): string => join(folder, `.${name}${end}`);
  const fresh: string[] = [];
  const left: string[] = [];
  try {
    const { gid } = await stat(folder);
    for (const file of files) await writeOne(temporary(file), file, gid);
    for (const file of files) {
      const isNew = await giveName(temporary(file), join(folder, file.name));
      (isNew ? fresh : left).push(file.name);
    }
    return { kind: 'written', fresh, left };
  } catch (error) {
    for (const name of fresh) await rm(join(folder, name), { force: true }).catch(() => {});
    return { kind: 'failed', problem: `${folder} ${why(error)}` };
  } finally {
    for (const file of files) await rm(temporary(file), { force: true }).catch(() => {});
  }
}

/** `gid`: the group of the folder. A package may have given the folder to the group of the service. */
async function writeOne(path: string, { text, mode, secret }: NewFile, gid: number): Promise<void> {
  const handle: FileHandle = await open(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    await handle.writeFile(text);
    // The umask of a person must not decide who reads a secret, or that the service cannot read the rest.
    if (!secret && process.geteuid?.() === 0) await handle.chown(0, gid);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** False: a file of that name exists. */
async function giveName(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!withoutLinks.includes(code)) throw error;
    return await copyNew(from, to);
  }
}

/** File systems of other systems, and of FUSE, have no hard links. */
const withoutLinks: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

async function copyNew(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    await rm(to, { force: true }).catch(() => {});
    throw error;
  }
}
