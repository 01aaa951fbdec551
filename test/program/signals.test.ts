/** Signals, and readers of the output that go away or stop reading, with the built program. */

import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { askDaemon } from '../../src/http/client.ts';
import { type Place, place, program, type Running, start } from './built-program.ts';

const daemon = ({ config }: Place, options = {}): Running =>
  start([process.execPath, program, '--config', config, 'run'], options);
const answers = ({ socket }: Place) =>
  askDaemon(socket, { method: 'GET', path: '/healthz', timeoutMs: 5000 });

/** The TCP sockets on which the process listens. */
function listening(pid: number): readonly string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const lines = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1),
  );
  return lines.filter((line) => {
    const fields = line.trim().split(/\s+/);
    return fields[3] === '0A' && inodes.has(fields[9] ?? '');
  });
}

describe('SIGUSR1', () => {
  test('opens no inspector', async () => {
    const here = await place();
    const running = daemon(here);
    await running.said('"started"');
    running.child.kill('SIGUSR1');
    expect(await answers(here)).toMatchObject({ kind: 'document' });
    expect(listening(running.child.pid!)).toEqual([]);
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0, err: '' });
  });

  test('opens no inspector that stays, if it comes while the program starts', async () => {
    // In its first instructions Node itself ends: then try again.
    for (let tries = 0; tries < 20; tries += 1) {
      const here = await place();
      const running = daemon(here);
      const sending = setInterval(() => running.child.kill('SIGUSR1'), 15);
      const started = await running.said('"started"').then(
        () => true,
        () => false,
      );
      clearInterval(sending);
      if (!started) continue;
      expect(await answers(here)).toMatchObject({ kind: 'document' });
      await until(() => listening(running.child.pid!).length === 0);
      return;
    }
    throw new Error('it was never started');
  });

  test('leaves the inspector to an operator who asks for it', async () => {
    const here = await place();
    const running = start([
      process.execPath,
      '--inspect=127.0.0.1:0',
      program,
      '--config',
      here.config,
      'run',
    ]);
    await running.said('"started"');
    expect(listening(running.child.pid!)).toHaveLength(1);
  });
});

