/** Odd state directories and files, and users without a home, with the built program. */

import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Ended, type Place, place, program, type Running, start } from './built-program.ts';

const command = (here: Place, name: string) => [process.execPath, program, '--config', here.config, name];
const daemon = (here: Place): Running => start(command(here, 'run'));
const isRoot = process.geteuid?.() === 0;

/** Runs until it is told to end, and returns its output. */
async function startedAndEnded(running: Running): Promise<Ended> {
  await running.said('"started"');
  running.child.kill('SIGTERM');
  return running.ended;
}

describe('files of another program', () => {
  test('a FIFO in place of history.jsonl stops nothing: the history is in memory, and the log says so', async () => {
    const here = await place();
    await mkdir(here.stateDir);
    const file = join(here.stateDir, 'history.jsonl');
    execFileSync('mkfifo', [file]);
    const { code, out } = await startedAndEnded(daemon(here));
    expect(code).toBe(0);
    expect(out).toContain(`${file} is not a regular file, so source-dns does not touch it`);
    expect(out).toContain('"hint":"move it away; until then the history is in memory only"');
    expect((await start(command(here, 'history')).ended).signal).toBe(null);
  });

  test('a file in place of api.sock stays, and the daemon does not start', async () => {
    const here = await place();
    await mkdir(here.stateDir);
    await writeFile(here.socket, 'of somebody else');
    expect(await daemon(here).ended).toEqual({
      code: 1,
      signal: null,
      out: '',
      err: `${here.socket} exists and is not a socket, so source-dns did not put it there (socket-path-taken)
  move it away, or choose another state_dir in the configuration
`,
    });
    expect(await readFile(here.socket, 'utf8')).toBe('of somebody else');
  });

  test('the daemon refuses a state directory that every user may write to', async () => {
    const here = await place();
    await mkdir(here.stateDir);
    await chmod(here.stateDir, 0o777);
    expect(await daemon(here).ended).toEqual({
      code: 1,
      signal: null,
      out: '',
      err: [
        `every user of this host may write to ${here.stateDir} (state-dir-open)`,
        `  another user could put a false history or socket there: chmod 0750 ${here.stateDir}, or choose another state_dir in the configuration`,
        '',
      ].join('\n'),
    });
  });

  test('a umask of 0 gives no user more rights', async () => {
    const here = await place('made/state');
    const running = start([
      '/bin/sh',
      '-c',
      'umask 0; exec "$0" "$1" --config "$2" run',
      process.execPath,
      program,
      here.config,
    ]);
    await running.said('"started"');
    const rights = async (...path: readonly string[]) =>
      (await lstat(join(here.folder, 'made', ...path))).mode & 0o777;
    expect([await rights(), await rights('state'), await rights('state', 'api.sock')]).toEqual([
      0o750, 0o750, 0o660,
    ]);
    running.child.kill('SIGTERM');
    await running.ended;
    expect(await rights('state', 'history.jsonl')).toBe(0o640);
  });
});

