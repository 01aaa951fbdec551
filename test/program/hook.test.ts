/** `source-dns hook` as the tools start it: the built program, and the API of a daemon with a fake core. */

import { readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Answer, Command } from '../../src/core/model/events.ts';
import type { ServerAddress } from '../../src/core/model/units.ts';
import { startApi } from '../../src/http/server.ts';
import { mhaStart, orchestratorEnvironment } from '../unit/hook/callers.ts';
import { type Ended, type Place, place, program, start } from './built-program.ts';
import { callAsMha, mhaModules } from './mha-scripts.ts';

interface Daemon extends Place {
  readonly commands: readonly Command[];
  /** For the log. */
  readonly notes: readonly string[];
}

const done: Answer = {
  results: [{ nameserver: 'ns1', kind: 'done', code: 'commanded', sentence: 'The name has moved.' }],
};
const held = (code: string): Answer => ({
  results: [{ nameserver: 'ns1', kind: 'held', code, sentence: 'It is read-only.' }],
});

/** The API of a daemon; its core answers so. */
async function daemon(
  answer: (command: Command) => Promise<Answer> = async () => done,
  here?: Place,
): Promise<Daemon> {
  const at = here ?? (await place());
  const [commands, notes]: [Command[], string[]] = [[], []];
  const started = await startApi({
    socketPath: at.socket,
    onBug: (error) => expect.unreachable(String(error)),
  });
  if (started.kind === 'failed') throw new Error(started.failure.message);
  onTestFinished(() => started.server.close());
  const server = (address: string, ip: string) => ({
    address: address as ServerAddress,
    addresses: [ip],
    aliases: [],
  });
  started.server.serve({
    clusters: () => ['shop'],
    snapshot: () => undefined,
    advice: () => undefined,
    history: () => [],
    known: () => [
      {
        name: 'shop',
        sourceNames: ['source.shop.example.com.'],
        servers: [server('db1.example.com:3306', '192.0.2.1'), server('db2.example.com:3306', '192.0.2.2')],
      },
    ],
    note: (level, sentence) => void notes.push(`${level} ${sentence}`),
    command(_cluster, command) {
      const { notAfter, ...rest } = command;
      expect(notAfter).toBeTypeOf('number');
      commands.push(rest);
      return answer(command);
    },
  });
  return { ...at, commands, notes };
}

