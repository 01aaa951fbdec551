/** Odd state directories, histories and sockets: none is followed, waited for or removed. */

import { execFileSync } from 'node:child_process';
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HistoryEntry } from '../../../src/core/model/events.ts';
import type { Failure } from '../../../src/core/model/observation.ts';
import { openHistory } from '../../../src/daemon/history.ts';
import { prepareStateDir } from '../../../src/daemon/state-dir.ts';
import { startApi } from '../../../src/http/server.ts';

const entry = (epoch: number): HistoryEntry => ({
  at: '2026-11-22T11:30:00.123Z',
  cluster: 'shop',
  nameserver: 'ns1',
  kind: 'written',
  what: 'repair',
  sentence: 'x',
  epoch,
});

let folder = '';
let stateDir = '';
const inState = (name: string) => join(stateDir, name);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-state-'));
  stateDir = join(folder, 'state');
  await writeFile(join(folder, 'target'), 'of somebody else\n');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('in place of history.jsonl, or of the older file', () => {
  const cases: readonly (readonly [string, string, (path: string) => unknown])[] = [
    ['a symbolic link', 'is a symbolic link', (path) => symlink(join(folder, 'target'), path)],
    ['a link to nothing', 'is a symbolic link', (path) => symlink(join(folder, 'new'), path)],
    ['a FIFO', 'is not a regular file', (path) => execFileSync('mkfifo', [path])],
    ['a directory', 'is a directory', (path) => mkdir(path)],
    ['a hard link of another file', 'has 2 names (hard links)', (path) => link(join(folder, 'target'), path)],
  ];

  test.each(cases)('%s is not touched', async (_, words, put) => {
    for (const name of ['history.jsonl', 'history.jsonl.1']) {
      await mkdir(stateDir);
      await put(inState(name));
      const failures: (Failure | undefined)[] = [];
      const history = await openHistory({ stateDir, onFailure: (failure) => failures.push(failure) });
      history.append(entry(1));
      await history.close();
      expect(failures[0]).toEqual({
        code: 'history-unreadable',
        message: `${inState(name)} ${words}, so source-dns does not touch it`,
        hint: 'move it away; until then the history is in memory only',
      });
      expect(history.recent('shop')).toHaveLength(1);
      expect(await readFile(join(folder, 'target'), 'utf8')).toBe('of somebody else\n');
      expect((await readdir(folder)).toSorted()).toEqual(['state', 'target']);
      await rm(stateDir, { recursive: true });
    }
  });

  test('the next rotation does not follow a link that appeared meanwhile', async () => {
    const failures: (Failure | undefined)[] = [];
    const history = await openHistory({
      stateDir,
      rotateAtBytes: 300,
      onFailure: (failure) => failures.push(failure),
    });
    history.append(entry(1));
    await history.close();
    await rm(inState('history.jsonl'));
    await symlink(join(folder, 'target'), inState('history.jsonl'));
    history.append(entry(2));
    await history.close();
    expect(failures).toMatchObject([
      { code: 'history-unwritable', message: expect.stringContaining('is a symbolic link') },
    ]);
    expect(await readFile(join(folder, 'target'), 'utf8')).toBe('of somebody else\n');
  });

  test('a removed file is created again; without its directory the log says so', async () => {
    const failures: (Failure | undefined)[] = [];
    const history = await openHistory({ stateDir, onFailure: (failure) => failures.push(failure) });
    const text = () => readFile(inState('history.jsonl'), 'utf8').catch(() => 'none');
    history.append(entry(1));
    await expect.poll(text, { interval: 2 }).toContain('"epoch":1');
    await rm(inState('history.jsonl'));
    history.append(entry(2));
    await expect.poll(text, { interval: 2 }).toBe(`${JSON.stringify(entry(2))}\n`);
    await rm(stateDir, { recursive: true });
    history.append(entry(3));
    await expect
      .poll(() => failures, { interval: 2 })
      .toMatchObject([{ message: `${inState('history.jsonl')}: ENOENT` }]);
    await mkdir(stateDir);
    history.append(entry(4));
    await history.close();
    expect(await text()).toBe(`${JSON.stringify(entry(4))}\n`);
    expect(failures).toHaveLength(2);
  });

  test.runIf(process.geteuid?.() === 0)(
    'a file of another user is not believed, one of the owner of the directory is',
    async () => {
      await mkdir(stateDir);
      execFileSync('chown', ['1234', stateDir]);
      for (const [owner, told] of [
        ['1234', 0],
        ['0', 0],
        ['4321', 1],
      ] as const) {
        await writeFile(inState('history.jsonl'), `${JSON.stringify(entry(7))}\n`);
        execFileSync('chown', [owner, inState('history.jsonl')]);
        const failures: (Failure | undefined)[] = [];
        const history = await openHistory({ stateDir, onFailure: (failure) => failures.push(failure) });
        await history.close();
        expect([failures.length, history.recent('shop').length]).toEqual([told, 1 - told]);
      }
    },
  );
});