describe('other signals', () => {
  test.each(['SIGUSR2', 'SIGHUP', 'SIGPIPE', 'SIGCONT', 'SIGWINCH'] as const)(
    '%s does not end the daemon',
    async (signal) => {
      const here = await place();
      const running = daemon(here);
      await running.said('"started"');
      running.child.kill(signal);
      expect(await answers(here)).toMatchObject({ kind: 'document' });
      running.child.kill('SIGTERM');
      expect(await running.ended).toMatchObject({ code: 0, signal: null });
    },
  );

  test('SIGHUP before the daemon is ready causes a reload later', async () => {
    const here = await place();
    const running = daemon(here);
    await until(() => catchesHangUp(running));
    const sending = setInterval(() => running.child.kill('SIGHUP'), 5);
    await running.said('"started"');
    clearInterval(sending);
    await running.said('"reloaded"');
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0 });
  });

  test('SIGTERM during the start ends the daemon in order, and leaves no socket', async () => {
    const here = await place();
    const running = daemon(here);
    // It appears first, before the socket, the history and the clusters.
    await until(() => existsSync(here.stateDir));
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0, signal: null });
    expect(readdirSync(here.stateDir).filter((file) => file !== 'history.jsonl')).toEqual([]);
  });

  test('a second SIGTERM ends the daemon at once, and the programs of its hooks with it', async () => {
    const here = await place();
    const pids = join(here.folder, 'pids');
    const text = `trap "" TERM; sleep 1000 & echo "$$ $!" >> ${pids}; wait`;
    const hooks = `hooks: { on_alarm: [{ command: [/bin/sh, -c, ${JSON.stringify(text)}] }] }\n`;
    writeFileSync(here.config, `${readFileSync(here.config, 'utf8')}${hooks}`);
    const running = daemon(here);
    await until(() => existsSync(pids) && readFileSync(pids, 'utf8').endsWith('\n'));
    running.child.kill('SIGTERM');
    await running.said('"stopping"');
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(1);
    const lives = (pid: string): boolean => {
      const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ') X ';
      return !/\) [ZX] /.test(stat);
    };
    await until(() =>
      readFileSync(pids, 'utf8')
        .trim()
        .split(/\s+/)
        .every((pid) => !lives(pid)),
    );
  });

  test('a daemon continues after SIGSTOP and SIGCONT', async () => {
    const here = await place();
    const running = daemon(here);
    await running.said('"started"');
    running.child.kill('SIGSTOP');
    const asked = answers(here);
    running.child.kill('SIGCONT');
    expect(await asked).toMatchObject({ kind: 'document' });
  });
});

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!holds()) {
    expect(performance.now()).toBeLessThan(deadline);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Whether the process handles SIGHUP itself: bit 1 of the mask (proc(5)). */
function catchesHangUp({ child }: Running): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${mask}`) & 1n) === 1n;
}

describe('the output of the daemon', () => {
  test('may lose its reader', async () => {
    const here = await place();
    const running = daemon(here);
    await running.said('"started"');
    running.child.stdout?.destroy();
    running.child.kill('SIGHUP');
    expect(await answers(here)).toMatchObject({ kind: 'document' });
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0, err: '' });
  });

  test('may have a reader that reads nothing: the daemon answers, and ends', async () => {
    const here = await place();
    const pipe = join(here.folder, 'log');
    execFileSync('mkfifo', [pipe]);
    const fd = openSync(pipe, 'r+');
    const running = daemon(here, { stdio: ['ignore', fd, 'pipe'] });
    const deadline = performance.now() + 20_000;
    while ((await answers(here)).kind !== 'document') expect(performance.now()).toBeLessThan(deadline);
    // More than a pipe holds (64 KiB): every reload complains.
    writeFileSync(here.config, `${readFileSync(here.config, 'utf8')}${'wrong: 1\n'.repeat(150)}`);
    for (let round = 0; round < 40; round += 1) {
      running.child.kill('SIGHUP');
      expect(await answers(here)).toMatchObject({ kind: 'document' });
    }
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0 });
    closeSync(fd);
  });

  test('may be on a full disk: the daemon answers, and ends with a sentence', async () => {
    const here = await place();
    const full = openSync('/dev/full', 'w');
    const running = daemon(here, { stdio: ['ignore', full, 'pipe'] });
    const deadline = performance.now() + 20_000;
    while ((await answers(here)).kind !== 'document') expect(performance.now()).toBeLessThan(deadline);
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 1, err: 'the output cannot be written: ENOSPC\n' });
    closeSync(full);
  });

  test('may be closed from the beginning, with stdin and stderr', async () => {
    const here = await place();
    const running = start([
      '/bin/sh',
      '-c',
      'exec "$0" "$1" --config "$2" run <&- >&- 2>&-',
      process.execPath,
      program,
      here.config,
    ]);
    const deadline = performance.now() + 20_000;
    while ((await answers(here)).kind !== 'document') expect(performance.now()).toBeLessThan(deadline);
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0 });
  });
});

describe('the output of a command', () => {
  test('may lose its reader without failure; a full disk is a failure', async () => {
    const help = (to: string) =>
      start(['/bin/sh', '-c', `"$0" "$1" --help ${to}`, process.execPath, program]).ended;
    expect(await help('| head -0; exit 0')).toMatchObject({ code: 0, err: '' });
    expect(await help('> /dev/full')).toEqual({
      code: 1,
      signal: null,
      out: '',
      err: 'the output cannot be written: ENOSPC\n',
    });
    expect(await help('<&- >&- 2>&-')).toMatchObject({ code: 0 });
  });
});