describe('surroundings', () => {
  const bare = { env: { PATH: process.env['PATH'] } };

  // Only root can become a user without an entry.
  test.runIf(isRoot)(
    'a user without HOME and without an entry in passwd is told to write state_dir',
    async () => {
      const here = await place(null);
      await openTo(here);
      const as = [
        '/usr/bin/setpriv',
        '--reuid',
        '54321',
        '--regid',
        '54321',
        '--clear-groups',
        ...command(here, 'status'),
      ];
      const { code, err } = await start(as, bare).ended;
      expect({ code, err: err.split('\n').length }).toEqual({ code: 2, err: 2 });
      expect(err).toContain('state_dir: is missing, and this user has no home directory');
      expect(err).toContain('write for example "state_dir: /var/lib/source-dns"');
    },
  );

  test.runIf(isRoot)('such a user runs the daemon if state_dir is given', async () => {
    const folder = await place();
    const state = join(tmpdir(), `sd-local-uid-${process.pid}`);
    await writeFile(
      folder.config,
      (await readFile(folder.config, 'utf8')).replace('state_dir: state', `state_dir: ${state}`),
    );
    await openTo(folder);
    const running = start(
      [
        '/usr/bin/setpriv',
        '--reuid',
        '54321',
        '--regid',
        '54321',
        '--clear-groups',
        ...command(folder, 'run'),
      ],
      bare,
    );
    expect((await startedAndEnded(running)).code).toBe(0);
    await rm(state, { recursive: true });
  });

  test.each([
    ['an empty HOME', { HOME: '' }],
    ['a relative HOME', { HOME: 'home' }],
  ])('%s is no home', async (_, env) => {
    const { err } = await start(command(await place(null), 'status'), {
      env: { PATH: process.env['PATH'], ...env },
    }).ended;
    expect(err).toContain('state_dir: is missing');
  });

  test('an unwritable HOME is reported as its state directory', async () => {
    const { code, err } = await start(command(await place(null), 'run'), {
      env: { PATH: process.env['PATH'], HOME: '/dev/null' },
    }).ended;
    expect(code).toBe(1);
    expect(err).toMatch(
      /^\/dev\/null\/\.local\/state\/source-dns is below .*\(state-dir-unusable\)\n {2}state_dir in the configuration must be/,
    );
  });

  test('a working directory that is gone stops no command', async () => {
    const here = await place();
    const script = 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"';
    const inside = (...args: readonly string[]) =>
      start(['/bin/sh', '-c', script, join(here.folder, 'gone'), process.execPath, program, ...args]);
    expect((await inside('--config', 'source-dns.yaml', 'status').ended).err).toBe(
      'source-dns.yaml: the working directory no longer exists; give the absolute path of the configuration file\n',
    );
    expect((await startedAndEnded(inside('--config', here.config, 'run'))).code).toBe(0);
  });

  test('few file descriptors do not end the daemon', async () => {
    const here = await place();
    const running = daemon(here);
    await running.said('"started"');
    execFileSync('/usr/bin/prlimit', ['--pid', `${running.child.pid}`, '--nofile=40']);
    const clients = Array.from({ length: 120 }, () => connectTo(here.socket));
    await Promise.all(clients.map(({ settled }) => settled));
    for (const { socket } of clients) socket.destroy();
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0, err: '' });
  });

  // Later versions read one module after the other: they start, or end before our first instruction.
  const readsManyAtOnce = process.versions.node.startsWith('20.');
  test.runIf(readsManyAtOnce)('the program reports too few file descriptors in one sentence', async () => {
    const here = await place();
    const running = start([
      '/bin/sh',
      '-c',
      'ulimit -n 24; exec "$0" "$1" --config "$2" run',
      process.execPath,
      program,
      here.config,
    ]);
    expect(await running.ended).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^source-dns cannot open enough files.*\n$/),
    });
  });

  test('odd languages and time zones change no time in the log', async () => {
    const here = await place();
    const env = {
      PATH: process.env['PATH'],
      HOME: here.folder,
      LANG: 'tr_TR.UTF-8',
      LC_ALL: 'xx_YY',
      TZ: 'No/Such',
    };
    expect((await startedAndEnded(start(command(here, 'run'), { env }))).out).toMatch(
      /"time":"20\d\d-\d\d-\d\dT[\d:.]+Z","code":"started"/,
    );
  });
});

/** Lets another user read the files of the configuration. */
async function openTo(here: Place): Promise<void> {
  await chmod(here.folder, 0o755);
  for (const file of ['source-dns.yaml', 'password', 'ddns.key']) await chmod(join(here.folder, file), 0o644);
}

function connectTo(path: string): { readonly socket: Socket; readonly settled: Promise<void> } {
  const socket = connect(path);
  const settled = new Promise<void>((resolve) => {
    socket.once('connect', () => resolve());
    socket.on('error', () => resolve());
  });
  return { socket, settled };
}
