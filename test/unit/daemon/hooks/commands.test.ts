/** Programs as hooks: real processes, and what a bad one does. */

import { chmod, copyFile, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { HistoryEntry } from '../../../../src/core/model/events.ts';
import { alarmOf, command, type HookWorld, hookWorld, moveOf, script } from '../../../support/hook-world.ts';
import { until } from '../../../support/small-world.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-hooks-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A zombie has ended, too: in some containers nobody collects it. */
async function lives(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat !== undefined && !/\) [ZX] /.test(stat);
}

/** A signal is sent before the process has ended. */
async function dead(pid: number): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (await lives(pid)) if (performance.now() > deadline) throw new Error(`${pid} lives on`);
}

const written = async (name: string): Promise<string> => {
  const read = () => readFile(join(folder, name), 'utf8').catch(() => '');
  const deadline = performance.now() + 10_000;
  for (let text = await read(); ; text = await read()) {
    if (text.endsWith('\n')) return text.trim();
    if (performance.now() > deadline) throw new Error(`nobody wrote ${name}`);
  }
};

/** Calls it for one move, and waits until it is recorded. */
async function answerOf(world: HookWorld) {
  world.hooks.take(moveOf());
  return world.record();
}

describe('the environment', () => {
  const variables = async (...entries: readonly HistoryEntry[]) => {
    const hook = script('env -0 > "$OUT.part"; mv "$OUT.part" "$OUT"', { OUT: join(folder, 'env') });
    const { hooks, record } = hookWorld({ afterMove: [hook], onAlarm: [hook] });
    for (const entry of entries) hooks.take(entry);
    await record(entries.length);
    const pairs = (await readFile(join(folder, 'env'), 'utf8')).split('\0').filter((pair) => pair !== '');
    return Object.fromEntries(
      pairs.map((pair) => [pair.split('=', 1)[0]!, pair.slice(pair.indexOf('=') + 1)]),
    );
  };
  const ours = (all: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith('SOURCE_DNS_')));

  test('of a move has the promised variables; a missing old source is empty', async () => {
    const common = {
      SOURCE_DNS_EVENT: 'move',
      SOURCE_DNS_ID: expect.stringMatching(/^[0-9a-z]{19}$/),
      SOURCE_DNS_CLUSTER: 'shop',
      SOURCE_DNS_NAME: 'source.shop.db.example.com.',
      SOURCE_DNS_REASON: 'failover',
      SOURCE_DNS_EPOCH: '7',
      SOURCE_DNS_OLD_SOURCE: 'db1:3306',
      SOURCE_DNS_NEW_SOURCE: 'db2:3306',
      SOURCE_DNS_OLD_UUID: 'uuid-of-db1',
      SOURCE_DNS_NEW_UUID: 'uuid-of-db2',
      SOURCE_DNS_INSTANCE: 'watcher-1',
      SOURCE_DNS_NAMESERVER: 'ns1',
      SOURCE_DNS_SENTENCE: 'db1 is gone.',
      SOURCE_DNS_AT: '2026-11-22T11:30:00.123Z',
    };
    expect(ours(await variables(moveOf()))).toEqual(common);
    const first = { ...common, SOURCE_DNS_OLD_SOURCE: '', SOURCE_DNS_OLD_UUID: '' };
    expect(ours(await variables(moveOf(7, { first: true })))).toEqual(first);
  });

  test('of an alarm has the promised variables, and says whether it is over', async () => {
    const both = [alarmOf('stale-source', true), alarmOf('stale-source', false)];
    expect(ours(await variables(...both))).toMatchObject({
      SOURCE_DNS_EVENT: 'alarm',
      SOURCE_DNS_CLUSTER: 'shop',
      SOURCE_DNS_INSTANCE: 'watcher-1',
      SOURCE_DNS_ALARM: 'stale-source',
      SOURCE_DNS_SUBJECT: 'db1:3306',
      SOURCE_DNS_SENTENCE: 'db1:3306 is writable.',
      SOURCE_DNS_HINT: 'Make it read-only.',
      SOURCE_DNS_RAISED: 'false',
    });
  });

  test('has nothing else of ours: no secret, and nothing by which it would talk to systemd', async () => {
    for (const name of [
      'DB_PASSWORD',
      'NOTIFY_SOCKET',
      'LISTEN_FDS',
      'NODE_OPTIONS',
      'CREDENTIALS_DIRECTORY',
    ])
      vi.stubEnv(name, name === 'NODE_OPTIONS' ? '' : 'tiger');
    const all = await variables(moveOf());
    vi.unstubAllEnvs();
    const others = Object.keys(all).filter((name) => !name.startsWith('SOURCE_DNS_'));
    // A shell adds the last three itself.
    expect(
      others.filter(
        (name) =>
          !/^(?:PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|LANG|LANGUAGE|LC_\w+|SSL_CERT_\w+|OUT|PWD|_|SHLVL)$/.test(
            name,
          ),
      ),
    ).toEqual([]);
    expect(all['PATH']).toBe(process.env['PATH']);
  });

  test('survives a sentence with line breaks, NUL bytes and a megabyte of text', async () => {
    const sentence = `a\0b\nc${'x'.repeat(1_000_000)}`;
    const { SOURCE_DNS_SENTENCE } = await variables(moveOf(7, { sentence }));
    expect(SOURCE_DNS_SENTENCE).toMatch(/^a\ufffdb \/ cx{4089}$/);
  });
});

