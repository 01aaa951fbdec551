/** A short run of `npm run chaos`: always the same seed, but no two runs on real servers are the same. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { root } from '../../support/checkout.ts';

/** A hanging source with a failover, and its stale return: played with fences. */
const hang = 3;
/** An instance that restarts during a switchover. */
const restart = 4;
/** A round takes some ten seconds; on a busy machine several times as long. */
const timeoutMs = 600_000;
/** The exit code that means: not on this machine. */
const impossible = 3;
/** Where a machine has no namespaces, somebody must confirm it with this variable. */
const mayBeAbsent = process.env['CHAOS_MAY_BE_ABSENT'] === '1';

const options = { reject: false, timeout: timeoutMs, all: true } as const;
const chaos = (args: readonly string[]) =>
  execa('node', [join(root, 'test', 'run-program.mjs'), 'real/chaos', '--', ...args], options);

/** Namespaces and folders of these tests and of all other runs. */
const there = () => [
  ...(existsSync('/run/netns') ? readdirSync('/run/netns') : []).filter((name) => name.startsWith('sdc')),
  ...readdirSync(tmpdir()).filter((name) => name.startsWith('source-dns-chaos-')),
  ...readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes('source-dns-chaos-')),
];

test('every promise holds in a round, and nothing is left behind', { timeout: timeoutMs }, async ({
  skip,
}) => {
  const before = new Set(there());
  const run = await chaos(['--rounds', '1', '--seed', '1', '--first', `${restart}`]);
  process.stderr.write(`${run.all}\n`);
  if (run.exitCode === impossible && mayBeAbsent) skip('no network namespaces');
  expect(run.all).toContain('rounds 1, ');
  expect(run.all).toContain('violations 0');
  expect(run.exitCode).toBe(0);
  expect(there().filter((each) => !before.has(each))).toEqual([]);
});

test('with fence: a source that returns writable from a crash stops taking writes', {
  timeout: timeoutMs,
}, async ({ skip }) => {
  const run = await chaos(['--rounds', '1', '--seed', '1', '--first', `${hang}`, '--fences']);
  process.stderr.write(`${run.all}\n`);
  if (run.exitCode === impossible && mayBeAbsent) skip('no network namespaces');
  expect(run.all).toContain('old sources that had to stop: 1, closed 1, ');
  expect(run.all).toContain('violations 0');
  expect(run.exitCode).toBe(0);
});

test('a run that is interrupted in the middle of a round leaves nothing behind', {
  timeout: timeoutMs,
}, async ({ skip }) => {
  const before = new Set(there());
  const run = chaos(['--rounds', '5', '--seed', '2']);
  let began = false;
  run.stdout?.on('data', (piece: Buffer) => {
    if (began || !/^ +0 .* held$/m.test(String(piece))) return;
    began = true;
    expect(there().filter((each) => !before.has(each)).length).toBeGreaterThan(10);
    run.kill('SIGINT');
  });
  const { exitCode, all } = await run;
  if (exitCode === impossible && mayBeAbsent) skip('no network namespaces');
  expect(all).toContain('interrupted');
  expect(exitCode).toBe(1);
  expect(there().filter((each) => !before.has(each))).toEqual([]);
});