/** As little as a tool may give: no HOME, no LANG. */
const bare = { PATH: '/usr/bin:/bin' };
const hook = (
  { config }: Pick<Place, 'config'>,
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> =>
  start([process.execPath, program, 'hook', ...words, '--config', config], { env: { ...bare, ...env } })
    .ended;

/** The command line of a tool that starts it through a shell. */
const shellLine = ({ config }: Place, words: string): string =>
  `'${process.execPath}' '${program}' hook ${words} --config '${config}'`;

describe('orchestrator', () => {
  /** `bash` with a file, and only the environment (ProcessesShellCommand). */
  async function asOrchestrator(here: Daemon, change: Record<string, string> = {}): Promise<Ended> {
    const script = join(here.folder, 'orchestrator-process-cmd-1');
    await writeFile(script, shellLine(here, 'orchestrator'));
    const env = { ...bare, ...orchestratorEnvironment, ...change };
    return start(['bash', script], { env }).ended;
  }

  test('moves the name, and says so in one line and in the log', async () => {
    const here = await daemon();
    expect(await asOrchestrator(here)).toEqual({
      code: 0,
      signal: null,
      out: '',
      err: 'source-dns hook orchestrator: shop: done (commanded): The name has moved.\n',
    });
    const [uid, by] = [orchestratorEnvironment['ORC_RECOVERY_UID'], 'orchestrator@orc2.example.com'];
    expect(here.commands).toEqual([
      {
        kind: 'follow',
        server: 'db2.example.com:3306',
        force: false,
        dryRun: false,
        by,
        reason: `recovery ${uid}`,
      },
    ]);
    expect(here.notes).toEqual([`info ${by} (moved, recovery ${uid}): commanded: The name has moved.`]);
  });

  test('with the same recovery twice moves once, with another one again', async () => {
    const here = await daemon();
    await Promise.all([asOrchestrator(here), asOrchestrator(here)]);
    expect(here.commands).toHaveLength(1);
    await asOrchestrator(here, { ORC_RECOVERY_UID: 'another' });
    expect(here.commands).toHaveLength(2);
  });

  test('gets the refusal as exit code 3', async () => {
    const here = await daemon(async () => held('no-candidate'));
    expect(await asOrchestrator(here)).toMatchObject({
      code: 3,
      err: 'source-dns hook orchestrator: shop: held (no-candidate): It is read-only.\n',
    });
    expect(here.commands).toHaveLength(1);
    expect(here.notes).toEqual([expect.stringMatching(/^warn /)]);
    const told = await hook(here, ['orchestrator', '--json'], orchestratorEnvironment);
    const sentence = 'shop: held (no-candidate): It is read-only.';
    expect(JSON.parse(told.out)).toEqual({ code: 3, kind: 'held', cluster: 'shop', sentence });
  });

  test('gets 2 for a cluster that is not ours, and 0 where there is nothing to do', async () => {
    const here = await daemon();
    const strange = {
      ORC_FAILURE_CLUSTER_ALIAS: 'crm',
      ORC_FAILURE_CLUSTER_DOMAIN: '',
      ORC_FAILED_HOST: '203.0.113.1',
      ORC_SUCCESSOR_HOST: '203.0.113.2',
    };
    expect(await asOrchestrator(here, strange)).toMatchObject({
      code: 2,
      err: expect.stringContaining('has crm, 203.0.113.1:3306, 203.0.113.2:3306'),
    });
    expect(await asOrchestrator(here, { ORC_IS_SUCCESSFUL: 'false' })).toMatchObject({ code: 0 });
    expect(here.commands).toEqual([]);
  });
});

describe('MHA', () => {
  test('goes on at every phase: its own code starts the hook, and reads the exit code', async () => {
    const here = await daemon();
    const log = join(here.folder, 'manager.log');
    const phases = await callAsMha({
      modules: await mhaModules(),
      log,
      failover: shellLine(here, 'mha --cluster=shop'),
      online: shellLine(here, 'mha-online'),
    });
    expect(phases).toBe(
      ['status', 'stopssh', 'stop', 'start', 'online stop', 'online start']
        .map((phase) => `${phase}: goes on\n`)
        .join(''),
    );
    const server = 'db2.example.com:3306';
    expect(here.commands).toMatchObject([
      { kind: 'announce', server, by: expect.stringMatching(/^mha@/) },
      { kind: 'announce', server, by: expect.stringMatching(/^mha-online@/) },
    ]);
    const written = await readFile(log, 'utf8');
    expect(written).toContain('source-dns hook mha: shop: db1.example.com:3306 is known\n');
    expect([written, ...here.notes].join()).not.toMatch(/tiger|tank/);
  });

  test('is warned, and never stopped, whatever is wrong', async () => {
    const here = await daemon(async () => held('frozen'));
    const broken = { ...here, config: join(here.folder, 'no-such.yaml') };
    for (const [where, words] of [
      [here, ['mha', ...mhaStart]],
      [here, ['mha', '--cluster=shpo', ...mhaStart]],
      [here, ['mha-online', '--command=start', '--new_master_host=']],
      [broken, ['mha', ...mhaStart]],
    ] as const)
      expect(await hook(where, words)).toMatchObject({ code: 10, err: expect.stringMatching(/^[^\n]+\n$/) });
    const narrow = `ulimit -n 25; exec ${shellLine(broken, 'mha --command=start --new_master_host=db2')}`;
    expect(await start(['sh', '-c', narrow], { env: bare }).ended).toMatchObject({ code: 10 });
    // At its own start MHA shall find out.
    const status = [
      'mha',
      '--command=status',
      '--orig_master_host=db9.example.com',
      '--orig_master_port=3306',
    ];
    expect(await hook(here, status)).toMatchObject({ code: 2 });
    expect(await hook(broken, status)).toMatchObject({ code: 2 });
  });

  test('is not kept waiting by a daemon that does not answer', async () => {
    const here = await daemon(() => new Promise(() => {}));
    expect(await hook(here, ['mha', ...mhaStart])).toMatchObject({
      code: 10,
      err: expect.stringMatching(/did not answer within \d+ ms; if it lives, it ends what it has begun/),
    });
    expect(here.commands).toHaveLength(1);
  });
});

describe('replication-manager and MaxScale', () => {
  test('move the name; a script with "$@" keeps empty words', async () => {
    const here = await daemon();
    const wrapper = join(here.folder, 'post-failover');
    await writeFile(wrapper, `#!/bin/sh\nexec ${shellLine(here, 'replication-manager "$@"')}\n`);
    await chmod(wrapper, 0o755);
    const words = ['db1.example.com', '[192.0.2.2]', '3306', '3306', '', '', 'failover'];
    expect(await start([wrapper, ...words], { env: {} }).ended).toMatchObject({ code: 0 });
    const list = '[db2.example.com]:3306';
    const maxscale = ['maxscale', '--event=new_master', `--initiator=${list}`, `--masterlist=${list}`];
    expect(await hook(here, maxscale)).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^source-dns hook/),
    });
    expect(here.commands.map((command) => command.kind === 'follow' && command.server)).toEqual([
      'db2.example.com:3306',
      'db2.example.com:3306',
    ]);
    expect(await hook(here, ['maxscale', '--event=new_master'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^error: /),
    });
  });

  test('announce the server if replication-manager calls before it takes writes', async () => {
    const here = await daemon(async ({ kind }) => (kind === 'follow' ? held('no-candidate') : done));
    const words = ['db1.example.com', 'db2.example.com', '3306', '3306', '', '', 'switchover'];
    expect(await hook(here, ['replication-manager', ...words])).toMatchObject({ code: 0 });
    expect(here.commands.map(({ kind }) => kind)).toEqual(['follow', 'announce']);
  });
});