/** What was open before we started, and every program inherits: nothing of ours. */
async function inheritedFiles(): Promise<readonly string[]> {
  const numbers = await readdir('/proc/self/fd');
  const isInherited = await Promise.all(
    numbers.map(async (fd) => {
      const info = await readFile(`/proc/self/fdinfo/${fd}`, 'utf8').catch(() => '');
      const flags = Number.parseInt(/flags:\s*(\d+)/.exec(info)?.[1] ?? '2000000', 8);
      return (flags & 0o2000000) === 0;
    }),
  );
  return numbers.filter((_, index) => isInherited[index]);
}

test('a program inherits no file of ours, no ignored signal, no input and not our folder', async () => {
  const before = await inheritedFiles();
  const file = await open(join(folder, 'history'), 'a');
  onTestFinished(() => file.close());
  const look = 'ls /proc/self/fd | tr "\\n" " "; grep -E "Sig(Ign|Blk)" /proc/self/status; pwd; cat';
  const answer = await answerOf(hookWorld({ afterMove: [script(look)] }));
  expect(answer.output).toMatch(/ SigBlk: 0{16} \/ SigIgn: 0{16} \/ \/$/);
  const fds =
    /^[\d ]+/
      .exec(answer.output ?? '')?.[0]
      .trim()
      .split(' ') ?? [];
  // 3 is the folder that ls reads.
  expect(fds.filter((fd) => !['0', '1', '2', '3', ...before].includes(fd))).toEqual([]);
  expect(fds).toContain('2');
});

test('what a program answers is in the record: its exit code, and the end of its output in one printable line', async () => {
  const { hooks, record } = hookWorld({
    afterMove: [
      script('printf "\\033[31mred\\033[0m\\nnext \\007line\\n"; echo bad >&2; exit $CODE', { CODE: '3' }),
    ],
  });
  hooks.take(moveOf(7));
  hooks.take(moveOf(8));
  const failed = {
    kind: 'hook',
    cluster: 'shop',
    nameserver: 'ns1',
    place: 'after_move[0]',
    hook: '/bin/sh',
    about: { kind: 'move', epoch: 7 },
    outcome: 'failed',
    exitCode: 3,
    attempts: 1,
    output: expect.stringMatching(/^red \/ next \ufffdline \/ bad$/),
  };
  expect(await record(1)).toMatchObject(failed);
  expect(await record(2)).toMatchObject({ ...failed, about: { kind: 'move', epoch: 8 }, inARow: 2 });
});

test('a secret of the hook that the program prints is not recorded', async () => {
  const answer = await answerOf(
    hookWorld({ afterMove: [script('echo "got $TOKEN"', { TOKEN: 'tiger-tank' })] }),
  );
  expect(answer.output).toBe('got [secret]');
});

