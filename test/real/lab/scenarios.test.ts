/** Every scenario of the lab except the default one (story.test.ts), several at a time. */

import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cacheFolder } from '../../../src/lab/host/cache-folder.ts';
import { provideMariadb } from '../../../src/lab/programs/mariadb-programs.ts';
import { scenarios } from '../../../src/lab/scenarios/scenario-table.ts';
import { type LabLine, labPlace, playLab, verdictsOf } from './lab-run.ts';

interface Expected {
  readonly steps: string;
  readonly reasons: readonly string[];
  /** Default: 0. */
  readonly lost?: unknown;
}

const member = expect.stringMatching(/^Member [23]$/);
/** The replicas change their source at once: what is seen first depends on the machine. */
const failover = expect.stringMatching(/^(?:failover|followers-moved)$/);
const switchover = expect.stringMatching(/^(?:switchover|followers-moved)$/);

const expected: Readonly<Record<string, Expected>> = {
  async: { steps: 'abcdefg', reasons: [failover], lost: expect.any(Number) },
  'failover-lists': { steps: 'abcdefg', reasons: [failover], lost: expect.any(Number) },
  'group-switch': { steps: 'abcd', reasons: ['group-primary', 'group-primary'] },
  'group-kill': { steps: 'abcdef', reasons: ['group-primary'] },
  'group-stop': { steps: 'abcde', reasons: ['group-primary'] },
  'group-isolate': { steps: 'abcdef', reasons: ['group-primary'] },
  mariadb: { steps: 'abcdefgh', reasons: [failover, switchover] },
  'mariadb-11.8': { steps: 'abcdefgh', reasons: [failover, switchover] },
};

function judge(name: string, { exitCode, lines }: Awaited<ReturnType<typeof playLab>>): void {
  if (name === 'group-isolate' && mayBeAbsent && impossible(lines)) {
    process.stderr.write(`NOT RUN: ${name}: ${lines.find(({ event }) => event === 'error')?.message}\n`);
    return;
  }
  if (name === 'mariadb')
    expect(lines.filter(({ event }) => event === 'fallback')).toMatchObject([
      { scenario: name, product: 'MariaDB 10.11' },
    ]);
  const { steps, reasons, lost = 0 } = expected[name]!;
  const failures = lines.filter(({ event }) => event === 'error');
  expect(failures, name).toEqual([]);
  expect(verdictsOf(lines), name).toEqual(steps.split('').map((step) => [step, true]));
  const summary = lines.at(-1)!;
  expect(summary, name).toMatchObject({
    event: 'summary',
    held: true,
    lostWrites: lost,
    moves: reasons.map((reason) => ({ reason })),
  });
  if (name === 'async') expect(summary.lostWrites).toBeGreaterThan(0);
  if (name.startsWith('group-'))
    expect(summary.moves![0], name).toMatchObject({ from: 'Member 1', to: member });
  expect(exitCode, name).toBe(0);
}

beforeAll(async () => {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  await Promise.all([provideMariadb('10.11', say), provideMariadb('11.8', say)]);
});

describe('source-dns lab --scenario', () => {
  test('the tests play every scenario: story.test.ts the default one', () => {
    expect(scenarios.map(({ name }) => name).toSorted()).toEqual(
      [...Object.keys(expected), 'semi-sync'].toSorted(),
    );
  });

  test.each([
    [['group-kill', 'group-stop', 'group-isolate']],
    [['async', 'group-switch']],
    [['failover-lists', 'mariadb-11.8', 'mariadb']],
  ])('%s: every step holds, and nothing is left behind', async (names) => {
    const { env, contents, processes } = labPlace();
    const play = (name: string) =>
      name === 'mariadb' ? withoutMysql([], env) : playLab(['--scenario', name], env);
    const runs = await Promise.all(names.map(play));
    expect(contents()).toEqual([]);
    expect(processes()).toEqual([]);
    for (const [index, run] of runs.entries()) judge(names[index]!, run);
  });

  test('the lab names a missing product, and does not replace a scenario that was named', async () => {
    const [network, mysql] = await Promise.all([
      playLab(['--scenario', 'group-isolate'], { PATH: '/nowhere' }),
      withoutMysql(['--scenario', 'async']),
    ]);
    expect(network.exitCode).toBe(1);
    expect(network.lines).toMatchObject([
      { event: 'note' },
      {
        event: 'error',
        message: 'no network namespaces without unshare and nsenter',
        hint: expect.stringContaining('the other scenarios need none of them'),
      },
      { event: 'summary', held: false },
    ]);
    expect(mysql.exitCode).toBe(1);
    expect(mysql.lines.find(({ event }) => event === 'error')?.message).toContain(
      'mysqld could not initialise a data folder',
    );
  });
});

/** Without namespaces, an explicit setting must say so. */
const mayBeAbsent = process.env['CHAOS_MAY_BE_ABSENT'] === '1';
const impossible = (lines: readonly LabLine[]): boolean =>
  lines.some(({ event, message }) => event === 'error' && /^no network namespace/.test(message ?? ''));

/**
 * A lab without MySQL: those of PATH and cache end with exit code 1. MariaDB and BIND are from the real
 * cache.
 */
async function withoutMysql(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ReturnType<typeof playLab> {
  const folder = mkdtempSync(join(tmpdir(), 'source-dns-test-'));
  try {
    const [cache, path] = [join(folder, 'cache'), join(folder, 'bin')];
    const set = join(cache, `mysql-9.9.9-1-${process.arch === 'x64' ? 'amd64' : process.arch}`);
    for (const bin of [path, join(set, 'bin')]) {
      mkdirSync(bin, { recursive: true });
      writeFileSync(join(bin, 'mysqld'), '#!/bin/sh\nexit 1\n');
      chmodSync(join(bin, 'mysqld'), 0o755);
    }
    writeFileSync(join(set, 'source-dns.json'), '{ "packageVersion": "9.9.9-1" }');
    for (const name of readdirSync(cacheFolder())) {
      if (/^(?:bind|mariadb-10|data-mariadb-10)/.test(name))
        symlinkSync(join(cacheFolder(), name), join(cache, name));
    }
    return await playLab(args, { ...env, SOURCE_DNS_CACHE: cache, PATH: `${path}:${process.env['PATH']}` });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