test.runIf(process.geteuid?.() === 0)(
  'a history that root begins belongs to the owner of the directory',
  async () => {
    await mkdir(stateDir);
    execFileSync('chown', ['1234:2345', stateDir]);
    const history = await openHistory({ stateDir, onFailure: () => {} });
    history.append(entry(1));
    await history.close();
    expect(await stat(inState('history.jsonl'))).toMatchObject({ uid: 1234, gid: 2345 });
  },
);

describe('in place of api.sock', () => {
  const socket = () => inState('api.sock');
  test.each([
    ['a regular file', (path: string) => writeFile(path, 'of somebody else')],
    ['a symbolic link', (path: string) => symlink(join(folder, 'target'), path)],
    ['a link to nothing', (path: string) => symlink('/nonexistent', path)],
    ['a directory', (path: string) => mkdir(path)],
    ['a FIFO', (path: string) => void execFileSync('mkfifo', [path])],
  ])('%s stays', async (_, put) => {
    await mkdir(stateDir);
    await put(socket());
    const before = await lstat(socket());
    expect(await startApi({ socketPath: socket(), onBug: () => {} })).toEqual({
      kind: 'failed',
      failure: {
        code: 'socket-path-taken',
        message: `${socket()} exists and is not a socket, so source-dns did not put it there`,
        hint: 'move it away, or choose another state_dir in the configuration',
      },
    });
    expect((await lstat(socket())).ino).toBe(before.ino);
    expect(await readdir(stateDir)).toEqual(['api.sock']);
  });

  test('the socket of another program that listens stays', async () => {
    await mkdir(stateDir);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(socket(), resolve));
    expect(await startApi({ socketPath: socket(), onBug: () => {} })).toMatchObject({
      failure: { code: 'already-running' },
    });
    await new Promise((resolve) => other.close(resolve));
  });
});

describe('the state directory', () => {
  const unusable: readonly (readonly [string, string, () => unknown])[] = [
    ['a file', 'exists and is not a directory', () => writeFile(stateDir, '')],
    [
      'a link to nothing',
      'is a symbolic link to nothing, or is below such a link',
      () => symlink('/nonexistent', stateDir),
    ],
    ['a link to itself', 'is a symbolic link to itself', () => symlink(stateDir, stateDir)],
  ];
  test.each(unusable)('%s is refused', async (_, words, put) => {
    await put();
    const hint =
      'state_dir in the configuration must be a directory that this user may write to; it holds the history and the socket of the API';
    expect(await prepareStateDir(stateDir)).toEqual({
      kind: 'failed',
      failure: { code: 'state-dir-unusable', message: `${stateDir} ${words}`, hint },
    });
  });

  test.each([
    ['below a file', 'target/state', 'is below something that is not a directory'],
    ['below a link to nothing', 'dangling/a/state', 'is a symbolic link to nothing, or is below such a link'],
    ['with too long a name', 'x'.repeat(300), 'has too long a name'],
  ])('%s is refused', async (_, path, words) => {
    await symlink('/nonexistent', join(folder, 'dangling'));
    expect(await prepareStateDir(join(folder, path))).toMatchObject({
      failure: { message: `${join(folder, path)} ${words}` },
    });
  });

  test('is created with its parents, only for this user and its group', async () => {
    expect(await prepareStateDir(join(stateDir, 'a', 'b'))).toEqual({ kind: 'usable', warning: undefined });
    for (const path of ['', 'a', 'a/b']) expect((await stat(inState(path))).mode & 0o027).toBe(0);
  });

  test('may be a link, as systemd makes one', async () => {
    await symlink(folder, stateDir);
    expect(await prepareStateDir(stateDir)).toEqual({ kind: 'usable', warning: undefined });
  });

  test('is refused if every user may write to it; with the sticky bit, like /tmp, it is used with a warning', async () => {
    await mkdir(stateDir);
    await chmod(stateDir, 0o777);
    expect(await prepareStateDir(stateDir)).toMatchObject({
      kind: 'failed',
      failure: { code: 'state-dir-open' },
    });
    await chmod(stateDir, 0o1777);
    expect(await prepareStateDir(stateDir)).toMatchObject({
      kind: 'usable',
      warning: { code: 'state-dir-shared' },
    });
    await chmod(stateDir, 0o770);
    expect(await prepareStateDir(stateDir)).toEqual({ kind: 'usable', warning: undefined });
  });
});