describe('a program that does not end', () => {
  test('is killed with all of its children, also those that survive SIGTERM', async () => {
    const { hooks, clock, record } = hookWorld({
      afterMove: [script(`(trap "" TERM; exec sleep 1000) & echo "$$ $!" > ${join(folder, 'pids')}; wait`)],
    });
    hooks.take(moveOf());
    const pids = (await written('pids')).split(' ').map(Number);
    await clock.release();
    expect(await record()).toMatchObject({
      outcome: 'timed-out',
      sentence: expect.stringContaining('60000 ms'),
    });
    for (const pid of pids) await dead(pid);
  });

  test('and ignores SIGTERM is killed by SIGKILL', async () => {
    const { hooks, clock, record } = hookWorld({
      afterMove: [script(`trap "" TERM; echo $$ > ${join(folder, 'pid')}; while :; do sleep 1000; done`)],
    });
    hooks.take(moveOf());
    const pid = Number(await written('pid'));
    await clock.release();
    expect((await record()).outcome).toBe('timed-out');
    await dead(pid);
  });

  test('has a moment to say why it did not end', async () => {
    const { hooks, clock, record } = hookWorld(
      {
        afterMove: [
          script(
            `trap "echo waited for db9; exit 1" TERM; echo > ${join(folder, 'up')}; while :; do :; done`,
          ),
        ],
      },
      { graceMs: 20_000 },
    );
    hooks.take(moveOf());
    await until(() => clock.waits().length > 0);
    await readFileWhenThere('up');
    await clock.release();
    expect(await record()).toMatchObject({ outcome: 'timed-out', output: 'waited for db9' });
  });

  const readFileWhenThere = async (name: string): Promise<void> => {
    const deadline = performance.now() + 10_000;
    while ((await readFile(join(folder, name), 'utf8').catch(() => undefined)) === undefined)
      if (performance.now() > deadline) throw new Error(`nobody made ${name}`);
  };
});

test('a program that prints without end is killed, and little of it is kept', async () => {
  const answer = await answerOf(
    hookWorld({ afterMove: [script('exec yes "hello world"')] }, { outputBytes: 100_000 }),
  );
  expect(answer).toMatchObject({
    outcome: 'failed',
    sentence: 'printed more than 100000 bytes, so it was killed',
  });
  expect(answer.output?.length).toBeLessThan(1100);
});

test('a program that closes its output and goes on is waited for', async () => {
  const answer = await answerOf(
    hookWorld({
      afterMove: [
        script(
          `exec >&- 2>&-; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo done > ${join(folder, 'done')}; exit 5`,
        ),
      ],
    }),
  );
  expect([answer.exitCode, await written('done')]).toEqual([5, 'done']);
});

test('a process that a program leaves in the background holds nothing up, and lives on', async () => {
  const answer = await answerOf(hookWorld({ afterMove: [script('sleep 1000 & echo $!')] }));
  expect(answer.outcome).toBe('done');
  const pid = Number(answer.output);
  expect(await lives(pid)).toBe(true);
  process.kill(pid, 'SIGKILL');
});

describe('a program that cannot be started', () => {
  test.each([
    ['nothing-there', undefined, /ENOENT/, /nothing-there does not exist/],
    ['plain', 'echo\n', /EACCES/, /chmod \+x/],
    ['other', '#!/nowhere/python\n', /ENOENT/, /needs the interpreter \/nowhere\/python/],
    ['windows', '#!/bin/sh\r\necho\r\n', /ENOENT/, /Windows line ends/],
  ])('is reported with the reason: %s', async (name, text, sentence, hint) => {
    const file = join(folder, name);
    if (text !== undefined) await writeFile(file, text, { mode: name === 'plain' ? 0o644 : 0o755 });
    const answer = await answerOf(hookWorld({ afterMove: [command([file])] }));
    expect(answer).toMatchObject({ outcome: 'failed', attempts: 1 });
    expect(answer.sentence).toMatch(sentence);
    expect(answer.hint).toMatch(hint);
  });

  test('is tried again where the reason passes: somebody still writes the file', async () => {
    const file = join(folder, 'true');
    await copyFile('/bin/true', file);
    await chmod(file, 0o755);
    const writer = await open(file, 'r+');
    const { hooks, clock, record } = hookWorld(
      { afterMove: [command([file])] },
      { retryMs: 60_001, longestRetryMs: 60_001 },
    );
    hooks.take(moveOf());
    await until(() => clock.waits().includes(60_001));
    await writer.close();
    await clock.release();
    expect(await record()).toMatchObject({ outcome: 'done', attempts: 2 });
  });

  test('because its arguments are too long is reported, and not tried again', async () => {
    const answer = await answerOf(hookWorld({ afterMove: [command(['/bin/true', 'x'.repeat(200_000)])] }));
    expect(answer).toMatchObject({
      outcome: 'failed',
      attempts: 1,
      sentence: expect.stringContaining('E2BIG'),
    });
  });
});
