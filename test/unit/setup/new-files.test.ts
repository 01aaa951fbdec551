/** New files: all of them or none, and never over one that exists. */

import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type NewFile, writeNewFiles } from '../../../src/setup/new-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-new-'));
});
afterEach(() => rm(folder, { recursive: true }));

const file = (name: string, mode: NewFile['mode'] = 0o640): NewFile => ({
  name,
  mode,
  text: name,
  secret: false,
});
const modeOf = async (path: string) => ((await lstat(path)).mode & 0o777).toString(8);

test.each([0o000, 0o077])('the rights do not depend on the umask %o', async (umask) => {
  const before = process.umask(umask);
  const target = join(folder, 'etc', 'source-dns');
  const written = await writeNewFiles(target, [file('a'), file('b', 0o600)]).finally(() =>
    process.umask(before),
  );
  expect(written).toEqual({ kind: 'written', fresh: ['a', 'b'], left: [] });
  expect(await Promise.all(['.', '..', 'a', 'b'].map((name) => modeOf(join(target, name))))).toEqual([
    '750',
    '750',
    '640',
    '600',
  ]);
  expect(await readdir(target)).toEqual(['a', 'b']);
});

test('a file that exists is left, also a link to nothing and a link to another file', async () => {
  const other = join(folder, 'other');
  await writeFile(other, 'theirs');
  await writeFile(join(folder, 'a'), 'mine');
  await symlink(join(folder, 'nothing'), join(folder, 'b'));
  await symlink(other, join(folder, 'c'));
  const written = await writeNewFiles(
    folder,
    ['a', 'b', 'c', 'd'].map((name) => file(name)),
  );
  expect(written).toEqual({ kind: 'written', fresh: ['d'], left: ['a', 'b', 'c'] });
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('mine');
  expect(await readFile(other, 'utf8')).toBe('theirs');
  expect((await readdir(folder)).toSorted()).toEqual(['a', 'b', 'c', 'd', 'other']);
});

test('if one file cannot be written, nothing is left behind, not even a new folder', async () => {
  const target = join(folder, 'x', 'y');
  const written = await writeNewFiles(target, [file('a'), file('n'.repeat(300))]);
  expect(written).toEqual({ kind: 'failed', problem: `${target} has too long a name` });
  expect(await readdir(folder)).toEqual([]);
});

test('a folder in which others may write is not used', async () => {
  await chmod(folder, 0o777);
  expect(await writeNewFiles(folder, [file('a')])).toMatchObject({
    kind: 'failed',
    problem: expect.stringContaining('can be changed by every user of this host'),
  });
  expect(await readdir(folder)).toEqual([]);
});

test('a file system that takes no new folder is no link to nothing', async () => {
  expect(await writeNewFiles('/proc/source-dns', [file('a')])).toEqual({
    kind: 'failed',
    problem: '/proc/source-dns is below a folder in which nothing new can be made',
  });
});

test('a file or a link to nothing in the place of the folder is named', async () => {
  await writeFile(join(folder, 'file'), '');
  await symlink(join(folder, 'nothing'), join(folder, 'link'));
  await mkdir(join(folder, 'deep'));
  const problems = ['file', 'file/below', 'link', 'link/below'].map(async (name) => {
    const written = await writeNewFiles(join(folder, name), [file('a')]);
    return written.kind === 'failed' ? written.problem.slice(folder.length + 1) : written;
  });
  expect(await Promise.all(problems)).toEqual([
    'file exists and is not a folder',
    'file/below is not a folder, or is below a file',
    'link is a symbolic link to nothing, or is below such a link',
    'link/below is a symbolic link to nothing, or is below such a link',
  ]);
});