describe('every hook', () => {
  test('works without stdin, stdout and stderr, and with a reader that is gone', async () => {
    const here = await daemon();
    const line = shellLine(here, 'orchestrator');
    const env = { ...bare, ...orchestratorEnvironment };
    expect(await start(['sh', '-c', `${line} <&- >&- 2>&-`], { env }).ended).toMatchObject({ code: 0 });
    const gone = `(${line}; echo $? > "$1") 2>&1 | true`;
    await start(['bash', '-c', gone, 'bash', join(here.folder, 'code')], { env }).ended;
    expect(readFileSync(join(here.folder, 'code'), 'utf8')).toBe('0\n');
    expect(await start(['sh', '-c', `${line} 2>/dev/full`], { env }).ended).toMatchObject({ code: 0 });
  });

  test('finds the daemon by a configuration that must be read in full', async () => {
    const at = await place(null);
    await writeFile(at.config, `state_dir: \${PLACE}/state\n${await readFile(at.config, 'utf8')}`);
    const here = await daemon(undefined, at);
    const env = { ...orchestratorEnvironment, PLACE: here.folder };
    expect(await hook(here, ['orchestrator'], env)).toMatchObject({ code: 0 });
    expect(here.commands).toHaveLength(1);
  });

  test('acts by itself where no daemon runs, and ends in time although nothing answers', async () => {
    const here = await place();
    const blackHole = createServer(() => {});
    await new Promise<void>((resolve) => blackHole.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void blackHole.close());
    const { port } = blackHole.address() as { port: number };
    const text = (await readFile(here.config, 'utf8'))
      .replace('127.0.0.1:2', `127.0.0.1:${port}`)
      .replace('port: 9,', `port: ${port},`);
    await writeFile(here.config, text);
    const env = { ORC_SUCCESSOR_HOST: '127.0.0.1', ORC_SUCCESSOR_PORT: `${port}` };
    expect(await hook(here, ['orchestrator'], env)).toMatchObject({
      code: 4,
      err: expect.stringMatching(/^source-dns hook orchestrator: [^\n]+; no update was sent[^\n]*\n$/),
    });
    const words = ['--command=status', '--orig_master_host=127.0.0.1', '--orig_master_port=1'];
    expect(await hook(here, ['mha', ...words])).toMatchObject({ code: 0 });
  });

  test('a socket that this user may not use, and a foreign listener, are failures', async () => {
    const here = await place();
    await mkdir(here.stateDir);
    const foreign = createServer((socket) => socket.end('hello\n'));
    await new Promise<void>((resolve) => foreign.listen(here.socket, resolve));
    onTestFinished(() => void foreign.close());
    expect(await hook(here, ['orchestrator'], orchestratorEnvironment)).toMatchObject({
      code: 1,
      err: expect.stringContaining('the exchange with the daemon'),
    });
  });
});
