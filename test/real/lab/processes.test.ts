/** Server processes of the lab: their logs, their ends, and their ports. */

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { BoundedLog } from '../../../src/lab/host/bounded-log.ts';
import { findFreePort, withFreePort } from '../../../src/lab/host/free-ports.ts';
import { launch, livingProcesses, stopAllProcesses } from '../../../src/lab/host/processes.ts';
import { root } from '../../support/checkout.ts';

let folder = '';
let compiled = '';

/** Node 20 runs no TypeScript, and the end of a process shows only in a process of its own. */
beforeAll(async () => {
  compiled = await mkdtemp(join(tmpdir(), 'source-dns-compiled-'));
  const options = [
    '--ignoreConfig',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    'node',
    '--rewriteRelativeImportExtensions',
    '--skipLibCheck',
  ];
  await writeFile(join(compiled, 'package.json'), '{ "type": "module" }');
  await execa(
    join(root, 'node_modules', '.bin', 'tsc'),
    [...options, '--outDir', compiled, join('src', 'lab', 'host', 'processes.ts')],
    {
      cwd: root,
    },
  );
});

afterAll(async () => {
  await rm(compiled, { recursive: true, force: true });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-dns-processes-'));
});

afterEach(async () => {
  const left = livingProcesses();
  await stopAllProcesses(1000);
  await rm(folder, { recursive: true, force: true });
  expect(left).toEqual([]);
});

const shell = (script: string) =>
  launch('a shell', '/bin/sh', ['-c', script], { cwd: folder, logFile: join(folder, 'log') });

test('awaitLine finds a line; the error of an early end or a deadline has the log', async () => {
  const ready = shell('echo one; echo two is ready; exec sleep 60');
  expect(await ready.awaitLine(/ready$/, 10_000)).toBe('two is ready');
  expect(await ready.stop(10_000)).toEqual({ code: null, signal: 'SIGTERM' });

  const failing = shell('echo no room; exit 3');
  await expect(failing.awaitLine(/ready/, 10_000)).rejects.toThrow(
    /ended \(3\) before it was ready:\n.*no room/s,
  );

  const silent = shell('echo still; exec sleep 60');
  await silent.awaitLine(/still/, 10_000);
  await expect(silent.awaitLine(/ready/, 50)).rejects.toThrow('not ready in 50 ms:\nstill');
  await silent.kill();
});

test('stop kills a process that ignores SIGTERM, even a suspended one', async () => {
  const deaf = shell('trap "" TERM; echo deaf; while :; do sleep 60 & wait; done');
  await deaf.awaitLine(/deaf/, 10_000);
  deaf.signal('SIGSTOP');
  expect(await deaf.stop(100)).toEqual({ code: null, signal: 'SIGKILL' });
});

test('suspend stops all threads of a process, however busy they are', async () => {
  const spin = `const { Worker } = require('node:worker_threads');
    let begun = 0;
    const count = () => { if (++begun === 8) console.log('all spin'); };
    for (let i = 0; i < 8; i++)
      new Worker("require('node:worker_threads').parentPort.postMessage(0); for (;;);", { eval: true }).on('message', count);`;
  const busy = launch('busy', process.execPath, ['-e', spin], {
    cwd: folder,
    logFile: join(folder, 'busy.log'),
  });
  await busy.awaitLine(/all spin/, 20_000);
  // The state of each thread, by the kernel.
  const states = () =>
    readdirSync(`/proc/${busy.pid}/task`).map(
      (thread) => readFileSync(`/proc/${busy.pid}/task/${thread}/stat`, 'latin1').split(') ')[1]![0],
    );
  for (let round = 0; round < 20; round++) {
    await busy.suspend();
    expect(new Set(states())).toEqual(new Set(['T']));
    busy.signal('SIGCONT');
    await vi.waitFor(() => expect(states()).toContain('R'), { timeout: 10_000, interval: 1 });
  }
  await busy.kill();
  // A process that has ended ends every wait.
  await busy.suspend();
});

test('a missing program ends at once', async () => {
  const missing = launch('nothing', join(folder, 'missing'), [], {
    cwd: folder,
    logFile: join(folder, 'log'),
  });
  expect((await missing.exited).code).not.toBe(0);
});

test('a log is bounded on disk and in memory', async () => {
  const log = new BoundedLog(join(folder, 'big.log'));
  const piece = Buffer.from(`${'x'.repeat(1023)}\n`.repeat(1024));
  for (let megabytes = 0; megabytes < 40; megabytes++) log.take(piece);
  log.take(Buffer.from('y'.repeat(100_000)));
  log.close();
  expect((await readFile(log.file)).length).toBeLessThan(16.1 * 1024 * 1024);
  expect(log.tail().length).toBeLessThanOrEqual(40 * 1024);
});

test.each(['SIGINT', 'SIGTERM', 'SIGKILL', 'uncaught', 'exit'])(
  '%s leaves no process behind',
  async (end) => {
    const script = `
    import { launch } from '${join(compiled, 'processes.js')}';
    const child = launch('sleep', '/bin/sleep', ['600'], { cwd: '.', logFile: 'log' });
    console.log(child.pid);
    process.stdin.once('data', () => {
      if ('${end}' === 'uncaught') throw new Error('as meant');
      if ('${end}' === 'exit') process.exit(0);
      process.kill(process.pid, '${end}');
    });`;
    await writeFile(join(folder, 'parent.mjs'), script);
    const parent = execa(process.execPath, ['parent.mjs'], {
      cwd: folder,
      reject: false,
      stdin: 'pipe',
      timeout: 30_000,
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(String(line));
    expect(isAlive(pid)).toBe(true);
    parent.stdin.write('now\n');
    await parent;
    await expect.poll(() => isAlive(pid), { timeout: 60_000, interval: 5 }).toBe(false);
  },
);

test('a free port is free on all addresses', async () => {
  const addresses = ['127.0.0.11', '127.0.0.12', '127.0.0.13'];
  const port = await findFreePort(addresses, { udp: true });
  const servers = await Promise.all(
    addresses.map(async (address) => {
      const server = createServer().listen(port, address);
      await once(server, 'listening');
      return server;
    }),
  );
  for (const server of servers) server.close();
  await expect(findFreePort(['192.0.2.1'])).rejects.toThrow(/no port of .* is free on 192\.0\.2\.1/);
});

test('withFreePort replaces a port that was taken meanwhile, and passes on any other failure', async () => {
  let next = 1;
  const find = () => Promise.resolve(next++);
  const start = (port: number) => (port < 3 ? Promise.reject(new Error('taken')) : Promise.resolve(port));
  const isTaken = (error: unknown) => (error as Error).message === 'taken';
  expect(await withFreePort(find, start, { isTaken })).toBe(3);
  await expect(withFreePort(find, () => Promise.reject(new Error('broken')), { isTaken })).rejects.toThrow(
    'broken',
  );
  await expect(
    withFreePort(find, () => Promise.reject(new Error('taken')), { isTaken, attempts: 2 }),
  ).rejects.toThrow('taken');
  expect(next).toBe(7);
});

/** A zombie counts as ended: it waits for its new parent. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
