/** Whether the program of a hook can be run by this user: for warnings, and for the doctor. */

import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where programs are looked up if our own environment has no PATH. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Linux reads so much of a script to find its interpreter (BINPRM_BUF_SIZE). */
const headBytes = 256;

/**
 * Undefined: this user can run it. Else a sentence with the path, and what to do. Runs nothing.
 * `program`: an absolute path, or a name to look up in `path` (PATH). Never rejects.
 */
export async function whyNotRunnable(program: string, path?: string): Promise<string | undefined> {
  if (program.includes('/')) return whyNot(program);
  const folders = (path ?? defaultPath).split(':').filter((folder) => folder !== '');
  for (const folder of folders) {
    const file = join(folder, program);
    if (await canRun(file)) return whyNot(file);
  }
  return `there is no program ${JSON.stringify(program)} in PATH (${folders.join(':')}); write its absolute path`;
}

/** As `execvp` decides: others of the same name are passed over. */
async function canRun(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

async function whyNot(file: string): Promise<string | undefined> {
  try {
    if (!(await stat(file)).isFile()) return `${file} is not a program: it is no regular file`;
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return `${file} does not exist; install it, or correct the path`;
    return `${file} cannot be looked at (${code}); give this user the right to read its folders`;
  }
  if (!(await canRun(file)))
    return `this user may not execute ${file}; make it executable: chmod +x ${file} (and its file system must not be mounted with noexec)`;
  return whyNotInterpreted(file);
}

/** The system says "no such file" for a script whose interpreter is missing: nobody understands that. */
async function whyNotInterpreted(file: string): Promise<string | undefined> {
  const head = await headOf(file);
  if (!head?.startsWith('#!')) return undefined;
  const [line = ''] = head.slice(2).split('\n');
  const interpreter = /^[ \t]*([^ \t]*)/.exec(line)?.[1] ?? '';
  if (interpreter.endsWith('\r') || line.endsWith('\r'))
    return `${file} has Windows line ends, so its interpreter is not found; convert it: sed -i 's/\\r$//' ${file}`;
  if (!interpreter.startsWith('/') || (await canRun(interpreter))) return undefined;
  return `${file} needs the interpreter ${interpreter}, which this user cannot run; install it, or correct the first line`;
}

/** Undefined: this user may run it, but not read it. */
async function headOf(file: string): Promise<string | undefined> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}
